import type { ConsolidationRun, RunStart, SummaryWriter } from "@engram/contracts/consolidation"
import type { ConsolidationLedger } from "@engram/contracts/consolidation-ledger"
import type { Log } from "@engram/contracts/ports"
import { extractiveWriter } from "@engram/core/consolidate/extract"
import { createConsolidate } from "@engram/pipeline/consolidate"
import { createConsolidationLedger } from "@engram/store/consolidation/ledger"
import { silentLog } from "@engram/testkit/silent-log"
import type { Workbench } from "./workbench.ts"

export interface NightOptions extends Partial<RunStart> {
  readonly writer?: SummaryWriter
  readonly log?: Log
  readonly leaseMs?: number
  /** Whether the vectors it owes are written after it, as a lane does: one at a time. */
  readonly drained?: boolean
  /** What stands between the run and Postgres. */
  readonly ledger?: (real: ConsolidationLedger) => ConsolidationLedger
}

/** Runs consolidation over a workbench's first workspace as of `today`, and writes the vectors that it owes. */
export async function night(
  bench: Workbench,
  today: string,
  options: NightOptions = {},
): Promise<ConsolidationRun | undefined> {
  const {
    writer = extractiveWriter,
    log = silentLog,
    leaseMs = 30_000,
    drained = true,
    ledger = (real) => real,
    ...start
  } = options
  const consolidate = createConsolidate({
    ledger: ledger(createConsolidationLedger(bench.database)),
    writer,
    embedderOf: bench.embedderOf,
    queue: { wake: async () => {} },
    log,
    leaseMs,
  })
  const run = await consolidate.run(bench.lane.workspaceId, {
    kind: "manual",
    night: null,
    now: Date.parse(today) + 2 * 3_600_000,
    ...start,
  })
  if (drained) await bench.drain()
  return run
}

export interface SummarySeen {
  readonly id: string
  readonly title: string
  readonly text: string
  readonly window: string
  readonly scopeId: string | null
  readonly cited: number
  readonly evidence: number
  readonly topic: string
}

export const summariesOf = (bench: Workbench): Promise<SummarySeen[]> =>
  bench.rows<SummarySeen>(
    `select id, title, text, window_kind || ' ' || window_from as window, scope_id as "scopeId", cardinality(cited_ids) as cited,
            cardinality(evidence_ids) as evidence, topic from memory_summaries order by title, id`,
  )

/** All that runs have written, without our own clocks and what was measured on the way. */
export const consolidated = (bench: Workbench): Promise<unknown[]> =>
  bench.rows(
    `select to_jsonb(s) - 'written_at' as row from memory_summaries s
     union all select to_jsonb(p) - 'measured_at' - 'rebuilt_at' - 'drift' - 'weight' - 'changed' from memory_profiles p
     union all select to_jsonb(v) - 'written_at' from vector_entries v where family in ('summaries', 'profiles') and wanted_hash is not null
     order by 1`,
  )
