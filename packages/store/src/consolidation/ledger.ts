import type { ConsolidationLedger } from "@engram/contracts/consolidation-ledger"
import type { Database } from "../database.ts"
import { createEvidence } from "./evidence.ts"
import { createMarks } from "./marks.ts"
import { createProfiles } from "./profiles.ts"
import { createRuns } from "./runs.ts"
import { createSubjects } from "./subjects.ts"
import { createSummaries } from "./summaries.ts"

/** Consolidation's side of Postgres. */
export const createConsolidationLedger = (database: Database): ConsolidationLedger => ({
  ...createRuns(database),
  ...createMarks(database),
  ...createSubjects(database),
  ...createEvidence(database),
  ...createSummaries(database),
  ...createProfiles(database),
})
