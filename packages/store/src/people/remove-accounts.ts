import type { EntityId } from "@engram/contracts/ids"
import type { Transaction } from "../transaction.ts"
import { findPeopleAgain, lockPeople } from "./find-again.ts"

/**
 * Removes accounts from identity with every decision about them, and finds the people anew that they were part of. For accounts that
 * are forgotten: a removal by a source leaves them known. Like every change of people it comes last in its transaction.
 */
export async function removeAccounts(tx: Transaction, workspaceId: string, ids: readonly EntityId[]): Promise<void> {
  if (ids.length === 0) return
  lockPeople(tx, workspaceId)
  const removed = await tx.query<{ id: string; key: string | null }>(
    "delete from accounts where workspace_id = $1 and id = any($2) returning id, link_key as key",
    [workspaceId, ids],
  )
  const decided = await tx.query<{ subject: string; object: string }>(
    "delete from identity_decisions where workspace_id = $1 and (subject = any($2) or object = any($2)) returning subject, object",
    [workspaceId, ids],
  )
  const touched = [
    ...removed.flatMap(({ id, key }) => (key === null ? [id] : [id, key])),
    ...decided.flatMap(({ subject, object }) => [subject, object]),
  ]
  await findPeopleAgain(tx, workspaceId, touched)
}
