import { Rejected } from "@engram/contracts/errors"
import type { Transaction } from "../transaction.ts"

/** The row, if any, that says that a workspace was forgotten as a whole; `workspace` is a parameter. */
export const forgottenWorkspace = (workspace: string): string =>
  `from suppressions where workspace_id = ${workspace} and kind = 'workspace'`

/** Rejects (`workspace_forgotten`) where the workspace was forgotten as a whole: whatever it were sent would be thrown away. */
export async function assertNotForgotten(tx: Transaction, workspaceId: string): Promise<void> {
  const [row] = await tx.query<{ day: string }>(
    `select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD') as day ${forgottenWorkspace("$1")}`,
    [workspaceId],
  )
  if (!row) return
  throw new Rejected(
    "workspace_forgotten",
    `${workspaceId} was forgotten on ${row.day}: nothing that it is sent is kept; take another name for the workspace`,
  )
}
