import type { ForgetLedger } from "@engram/contracts/forget"
import type { StoreId } from "@engram/contracts/ids"
import type { Database } from "../database.ts"
import { inWorkspaceUnlessHeld } from "../legal-hold.ts"
import type { Transaction } from "../transaction.ts"
import { aloneWithVersions } from "../versions/rows.ts"
import { removeVectors } from "./remove-vectors.ts"

/** What agents wrote, some at a time: a workspace may hold millions. */
export const createMemoryForgetting = (database: Database): Pick<ForgetLedger, "removeMemories"> => ({
  removeMemories: (workspaceId, forgettingId, max) =>
    inWorkspaceUnlessHeld(database, workspaceId, async (tx) => {
      const ids = await memoriesLeft(tx, workspaceId, max)
      const memoryVectors = await removeVectors(tx, { workspaceId, forgettingId }, [["memories", ids]])
      const records = await tx.query(
        `delete from memory_records where workspace_id = $1 and id = any($2)
         and store_id in (select id from stores where workspace_id = $1) returning 1`,
        [workspaceId, ids],
      )
      return { memories: records.length, memoryVectors }
    }),
})

/** Locked before their vectors are, as whoever writes memories does; then vectors that were left without one. */
async function memoriesLeft(tx: Transaction, workspaceId: string, max: number): Promise<string[]> {
  const records = await tx.query<{ id: string }>(
    `select id from memory_records where store_id = (
       select s.id from stores s where s.workspace_id = $1
         and exists (select from memory_records r where r.store_id = s.id) order by s.id limit 1)
     order by id limit $2 for update`,
    [workspaceId, max],
  )
  if (records.length > 0) return records.map(({ id }) => id)
  const vectors = await tx.query<{ id: string }>(
    `select distinct ref_id as id from vector_entries
     where workspace_id = $1 and family = 'memories' and wanted_hash is not null limit $2`,
    [workspaceId, max],
  )
  return vectors.map(({ id }) => id)
}

/** Waits for whoever writes memories of the workspace or makes a namespace; from the end of the transaction on nobody can. */
export async function endMemories(tx: Transaction, workspaceId: string): Promise<void> {
  const stores = await tx.query<{ id: StoreId }>("select id from stores where workspace_id = $1 order by id", [
    workspaceId,
  ])
  for (const { id } of stores) await aloneWithVersions(tx, { workspaceId, storeId: id })
  await tx.query("update memory_namespaces set ended_at = now() where workspace_id = $1 and ended_at is null", [
    workspaceId,
  ])
}
