import type { EmbeddingVersionId } from "@engram/contracts/ids"
import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { MemoryPlace, NewMemory } from "@engram/contracts/memories"
import type { VectorMetadata } from "@engram/contracts/ports"
import { textHash } from "@engram/core/ids"
import { wantedHash } from "@engram/core/vector-hash"
import type { Transaction } from "../database.ts"
import { modelKey } from "../embedding-values.ts"
import { unwant, unwanted, wantVectors } from "../knowledge/vectors.ts"

/** A memory as it is written, with the life of its namespace. */
export interface PlacedMemory extends NewMemory {
  readonly namespaceId: string
}

/** One row of vector_entries that a memory wants. */
interface OwedRow {
  readonly storeId: string
  readonly family: "memories"
  readonly refId: string
  readonly view: "body"
  readonly embeddingVersionId: EmbeddingVersionId
  readonly textHash: string
  readonly metadata: VectorMetadata
  readonly wantedHash: string
}

/** Exactly one vector a version for each memory: those that callers brought in the callers' version, the others in the server's. */
export function owedRows(
  place: MemoryPlace,
  versions: readonly EmbeddingVersion[],
  memories: readonly PlacedMemory[],
): { readonly owed: readonly OwedRow[]; readonly brought: Brought } {
  const caller = versions.find(({ status }) => status === "caller")
  const owed: OwedRow[] = []
  const brought: { textHash: string; values: Float32Array }[] = []
  for (const memory of memories) {
    const textHash = hashOf(place, memory)
    if (memory.embedding !== null) brought.push({ textHash, values: memory.embedding })
    for (const version of versions) {
      if ((version === caller) === (memory.embedding !== null)) owed.push(owedIn(version, place, memory, textHash))
    }
  }
  return { owed, brought: broughtOf(caller, brought) }
}

/** Values as one binary parameter, cut apart in the server. */
interface Brought {
  readonly model: string
  readonly textHashes: readonly string[]
  readonly bytes: Buffer
  readonly bytesEach: number
}

const broughtOf = (
  caller: EmbeddingVersion | undefined,
  rows: readonly { readonly textHash: string; readonly values: Float32Array }[],
): Brought => ({
  model: caller ? modelKey(caller.model) : "",
  textHashes: caller ? rows.map(({ textHash }) => textHash) : [],
  bytes: Buffer.concat(rows.map(({ values }) => bytesOf(values))),
  bytesEach: caller ? caller.model.dimension * Float32Array.BYTES_PER_ELEMENT : 0,
})

/**
 * For memories that were there before: owes them what they want now. Whatever other vectors the ids had are owed their removal,
 * and values that nothing needs any more go.
 */
export async function oweAgain(
  tx: Transaction,
  place: MemoryPlace,
  wanted: readonly OwedRow[],
  ids: readonly string[],
): Promise<void> {
  const before = await hashesOf(tx, place, ids)
  await wantVectors(tx, place.workspaceId, wanted)
  if (before.length === 0) return
  await tx.query(
    `update vector_entries v set ${unwanted} where v.store_id = $1 and v.family = 'memories' and v.ref_id = any($2)
       and v.wanted_hash is not null and (v.ref_id, v.embedding_version_id) not in (select * from unnest($3::text[], $4::text[]))`,
    [place.storeId, ids, wanted.map(({ refId }) => refId), wanted.map((each) => each.embeddingVersionId)],
  )
  await dropValues(tx, place.workspaceId, before)
}

/** Owes the removal of the vectors of memories that `gone`, a query of (store_id, id), removes. Returns how many went. */
export async function disown(
  tx: Transaction,
  place: MemoryPlace,
  gone: string,
  values: readonly unknown[],
): Promise<number> {
  const rows = await tx.query<{ id: string; textHash: string | null }>(
    `with gone as (${gone}), owed as (${unwant("memories")} returning v.ref_id as id, v.text_hash)
     select g.id, o.text_hash as "textHash" from gone g left join owed o on o.id = g.id`,
    values,
  )
  const hashes = rows.flatMap(({ textHash: hash }) => hash ?? [])
  await dropValues(tx, place.workspaceId, hashes)
  return new Set(rows.map(({ id }) => id)).size
}

/** Of memories only: what they say is never known by the hash of another family's text, so it can go when they go. */
function hashOf(place: MemoryPlace, { id, content, embedding }: PlacedMemory): string {
  if (embedding === null) return `memory:${textHash(content)}`
  return `memory:${place.storeId}:${id}:${textHash(bytesOf(embedding).toString("base64"))}`
}

function owedIn(version: EmbeddingVersion, place: MemoryPlace, memory: PlacedMemory, textHash: string): OwedRow {
  const metadata: VectorMetadata = {
    namespace: memory.namespaceId,
    type: memory.kind,
    source: memory.source,
    ...(memory.pin === null ? {} : { pin: memory.pin }),
    ...(memory.expiresAt === null ? {} : { expiresAt: memory.expiresAt.getTime() }),
  }
  return {
    storeId: place.storeId,
    family: "memories",
    refId: memory.id,
    view: "body",
    embeddingVersionId: version.id,
    textHash,
    metadata,
    wantedHash: wantedHash(textHash, metadata),
  }
}

const bytesOf = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength)

async function hashesOf(tx: Transaction, place: MemoryPlace, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await tx.query<{ textHash: string }>(
    `select distinct text_hash as "textHash" from vector_entries where store_id = $1 and family = 'memories' and ref_id = any($2)`,
    [place.storeId, ids],
  )
  return rows.map((row) => row.textHash)
}

/** Lets values go that no memory of the workspace wants any more. One that a writer wants this moment is computed again. */
async function dropValues(tx: Transaction, workspaceId: string, hashes: readonly string[]): Promise<void> {
  if (hashes.length === 0) return
  const versions = await tx.query<{ provider: string; model: string; dimension: number }>(
    "select distinct provider, model, dimension from embedding_versions where workspace_id = $1",
    [workspaceId],
  )
  await tx.query(
    `delete from embedding_values e using (select distinct h from unnest($3::text[]) h) k
     where e.workspace_id = $1 and e.model = any($2) and e.text_hash = k.h
       and not exists (select from vector_entries v where v.workspace_id = $1 and v.family = 'memories'
                       and v.text_hash = k.h and v.wanted_hash is not null)`,
    [workspaceId, versions.map(modelKey), hashes],
  )
}
