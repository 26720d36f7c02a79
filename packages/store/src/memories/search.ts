import type { MemoryLedger, MemoryRow } from "@engram/contracts/memory-ledger"
import type { Database } from "../database.ts"
import { createLists } from "./lists.ts"
import { asParameters, filterValues, lives, memoryColumns, readable, recordOf } from "./rows.ts"
import type { SurroundingsMemory } from "./surroundings.ts"

type Search = Pick<MemoryLedger, "livesSeen" | "hasVectors" | "newest" | "lists" | "read">

// Each namespace gives its newest by index, however many it holds. $4 how many.
const newestOf = (condition: string): string => `
  select ${memoryColumns}, coalesce(r.pin, false) as first
  from lives n cross join lateral (
    select * from memory_records r where r.namespace_id = n.id and ${readable(asParameters)} and ${condition}
    order by r.created_at desc, r.id limit $4) r`

const newestSql = `with ${lives(asParameters)}
  select * from (${newestOf("r.pin")} union all ${newestOf("r.pin is not true")}) t
  order by first desc, "createdAt" desc, id limit $4`

/**
 * Written by a transaction that the snapshot $5 saw, and so the version that was ranked: not by a later one, nor by one then under way.
 * Transactions are told apart by their age, since their numbers begin anew after four billion.
 */
const unchanged = `age(r.xmin) not between 0 and age(pg_snapshot_xmax($5::pg_snapshot)::xid)
  and r.xmin <> all (array(select x.id::xid from pg_snapshot_xip($5::pg_snapshot) x(id)))`

const readSql = `with ${lives(asParameters)} select ${memoryColumns} from unnest($4::text[]) k(id) ${recordOf(asParameters, "k.id", unchanged)}`

export function createMemorySearch(database: Database, surroundings: SurroundingsMemory): Search {
  return {
    ...createLists(database, surroundings),
    livesSeen: surroundings.livesSeen,
    hasVectors: surroundings.hasVectors,

    newest: async (place, filter, max) => {
      const values = [...filterValues(place, filter), max]
      const rows = await database.oneInWorkspace<MemoryRow & { first: boolean }>(place.workspaceId, newestSql, values)
      return rows.map(({ first: _, ...row }) => row)
    },

    read: async (place, filter, ids, asOf) =>
      ids.length === 0
        ? []
        : database.oneInWorkspace<MemoryRow>(place.workspaceId, readSql, [...filterValues(place, filter), ids, asOf]),
  }
}
