import type { MemoryLedger } from "@engram/contracts/memory-ledger"
import type { Database } from "../database.ts"
import { createNamespaces } from "./namespaces.ts"
import { createMemorySearch } from "./search.ts"
import { createSurroundings } from "./surroundings.ts"
import { createWrites } from "./writes.ts"

export function createMemoryLedger(database: Database): MemoryLedger {
  const surroundings = createSurroundings(database)
  return {
    ...createNamespaces(database, surroundings),
    ...createWrites(database, surroundings),
    ...createMemorySearch(database, surroundings),
  }
}
