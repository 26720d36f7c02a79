import type { MemoryLedger } from "@engram/contracts/memories"
import type { Database } from "../database.ts"
import { createNamespaces } from "./namespaces.ts"
import { createMemorySearch } from "./search.ts"
import { createWrites } from "./writes.ts"

export const createMemoryLedger = (database: Database): MemoryLedger => ({
  ...createNamespaces(database),
  ...createWrites(database),
  ...createMemorySearch(database),
})
