import { RetryLater } from "@engram/contracts/errors"
import type { MemoryLedger, MemoryPlace, NewMemory } from "@engram/contracts/memory-ledger"
import type { Database } from "../database.ts"
import { shareVersions, versionsLock, writtenVersions } from "../knowledge/vectors.ts"
import type { Transaction } from "../transaction.ts"
import { liveNamespace, liveRecord } from "./rows.ts"
import type { SurroundingsMemory } from "./surroundings.ts"
import { broughtWith, disown, oweAgain, oweSql, type PlacedMemory, wantedOf } from "./vectors.ts"

type Writes = Pick<MemoryLedger, "add" | "write" | "remove" | "writeFirst" | "callerVersion" | "activeVersion">

type NewVersion = Parameters<MemoryLedger["writeFirst"]>[2]

/** Namespaces end rarely: what changes between looking and writing this often is something else. */
const looksMax = 5

export const createWrites = (database: Database, surroundings: SurroundingsMemory): Writes => ({
  add: (place, memories) =>
    look(surroundings, place, memories, async (placed) => {
      const [added] = await database.oneInWorkspace<Written>(
        place.workspaceId,
        addSql,
        statementOf(place, placed).values,
        {
          sharing: versionsLock(place.storeId),
          inLine: true,
        },
      )
      const there = new Set(added!.existed)
      return added!.same ? ({ id }) => (there.has(id) ? "there" : "written") : undefined
    }),

  write: (place, memories) =>
    look(surroundings, place, memories, async (placed) => {
      const { same } = await database.inWorkspace(place.workspaceId, (tx) => replace(tx, place, placed))
      return same ? () => "written" : undefined
    }),

  remove: (place, id, namespace) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const [found] = await tx.query<{ namespaceId: string }>(
        `select namespace_id as "namespaceId" from memory_records r where store_id = $1 and id = $2 and ${liveRecord} for update`,
        [place.storeId, id],
      )
      if (!found) return "not_found"
      // In a statement of its own: one that waited for the record would have the namespace that it was in before.
      const [life] = await tx.query<{ name: string }>(
        `select name from memory_namespaces n where id = $1 and ${liveNamespace}`,
        [found.namespaceId],
      )
      if (!life) return "not_found"
      if (life.name !== namespace) return "of_another_namespace"
      await disown(tx, place, "delete from memory_records where store_id = $1 and id = $2 returning store_id, id", [
        place.storeId,
        id,
      ])
      return "removed"
    }),

  writeFirst: async (place, memory, version) => {
    const [end] = await look(surroundings, place, [memory], (placed) =>
      database.inWorkspace(place.workspaceId, async (tx) => {
        // The store's row stands for its set of versions: whoever creates one holds it alone.
        await tx.query("select from stores where id = $1 for no key update", [place.storeId])
        if (await callerVersionOf(tx, place)) return () => "not_first" as const
        const { same } = await replace(tx, place, placed, version)
        return same ? () => "written" as const : undefined
      }),
    )
    return end!
  },

  callerVersion: (place) => database.inWorkspace(place.workspaceId, (tx) => callerVersionOf(tx, place)),
  activeVersion: async (place) => (await surroundings.versions(place)).find(({ status }) => status === "active"),
})

const callerVersionOf = async (tx: Transaction, { storeId }: MemoryPlace) =>
  (await writtenVersions(tx, storeId)).find(({ status }) => status === "caller")

/**
 * What becomes of each by `attempt`, which is given those whose namespace lives, and answers undefined when one of these has ended
 * since it was looked at: then it is looked again.
 */
async function look<End>(
  surroundings: SurroundingsMemory,
  place: MemoryPlace,
  memories: readonly NewMemory[],
  attempt: (placed: readonly PlacedMemory[]) => Promise<((memory: NewMemory) => End) | undefined>,
): Promise<(End | "no_namespace")[]> {
  const names = memories.map(({ namespace }) => namespace)
  for (let looks = 1; looks <= looksMax; looks++) {
    const lives = await surroundings.lives(place, names)
    if (lives.size === 0) return names.map(() => "no_namespace")
    const endOf = await attempt(lastOfEachId(memories, lives))
    if (endOf) return memories.map((memory) => (lives.has(memory.namespace) ? endOf(memory) : "no_namespace"))
    surroundings.forget(place)
  }
  throw new RetryLater("the namespaces written to change all the time", { afterMs: 1_000 })
}

