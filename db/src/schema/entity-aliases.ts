import { bigint, index, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/**
 * A provider's name for an entity. Edges point at aliases, never at entities, so an edge to something not yet seen
 * (a stub: `entityId` is null) is complete the moment the thing itself arrives.
 */
export const entityAliases = pgTable(
  "entity_aliases",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    type: text("alias_type").notNull(),
    value: text().notNull(),
    entityId: text(),
    /** Source time in ms of the claim that stands: the newest wins, the greater entity id wins a tie. */
    at: bigint({ mode: "number" }).notNull(),
  },
  (t) => [uniqueIndex().on(t.workspaceId, t.type, t.value), index().on(t.workspaceId, t.entityId), tenantPolicy()],
)
