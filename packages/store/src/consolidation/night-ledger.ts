import type { RunId } from "@engram/contracts/ids"
import type { StepRecord } from "@engram/contracts/nights"
import type { NightState } from "@engram/core/consolidate/due-run"
import type { Database } from "../database.ts"

/** What the nightly app reads and writes beside the run itself. */
export interface NightLedger {
  /** Every workspace, by name. */
  states(): Promise<NightState[]>
  state(workspaceId: string): Promise<NightState | undefined>
  /** People, entities and unclaimed names, bots left out, with at least so many new observations, the most first. */
  crowded(workspaceId: string, threshold: number): Promise<string[]>
  /**
   * Does `work` unless some process does so for this workspace already; then undefined. It ends with its process. Beside it stand the
   * unique indexes of `consolidation_runs`.
   */
  alone<T>(workspaceId: string, work: () => Promise<T>): Promise<T | undefined>
  /** The last night's run whose process ended before its steps did. */
  owingSteps(workspaceId: string): Promise<RunId | undefined>
  recordSteps(workspaceId: string, runId: RunId, steps: readonly StepRecord[]): Promise<void>
  /** Gives up the run that is under way, for another process to begin anew; for who is `alone` and has to end. Whether there was one. */
  handBack(workspaceId: string): Promise<boolean>
}

/** Whole milliseconds, as pg reads numbers. */
const ms = (time: string): string => `floor(extract(epoch from ${time}) * 1000)::float8`

// The marks of a night's evidence are a few thousand rows; looked at every few minutes.
const states = `
  select w.id as "workspaceId", w.time_zone as "timeZone", ${ms("w.created_at")} as "createdAt",
    r."lastDoneNight", r."lastNightAt", r."stepsOwed", r.running, r."lastThresholdAt", f.failures, f."lastFailedAt",
    coalesce((select sum(m.added) from consolidation_marks m where m.workspace_id = w.id and m.alias_id is not null), 0)::int as unseen
  from workspaces w
  cross join lateral (
    select (max(night) filter (where kind = 'night' and state = 'done'))::text as "lastDoneNight",
      ${ms("max(finished_at) filter (where kind = 'night' and state = 'done')")} as "lastNightAt",
      coalesce((array_agg(steps is null order by started_at desc) filter (where kind = 'night' and state = 'done'))[1], false) as "stepsOwed",
      coalesce(bool_or(state = 'running' and leased_until > now()), false) as running,
      ${ms("max(started_at) filter (where kind = 'threshold')")} as "lastThresholdAt",
      max(started_at) filter (where state = 'done') as done_at
    from consolidation_runs where workspace_id = w.id
  ) r
  cross join lateral (
    -- The first whose process died is begun anew at once; one that kills every process is not.
    select (count(*) filter (where state = 'failed') + greatest(count(*) filter (where state = 'abandoned') - 1, 0))::int as failures, ${ms("max(coalesce(finished_at, started_at))")} as "lastFailedAt"
    from consolidation_runs
    where workspace_id = w.id and state in ('failed', 'abandoned') and kind <> 'manual' and (r.done_at is null or started_at > r.done_at)
  ) f`

export const createNightLedger = ({ database }: { readonly database: Database }): NightLedger => ({
  states: () => database.asFleet((tx) => tx.query<NightState>(`${states} order by w.id`)),

  state: (workspaceId) =>
    database.asFleet(async (tx) => (await tx.query<NightState>(`${states} where w.id = $1`, [workspaceId]))[0]),

  crowded: (workspaceId, threshold) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const rows = await tx.query<{ id: string }>(
        `select coalesce(a.person_id, e.entity_id, m.alias_id) as id
         from consolidation_marks m
         left join entity_aliases e on e.workspace_id = m.workspace_id and e.id = m.alias_id
         left join accounts a on a.workspace_id = m.workspace_id and a.id = e.entity_id
         where m.workspace_id = $1 and m.alias_id is not null and a.kind is distinct from 'bot'
         group by 1 having sum(m.added) >= $2 order by sum(m.added) desc, 1`,
        [workspaceId, threshold],
      )
      return rows.map(({ id }) => id)
    }),

  alone: (workspaceId, work) => database.alone(`engram night ${workspaceId}`, work),

  owingSteps: (workspaceId) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const [last] = await tx.query<{ id: RunId; owing: boolean }>(
        `select id, steps is null as owing from consolidation_runs
         where workspace_id = $1 and kind = 'night' and state = 'done' order by started_at desc limit 1`,
        [workspaceId],
      )
      return last?.owing ? last.id : undefined
    }),

  recordSteps: (workspaceId, runId, steps) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await tx.query("update consolidation_runs set steps = $3 where workspace_id = $1 and id = $2", [
        workspaceId,
        runId,
        JSON.stringify(steps),
      ])
    }),

  handBack: (workspaceId) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const given = await tx.query(
        `update consolidation_runs set state = 'abandoned', finished_at = now(), reason = 'its process was asked to end'
         where workspace_id = $1 and state = 'running' returning id`,
        [workspaceId],
      )
      return given.length > 0
    }),
})
