import { RetryLater } from "@engram/contracts/errors"
import type { MemoryLedger, MemoryPlace, NewMemory, WriteEnd } from "@engram/contracts/memories"
import type { Database, Transaction } from "../database.ts"
import { shareVersions, versionsLock, wantedAnew, writtenVersions } from "../knowledge/vectors.ts"
import { liveNamespace, liveRecord } from "./rows.ts"
import type { Surroundings, SurroundingsMemory } from "./surroundings.ts"
import { disown, oweAgain, owedRows, type PlacedMemory } from "./vectors.ts"

type Writes = Pick<MemoryLedger, "write" | "remove" | "ensureCallerVersion" | "callerVersion" | "activeVersion">

/** Namespaces end and versions come rarely: what changes between looking and writing this often is something else. */
const looksMax = 5

export const createWrites = (database: Database, surroundings: SurroundingsMemory): Writes => ({
  write: async (place, memories) => {
    const names = memories.map(({ namespace }) => namespace)
    for (let look = 1; look <= looksMax; look++) {
      const around = await surroundings.of(place, names)
      const placed = lastOfEachId(memories, around)
      if (placed.length === 0 || (await writePlaced(database, place, around, placed))) {
        return names.map((name): WriteEnd => (around.lives.has(name) ? "written" : "no_namespace"))
      }
      surroundings.forget(place)
    }
    throw new RetryLater("the namespaces written to change all the time", { afterMs: 1_000 })
  },

  remove: (place, id, namespace) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const [found] = await tx.query<{ name: string }>(
        `select n.name from memory_records r join memory_namespaces n on n.id = r.namespace_id
         where r.store_id = $1 and r.id = $2 and ${liveRecord} and ${liveNamespace} for update of r`,
        [place.storeId, id],
      )
      if (!found) return "not_found"
      if (found.name !== namespace) return "of_another_namespace"
      await disown(tx, place, "delete from memory_records where store_id = $1 and id = $2 returning store_id, id", [
        place.storeId,
        id,
      ])
      return "removed"
    }),

  ensureCallerVersion: (place, { id, model, indexName }) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      // The store's row stands for its set of versions: whoever creates one holds it alone.
      await tx.query("select from stores where id = $1 for no key update", [place.storeId])
      const known = await callerVersionOf(tx, place)
      if (known) return known
      const { provider, model: name, dimension } = model
      await tx.query(
        `insert into embedding_versions (id, workspace_id, store_id, provider, model, dimension, status, index_name)
         values ($1, $2, $3, $4, $5, $6, 'caller', $7)`,
        [id, place.workspaceId, place.storeId, provider, name, dimension, indexName],
      )
      return { id, model, indexName, status: "caller" }
    }),

  callerVersion: (place) => database.inWorkspace(place.workspaceId, (tx) => callerVersionOf(tx, place)),
  activeVersion: async (place) => (await surroundings.versions(place)).find(({ status }) => status === "active"),
})

const callerVersionOf = async (tx: Transaction, { storeId }: MemoryPlace) =>
  (await writtenVersions(tx, storeId)).find(({ status }) => status === "caller")

/** Those whose namespace lives. A later one of an id takes the earlier one's place, and comes later in the order too. */
function lastOfEachId(memories: readonly NewMemory[], { lives }: Surroundings): PlacedMemory[] {
  const placed = new Map<string, PlacedMemory>()
  for (const memory of memories) {
    const namespaceId = lives.get(memory.namespace)
    if (namespaceId === undefined) continue
    placed.delete(memory.id)
    placed.set(memory.id, { ...memory, namespaceId })
  }
  return [...placed.values()]
}

/**
 * Everything in one statement: the namespaces are kept from being purged until the transaction ends, as the set of versions is
 * (`versionsLock`, taken before it begins); where either is not what it was taken for ($4, $5) nothing is written. The rows are
 * locked from here on, in the order of their ids, so writers of one id take turns. Vectors are owed to ids that are new; the
 * statement answers with the others, of which the caller sees to them. Namespaces are looked up one by one: asked for together,
 * Postgres reads all of the store's, a fifth of the whole statement with a thousand of them (measured).
 */
