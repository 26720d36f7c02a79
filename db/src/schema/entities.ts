import { index, jsonb, pgTable, text } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/** An account, team, repository, thing, … as payloads describe it; its fields merge like a part's. */
export const entities = pgTable(
  "entities",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    kind: text().notNull(),
    state: jsonb().notNull(),
  },
  (t) => [index().on(t.workspaceId, t.kind), tenantPolicy()],
)
