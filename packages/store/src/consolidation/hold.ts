import type { Transaction } from "../transaction.ts"

const lock = (how: string): string =>
  `select pg_advisory_xact_lock${how}(hashtextextended('engram consolidation ' || $1, 0))`

/**
 * Keeps runs of the workspace from writing until this transaction ends: what they write later rests on what they can still read
 * then. For who takes evidence away for good, before it is taken.
 */
export const holdConsolidation = (tx: Transaction, workspaceId: string): Promise<object[]> =>
  tx.query(lock(""), [workspaceId])

/** The other side: a run that writes, and then asks once more for what it rests on. Runs do not wait for each other. */
export const joinConsolidation = (tx: Transaction, workspaceId: string): Promise<object[]> =>
  tx.query(lock("_shared"), [workspaceId])
