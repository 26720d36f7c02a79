import { Rejected } from "@engram/contracts/errors"
import type { MemoryJanitor, MemoryPlace } from "@engram/contracts/memory-ledger"
import { byPartialIndex } from "../by-partial-index.ts"
import type { Database } from "../database.ts"
import { disown } from "./vectors.ts"

/** Memories in one transaction: some tens of milliseconds, and no lock is held longer. */
const rowsMax = 500
/** One round gives up here and goes on with the next, so that the sweep it is part of is not kept. */
const roundMs = 2_000

// One question per store, each answered by the first row of an index.
const placesSql = `
  select s.workspace_id as "workspaceId", s.id as "storeId" from stores s
  where exists (select from memory_records r where r.store_id = s.id and r.expires_at <= now())
     or exists (select from memory_namespaces n where n.store_id = s.id and n.ended_at is not null)
     or exists (select from memory_namespaces n where n.store_id = s.id and n.expires_at <= now())
  order by s.id`

const expiredSql = `delete from memory_records where (store_id, id) in (
    select store_id, id from memory_records where store_id = $1 and expires_at <= now()
    order by expires_at limit $2 for update skip locked) returning store_id, id`

const ofNamespaceSql = `delete from memory_records where (store_id, id) in (
    select store_id, id from memory_records where store_id = $1 and namespace_id = $3
    limit $2 for update skip locked) returning store_id, id`

export const createMemoryJanitor = (database: Database): MemoryJanitor => ({
  clean: async () => {
    const places = await database.asFleet(async (tx) => {
      await tx.query(byPartialIndex)
      return tx.query<MemoryPlace>(placesSql)
    })
    const deadline = performance.now() + roundMs
    const late = () => performance.now() > deadline
    let removed = 0

    const empty = async (place: MemoryPlace, gone: string, values: readonly unknown[]): Promise<boolean> => {
      while (!late()) {
        const rows = await database.inWorkspace(place.workspaceId, (tx) => disown(tx, place, gone, values))
        removed += rows
        if (rows < rowsMax) return true
      }
      return false
    }

    for (const place of places) {
      await empty(place, expiredSql, [place.storeId, rowsMax])
      for (const id of await endedIn(database, place)) {
        if (await empty(place, ofNamespaceSql, [place.storeId, rowsMax, id])) await purge(database, place, id)
      }
      if (late()) break
    }
    return removed
  },
})

/**
 * What has expired ends first, and for good: by the row that a writer who gives it more time holds, so that it is emptied only where
 * nobody can. One that is held is left for the next round.
 */
const endExpiredSql = `update memory_namespaces set ended_at = now() where id in (
    select id from memory_namespaces where store_id = $1 and ended_at is null and expires_at <= now()
    order by id limit 1000 for update skip locked)`

const endedIn = (database: Database, place: MemoryPlace): Promise<string[]> =>
  database.inWorkspace(place.workspaceId, async (tx) => {
    await tx.query(endExpiredSql, [place.storeId])
    const rows = await tx.query<{ id: string }>(
      "select id from memory_namespaces where store_id = $1 and ended_at is not null order by id limit 1000",
      [place.storeId],
    )
    return rows.map(({ id }) => id)
  })

/** A writer may have found it live a moment ago; then it is left for the next round. */
async function purge(database: Database, place: MemoryPlace, id: string): Promise<void> {
  try {
    await database.inWorkspace(place.workspaceId, (tx) =>
      tx.query(
        `delete from memory_namespaces where id = $1 and ended_at is not null
         and not exists (select from memory_records where namespace_id = $1)`,
        [id],
      ),
    )
  } catch (error) {
    if (!(error instanceof Rejected)) throw error
  }
}
