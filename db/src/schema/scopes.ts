import { bigint, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/** What privacy belongs to: a repository, a channel, a page tree. Readers check it here, so a change takes effect at once. */
export const scopes = pgTable(
  "scopes",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    source: text().notNull(),
    key: text().notNull(),
    kind: text().notNull(),
    name: text().notNull(),
    privacy: text({ enum: ["org", "private"] }).notNull(),
    /** Source time in ms of the claim that stands; the newest wins, and `private` wins a tie. */
    at: bigint({ mode: "number" }).notNull(),
  },
  (t) => [uniqueIndex().on(t.workspaceId, t.source, t.key), tenantPolicy()],
)