const writeSql = (conflict: string, existed: string): string => `
  with lives as (
    select n.id from (select id from unnest($4::text[]) id order by id) k cross join lateral (
      select n.id from memory_namespaces n where n.id = k.id and n.store_id = $1 and ${liveNamespace} for key share) n),
  versions as (
    select v.id || ' ' || v.status as word from embedding_versions v
    where v.store_id = $1 and v.status in ('active', 'canary', 'caller')),
  seen as (
    select (select count(*) from lives) = cardinality($4) and array(select word from versions order by word collate "C") = $5 as same),
  records as (
    insert into memory_records as r (store_id, workspace_id, id, namespace_id, content, kind, source, expires_at, propagation, pin, created_at)
    select $1, $2, k.id, k."namespaceId", k.content, k.kind, k.source, k."expiresAt", k.propagation, k.pin,
           now() + k.at * interval '1 microsecond'
    from json_to_recordset($3) as k(id text, at int, "namespaceId" text, content text, kind text, source text,
                                    "expiresAt" timestamptz, propagation text, pin boolean), seen
    where seen.same order by k.id
    on conflict (store_id, id) ${conflict}
    returning r.id, r.xmax <> 0 as existed),
  owed as (
    insert into vector_entries as v (store_id, family, ref_id, view, embedding_version_id, workspace_id, text_hash, metadata, wanted_hash)
    select $1, 'memories', k."refId", 'body', k."embeddingVersionId", $2, k."textHash", k.metadata, k."wantedHash"
    from json_to_recordset($6) as k("refId" text, "embeddingVersionId" text, "textHash" text, metadata jsonb, "wantedHash" text)
    join records r on r.id = k."refId" and not r.existed order by k."refId"
    on conflict (store_id, family, ref_id, view, embedding_version_id) do update set ${wantedAnew("v")}
    where v.wanted_hash is distinct from excluded.wanted_hash),
  brought as (
    insert into embedding_values (workspace_id, model, text_hash, values, created_at)
    select $2, $7, k.hash, substring($9::bytea from (k.at::int - 1) * $10 + 1 for $10), now()
    from unnest($8::text[]) with ordinality as k(hash, at), seen where seen.same on conflict do nothing)
  select seen.same, array(${existed}) as existed from seen`

/** Leaves alone what is there. */
const addSql = writeSql(
  "do nothing",
  "select k.id from json_to_recordset($3) as k(id text) where k.id not in (select id from records)",
)

/** `createdAt` stays while a memory lives, and only then. */
const replaceSql = writeSql(
  `do update set
      namespace_id = excluded.namespace_id, content = excluded.content, kind = excluded.kind, source = excluded.source,
      expires_at = excluded.expires_at, propagation = excluded.propagation, pin = excluded.pin,
      created_at = case when ${liveRecord} and exists (select from memory_namespaces n where n.id = r.namespace_id and ${liveNamespace})
                        then r.created_at else excluded.created_at end`,
  "select id from records where existed",
)

interface Written {
  readonly same: boolean
  readonly existed: readonly string[]
}

/** False when a namespace has ended, or the versions are others, since the surroundings were looked at: then look again. */
async function writePlaced(
  database: Database,
  place: MemoryPlace,
  around: Surroundings,
  memories: readonly PlacedMemory[],
): Promise<boolean> {
  const { values } = statementOf(place, around, memories)
  const [added] = await database.oneInWorkspace<Written>(place.workspaceId, addSql, values, {
    sharing: versionsLock(place.storeId),
  })
  if (!added!.same || added!.existed.length === 0) return added!.same

  const there = new Set(added!.existed)
  const replacing = statementOf(
    place,
    around,
    memories.filter(({ id }) => there.has(id)),
  )
  return database.inWorkspace(place.workspaceId, async (tx) => {
    await shareVersions(tx, place.storeId)
    const [replaced] = await tx.query<Written>(replaceSql, replacing.values)
    // One that went in between was added after all, with what it is owed.
    const existed = new Set(replaced!.existed)
    if (existed.size > 0) {
      await oweAgain(
        tx,
        place,
        replacing.owed.filter(({ refId }) => existed.has(refId)),
        [...existed],
      )
    }
    return replaced!.same
  })
}

function statementOf(place: MemoryPlace, around: Surroundings, memories: readonly PlacedMemory[]) {
  const { owed, brought } = owedRows(place, around.versions, memories)
  const rows = memories.map(({ id, namespaceId, content, kind, source, expiresAt, propagation, pin }, at) => {
    return { id, at, namespaceId, content, kind, source, expiresAt, propagation, pin }
  })
  const values = [
    place.storeId,
    place.workspaceId,
    JSON.stringify(rows),
    [...new Set(memories.map(({ namespaceId }) => namespaceId))],
    around.versions.map(({ id, status }) => `${id} ${status}`).sort(),
    JSON.stringify(owed),
    brought.model,
    brought.textHashes,
    brought.bytes,
    brought.bytesEach,
  ]
  return { owed, values }
}