/** Those whose namespace lives. A later one of an id takes the earlier one's place, and comes later in the order too. */
function lastOfEachId(memories: readonly NewMemory[], lives: ReadonlyMap<string, string>): PlacedMemory[] {
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
 * Everything in one statement: the namespaces ($4) are kept from being purged until the transaction ends; where one is over
 * nothing is written. The store's versions are kept too (`versionsLock`, taken before the statement begins, so that it sees all of
 * them). The rows are locked from here on, in the order of their ids, so writers of one id take turns. Vectors are owed to ids that
 * are new; the statement answers with the others, of which the caller sees to them. Namespaces are looked up one by one: asked for
 * together, Postgres reads all of the store's, a fifth of the whole statement with a thousand of them (measured).
 */
const writeSql = (conflict: string, existed: string): string => `
  with lives as (
    select n.id from (select id from unnest($4::text[]) id order by id) k cross join lateral (
      select n.id from memory_namespaces n where n.id = k.id and n.store_id = $1 and ${liveNamespace} for key share) n),
  seen as (select (select count(*) from lives) = cardinality($4) as same),
  given as materialized (
    select k.* from json_to_recordset($3) as k(id text, at int, "namespaceId" text, content text, kind text, source text,
      "expiresAt" timestamptz, propagation text, pin boolean, "textHash" text, metadata jsonb, "wantedHash" text, brought boolean)
    where (select same from seen)),
  records as (
    insert into memory_records as r (store_id, workspace_id, id, namespace_id, content, kind, source, expires_at, propagation, pin, created_at)
    select $1, $2, id, "namespaceId", content, kind, source, "expiresAt", propagation, pin, now() + at * interval '1 microsecond'
    from given order by id
    on conflict (store_id, id) ${conflict}
    returning r.id, r.xmax <> 0 as existed),
  owed as (${oweSql("select * from given where id in (select id from records where not existed)")}),
  brought as (
    insert into embedding_values (workspace_id, model, text_hash, values, created_at)
    select $2, $5, k.hash, substring($7::bytea from (k.at::int - 1) * $8 + 1 for $8), now()
    from unnest($6::text[]) with ordinality as k(hash, at)
    where k.hash in (select "textHash" from given where id in (select id from records)) on conflict do nothing)
  select same, array(${existed}) as existed from seen`

/** Leaves alone what is there. */
const addSql = writeSql("do nothing", "select id from given where id not in (select id from records)")

/** `createdAt` stays while a memory lives, and only then. */
const replaceSql = writeSql(
  `do update set
      namespace_id = excluded.namespace_id, content = excluded.content, kind = excluded.kind, source = excluded.source,
      expires_at = excluded.expires_at, propagation = excluded.propagation, pin = excluded.pin, replaced_at = now(),
      created_at = case when ${liveRecord} and exists (select from memory_namespaces n where n.id = r.namespace_id and ${liveNamespace})
                        then r.created_at else excluded.created_at end`,
  "select id from records where existed",
)

interface Written {
  /** False when a namespace has ended since it was looked at: nothing is written. */
  readonly same: boolean
  readonly existed: readonly string[]
}

/** Where something is written, `first` is made with it: the version of the vectors that it brings. */
async function replace(
  tx: Transaction,
  place: MemoryPlace,
  memories: readonly PlacedMemory[],
  first?: NewVersion,
): Promise<Written> {
  await shareVersions(tx, place.storeId)
  const { wanted, values } = statementOf(place, memories)
  const [replaced] = await tx.query<Written>(replaceSql, values)
  if (!replaced!.same) return replaced!
  if (first) await makeCallerVersion(tx, place, first)
  const existed = new Set(replaced!.existed)
  // Those that are new are owed their vectors already, but none in a version that is made only now.
  const owed = first ? wanted : wanted.filter(({ id }) => existed.has(id))
  if (owed.length > 0) await oweAgain(tx, place, owed)
  return replaced!
}

async function makeCallerVersion(tx: Transaction, place: MemoryPlace, { id, model, indexName }: NewVersion) {
  const { provider, model: name, dimension } = model
  await tx.query(
    `insert into embedding_versions (id, workspace_id, store_id, provider, model, dimension, status, index_name)
     values ($1, $2, $3, $4, $5, $6, 'caller', $7)`,
    [id, place.workspaceId, place.storeId, provider, name, dimension, indexName],
  )
}

/** What is wanted of each memory's vector, and with it $1 to $8 of a write. */
function statementOf(place: MemoryPlace, memories: readonly PlacedMemory[]) {
  const wanted = memories.map((memory) => wantedOf(place, memory))
  const { model, textHashes, bytes, bytesEach } = broughtWith(memories, wanted)
  const rows = memories.map(({ namespace: _, embedding: __, ...row }, at) => ({ ...row, ...wanted[at], at }))
  const namespaceIds = [...new Set(memories.map(({ namespaceId }) => namespaceId))]
  const text = JSON.stringify(rows)
  const values = [place.storeId, place.workspaceId, text, namespaceIds, model, textHashes, bytes, bytesEach]
  return { wanted, values }
}
