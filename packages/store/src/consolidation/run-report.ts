import type { ConsolidationRun } from "@engram/contracts/consolidation"
import type { StepRecord } from "@engram/contracts/nights"
import type { Database } from "../database.ts"

export interface ReportedRun extends ConsolidationRun {
  readonly steps: readonly StepRecord[] | null
  /** Whoever does it has not been heard of for longer than is agreed. */
  readonly lapsed: boolean
}

export interface RunReports {
  /** The newest first. */
  list(options: { readonly workspaceId?: string; readonly limit: number }): Promise<ReportedRun[]>
  /** The last one of each workspace, by name. */
  last(): Promise<ReportedRun[]>
}

const columns = `id, workspace_id as "workspaceId", kind, night::text as night, state, started_at as "startedAt",
  finished_at as "finishedAt", report, steps, reason, state = 'running' and leased_until < now() as lapsed`

/** What `consolidation_runs` says, for people. */
export const createRunReports = ({ database }: { readonly database: Database }): RunReports => ({
  list: ({ workspaceId, limit }) =>
    database.asFleet((tx) =>
      tx.query(
        `select ${columns} from consolidation_runs where $1::text is null or workspace_id = $1 order by started_at desc, id limit $2`,
        [workspaceId ?? null, limit],
      ),
    ),
  last: () =>
    database.asFleet((tx) =>
      tx.query(
        `select distinct on (workspace_id) ${columns} from consolidation_runs order by workspace_id, started_at desc, id`,
      ),
    ),
})
