import type { MemoryLedger, MemoryPlace, WriteEnd } from "@engram/contracts/memories"
import { compareText } from "@engram/core/compare-text"
import type { Database, Transaction } from "../database.ts"
import { laneVersions } from "../knowledge/vectors.ts"
import { liveNamespace, liveRecord } from "./rows.ts"
import { disown, owe, type PlacedMemory } from "./vectors.ts"

type Writes = Pick<MemoryLedger, "write" | "remove" | "ensureCallerVersion" | "callerVersion" | "activeVersion">

export const createWrites = (database: Database): Writes => ({
  write: (place, memories) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const lives = await livesOf(
        tx,
        place,
        memories.map(({ namespace }) => namespace),
      )
      const placed = new Map<string, PlacedMemory>()
      for (const memory of memories) {
        const namespaceId = lives.get(memory.namespace)
        if (namespaceId === undefined) continue
        // Taken out first, so that the later of two comes later in the order too.
        placed.delete(memory.id)
        placed.set(memory.id, { ...memory, namespaceId })
      }
      if (placed.size > 0) {
        await upsert(tx, place, [...placed.values()])
        await owe(tx, place, [...placed.values()])
      }
      return memories.map(({ namespace }): WriteEnd => (lives.has(namespace) ? "written" : "no_namespace"))
    }),

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
      const known = await versionOf(tx, place, "caller")
      if (known) return known
      const { provider, model: name, dimension } = model
      await tx.query(
        `insert into embedding_versions (id, workspace_id, store_id, provider, model, dimension, status, index_name)
         values ($1, $2, $3, $4, $5, $6, 'caller', $7)`,
        [id, place.workspaceId, place.storeId, provider, name, dimension, indexName],
      )
      return { id, model, indexName, status: "caller" }
    }),

  callerVersion: (place) => database.inWorkspace(place.workspaceId, (tx) => versionOf(tx, place, "caller")),
  activeVersion: (place) => database.inWorkspace(place.workspaceId, (tx) => versionOf(tx, place, "active")),
})

const versionOf = async (tx: Transaction, { storeId }: MemoryPlace, wanted: "caller" | "active") =>
  (await laneVersions(tx, storeId, "")).find(({ status }) => status === wanted)

/** The live namespaces among these names, kept from being purged until the transaction ends. */
async function livesOf(tx: Transaction, place: MemoryPlace, names: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.query<{ id: string; name: string }>(
    `select n.id, n.name from memory_namespaces n where n.store_id = $1 and n.name = any($2) and ${liveNamespace}
     order by n.id for key share`,
    [place.storeId, [...new Set(names)]],
  )
  return new Map(rows.map(({ id, name }) => [name, id]))
}

/** The row is locked from here on, so writers of one id take turns. `createdAt` stays while the memory lives, and only then. */
async function upsert(tx: Transaction, place: MemoryPlace, memories: readonly PlacedMemory[]): Promise<void> {
  const rows = memories
    .map(({ id, namespaceId, content, kind, source, expiresAt, propagation, pin }, at) => {
      return { id, at, namespaceId, content, kind, source, expiresAt, propagation, pin }
    })
    .sort((a, b) => compareText(a.id, b.id))
  await tx.query(
    `insert into memory_records as r (store_id, workspace_id, id, namespace_id, content, kind, source, expires_at, propagation, pin, created_at)
     select $1, $2, k.id, k."namespaceId", k.content, k.kind, k.source, k."expiresAt", k.propagation, k.pin,
            now() + k.at * interval '1 microsecond'
     from json_to_recordset($3) as k(id text, at int, "namespaceId" text, content text, kind text, source text,
                                     "expiresAt" timestamptz, propagation text, pin boolean)
     on conflict (store_id, id) do update set
       namespace_id = excluded.namespace_id, content = excluded.content, kind = excluded.kind, source = excluded.source,
       expires_at = excluded.expires_at, propagation = excluded.propagation, pin = excluded.pin,
       created_at = case when ${liveRecord} and exists (select from memory_namespaces n where n.id = r.namespace_id and ${liveNamespace})
                         then r.created_at else excluded.created_at end`,
    [place.storeId, place.workspaceId, JSON.stringify(rows)],
  )
}
