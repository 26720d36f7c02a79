import { randomBytes } from "node:crypto"
import type { Transaction } from "./transaction.ts"

/** What an operator did. `detail` says what stood before and after, in the words of the action's own module. */
export interface AuditEntry<Detail = unknown> {
  readonly id: string
  readonly at: Date
  readonly actor: string
  readonly action: string
  /** Ids of what it was done to. */
  readonly subjects: readonly string[]
  readonly detail: Detail
  /** The entry that this one undoes. */
  readonly undoes: string | null
}

/** In the same transaction as what it tells of. Two things done are two entries, however alike, so the id is made up. */
export function newAuditId(): string {
  return `aud_${randomBytes(8).toString("hex")}`
}

export async function writeAudit(
  tx: Transaction,
  workspaceId: string,
  { id, actor, action, subjects, detail, undoes }: Omit<AuditEntry<object>, "at">,
): Promise<void> {
  await tx.query(
    `insert into audit_log (id, workspace_id, at, actor, action, subjects, detail, undoes)
     values ($1, $2, clock_timestamp(), $3, $4, $5, $6, $7)`,
    [id, workspaceId, actor, action, subjects, detail, undoes],
  )
}

/** Entries about any of these subjects, the oldest first. */
export const auditOf = <Detail>(
  tx: Transaction,
  workspaceId: string,
  subjects: readonly string[],
): Promise<AuditEntry<Detail>[]> =>
  tx.query<AuditEntry<Detail>>(
    `select id, at, actor, action, subjects, detail, undoes from audit_log
     where workspace_id = $1 and subjects && $2::text[] order by at, id`,
    [workspaceId, subjects],
  )

export async function findAudit<Detail>(
  tx: Transaction,
  workspaceId: string,
  id: string,
): Promise<AuditEntry<Detail> | undefined> {
  const [entry] = await tx.query<AuditEntry<Detail>>(
    "select id, at, actor, action, subjects, detail, undoes from audit_log where workspace_id = $1 and id = $2",
    [workspaceId, id],
  )
  return entry
}
