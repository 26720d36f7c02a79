import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres"
import type { Transaction } from "./transaction.ts"

/**
 * Drizzle within a transaction. In a file of its own, because loading it takes a second and 140 MB (measured), which the doors
 * for people have and workers do without.
 */
export const ormOf = (tx: Transaction): NodePgDatabase => drizzle(tx.client, { casing: "snake_case" })
