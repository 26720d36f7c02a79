import { index, integer, jsonb, pgTable, real, text, timestamp } from "drizzle-orm/pg-core"
import { tenantPolicy, workspaceId } from "./columns.ts"

/**
 * What an entity is about: its centroids are vectors of the family `profiles`, whose values stand in `embedding_values` under the
 * hash of what they were computed from.
 */
export const memoryProfiles = pgTable(
  "memory_profiles",
  {
    id: text().primaryKey(),
    workspaceId: workspaceId(),
    storeId: text().notNull(),
    /** A person, an entity, or a name that nobody claimed. */
    entityId: text().notNull(),
    /** What sets it apart: `{phrase, weight}`, strongest first. */
    descriptors: jsonb().notNull(),
    /** Observations and summaries that the last rebuild read. */
    observations: integer().notNull(),
    summaries: integer().notNull(),
    /** It shows to those who may read all of these. */
    scopeIds: text().array().notNull(),
    /** 1 - cosine between the centroid of now, when last measured, and that of the last rebuild: 0 to 2. */
    drift: real().notNull(),
    /** Length of the sum of the vectors that the centroid of then was the direction of. 0: not known. */
    weight: real().notNull().default(0),
    /** Vectors that have been added or taken since, at most: while they are few it cannot have moved far. */
    changed: integer().notNull().default(0),
    measuredAt: timestamp({ withTimezone: true }).notNull(),
    rebuiltAt: timestamp({ withTimezone: true }).notNull(),
  },
  (t) => [index().on(t.workspaceId, t.storeId, t.entityId), tenantPolicy()],
)
