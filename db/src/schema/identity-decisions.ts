import { index, pgTable, primaryKey, text } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/** What operators have decided of two accounts, or of an address, and stands. How it came to stand is in `audit_log`. */
export const identityDecisions = pgTable(
  "identity_decisions",
  {
    workspaceId: workspaceId(),
    /** The smaller account's id, or the address. */
    subject: text().notNull(),
    /** The greater account's id, or '' for an address. */
    object: text().notNull(),
    verdict: text({ enum: ["same", "apart", "shared", "personal"] }).notNull(),
    /** Of two that are apart: the account that gives up what both hold. */
    leaves: text(),
    /** The entry of the audit log that made it stand. */
    auditId: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.workspaceId, t.subject, t.object] }),
    index().on(t.workspaceId, t.object),
    tenantPolicy(),
  ],
)
