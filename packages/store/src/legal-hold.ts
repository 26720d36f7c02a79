import { Rejected } from "@engram/contracts/errors"
import type { Database } from "./database.ts"
import type { Transaction } from "./transaction.ts"

/**
 * Rejects (`legal_hold`) while the workspace is held. The workspace's row stays share-locked until the transaction ends, so
 * whoever switches the hold on waits for what is being deleted at this moment, and nothing is deleted after their command ended.
 */
export async function assertNotHeld(tx: Transaction, workspaceId: string): Promise<void> {
  const [row] = await tx.query<{ held: boolean }>("select legal_hold as held from workspaces where id = $1 for share", [
    workspaceId,
  ])
  if (!row?.held) return
  throw new Rejected(
    "legal_hold",
    `${workspaceId} is under legal hold: nothing of it is deleted until \`engram workspace set ${workspaceId} --legal-hold off\``,
  )
}

/** For what deletes: the hold is asked for in the same transaction. */
export const inWorkspaceUnlessHeld = <T>(
  database: Database,
  workspaceId: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> =>
  database.inWorkspace(workspaceId, async (tx) => {
    await assertNotHeld(tx, workspaceId)
    return work(tx)
  })
