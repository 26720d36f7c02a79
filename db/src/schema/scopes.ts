import { bigint, boolean, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core"
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
    /** False when the source removed it with all it held. */
    live: boolean().notNull().default(true),
    /** Source time in ms of the privacy that stands; the newest wins, and `private` wins a tie. -1 while nobody told it. */
    at: bigint({ mode: "number" }).notNull(),
    /** The same of the name and of being live: a message tells a channel's privacy and not its name. */
    nameAt: bigint({ mode: "number" }).notNull().default(-1),
    liveAt: bigint({ mode: "number" }).notNull().default(-1),
  },
  (t) => [uniqueIndex().on(t.workspaceId, t.source, t.key), tenantPolicy()],
)
