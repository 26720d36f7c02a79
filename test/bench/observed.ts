import type { EntityId, ObservationId, StoreId } from "@engram/contracts/ids"
import type { EmbeddingVersion, ObservationRow } from "@engram/contracts/knowledge"
import { aliasId, deriveId, embeddingVersionId, entityId, scopeId as scopeIdOf, textHash } from "@engram/core/ids"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { observationVectors } from "@engram/pipeline/persist/wanted-vectors"
import { createDatabase } from "@engram/store/database"
import { createKnowledge } from "@engram/store/knowledge"
import { createVectorLedger } from "@engram/store/vector-ledger"
import type pg from "pg"
import { createRandom } from "./random.ts"
import { workspaceId } from "./site.ts"
import { sentence, subjectOf } from "./texts.ts"

/** Who and what observations are about. */
export const entities = 2_000
const repositories = 100
/** Days that they are spread over, up to `lastDay`. */
const days = 180
export const lastDay = "2026-11-20"
const batch = 2_000

const source = "bench"
const scope = scopeIdOf(workspaceId, source, "all")
const model = { provider: "local", model: "local-hash-v1", dimension: 512 }

/**
 * Adds observations number `from` up to `until` as the pipeline leaves them when all lanes are idle: rows, marks, vectors written and
 * their values known. Through the store's own writes, without the reading of payloads, which is not what is measured.
 */
export async function observe(
  pool: pg.Pool,
  storeId: string,
  from: number,
  until: number,
  day?: string,
): Promise<void> {
  const database = createDatabase(pool)
  const lane = { workspaceId, storeId, stage: "embed" } as const
  const version: EmbeddingVersion = {
    id: embeddingVersionId(storeId, model),
    model,
    status: "active",
    indexName: "bench",
  }
  await createVectorLedger(database).ensureVersion(lane, version)
  const embedder = createLocalEmbedder({ dimension: model.dimension })
  for (let at = from; at < until; at += batch) {
    const rows = Array.from({ length: Math.min(batch, until - at) }, (_, n) =>
      observation(storeId as StoreId, at + n, day),
    )
    const values = await embedder.embed(
      rows.map(({ text }) => text),
      "search_document",
    )
    await createVectorLedger(database).saveValues(
      lane,
      model,
      rows.map(({ text }, n) => ({ textHash: textHash(text), values: values[n]! })),
    )
    await createKnowledge(database).write(workspaceId, async (write) => {
      const versions = await write.lockVersions(storeId as StoreId)
      if (at === 0) await saveNames(write)
      await write.saveObservations(rows)
      await write.wantVectors(rows.flatMap((row) => observationVectors(versions, row)))
    })
  }
  // Consolidation reads values from Postgres; whether the index has them too is nothing to it.
  await pool.query(
    "update vector_entries set written_hash = wanted_hash, written_at = now() where written_hash is distinct from wanted_hash and family = 'observations'",
  )
  await pool.query("analyze")
}

type Write = Parameters<Parameters<ReturnType<typeof createKnowledge>["write"]>[1]>[0]

async function saveNames(write: Write): Promise<void> {
  await write.saveScopes([
    {
      id: scope,
      source,
      key: "all",
      kind: "channel",
      name: "all",
      nameAt: 1,
      privacy: "org",
      at: 1,
      live: true,
      liveAt: 1,
    },
  ])
  const names = Array.from({ length: entities }, (_, n) => nameOf(n))
  const rows = names.map((alias, n): { id: EntityId; kind: "repository" | "account"; state: object } => ({
    id: entityId(workspaceId, alias),
    kind: n < repositories ? "repository" : "account",
    state: { fields: { name: { value: alias.value } } },
  }))
  await write.saveEntities(rows)
  await write.saveAliases(
    names.map((alias) => ({
      id: aliasId(workspaceId, alias),
      ...alias,
      entityId: entityId(workspaceId, alias),
      at: 1,
    })),
  )
}

const nameOf = (n: number) => ({ type: "bench:name", value: n < repositories ? `octo/app-${n}` : `person-${n}` })

/** Every observation is about a repository and one or two people; what is popular is so by the square. */
function observation(storeId: StoreId, n: number, day: string | undefined): ObservationRow {
  const random = createRandom(`observation ${n}`)
  const popular = (below: number): number => Math.floor((random.below(1_000) ** 2 / 1_000_000) * below)
  const about = [
    popular(repositories),
    repositories + popular(entities - repositories),
    repositories + random.below(entities - repositories),
  ]
  const text = `${subjectOf(random)}. ${sentence(random)} ${sentence(random)} (${n})`
  const age = random.below(days)
  const occurredAt = new Date(Date.parse(day ?? lastDay) - (day ? 0 : age) * 86_400_000 + random.below(86_400_000))
  const id: ObservationId = deriveId("obs", "bench", storeId, n)
  return {
    id,
    storeId,
    source,
    class: "moment",
    kind: random.pick(["opened", "merged", "closed", "failed", "released"]),
    documentId: null,
    partId: null,
    thingAliasId: aliasId(workspaceId, { type: "bench:thing", value: String(n) }),
    scopeId: scope,
    occurredAt,
    title: null,
    summary: null,
    text,
    url: null,
    importance: random.below(100) / 100,
    tags: random.pick([[], [], ["decision"], ["incident"], ["release"], ["bug"]]),
    subjectAliasIds: about.map((each) => aliasId(workspaceId, nameOf(each))),
    contentHash: textHash(text),
    live: true,
  }
}
