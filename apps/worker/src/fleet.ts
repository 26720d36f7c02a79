import { reasonOf } from "@engram/contracts/errors"
import type { LaneQueue, Stage } from "@engram/contracts/ports"
import { regularly } from "@engram/lifecycle/regularly"
import { sweep } from "@engram/pipeline/sweep"
import { createMemoryJanitor } from "@engram/store/memories/janitor"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import { type Repairs, repairRegularly } from "./repair.ts"
import { createTurns, type TurnDeps } from "./turns.ts"

export interface FleetDeps extends TurnDeps {
  readonly queue: LaneQueue
  /** Which stages this process runs, and how many turns of each at a time. */
  readonly stages: readonly Stage[]
  readonly concurrency: number
  readonly sweepEveryMs?: number
  /** Left out, nobody's failed deliveries are asked for again. */
  readonly repairs?: Repairs
}

/** A crash, or a queue that was away, is made up for within this time. */
const sweepEveryMs = 5_000

/** Runs the stages and the sweep until closed; closing lets running turns finish. */
export async function startFleet(deps: FleetDeps): Promise<{ close(): Promise<void> }> {
  const turns = createTurns(deps)
  const runs = await Promise.all(deps.stages.map((stage) => deps.queue.run(stage, deps.concurrency, turns[stage])))
  const repairing = deps.repairs && repairRegularly(deps.repairs, deps.log)
  const stopSweep = sweepRegularly(deps, () => repairing?.recovered())
  return {
    close: async () => {
      await stopSweep()
      await repairing?.close()
      await Promise.all(runs.map((run) => run.close()))
    },
  }
}

/**
 * One sweep at a time, each begun some time after the last has ended. The first that succeeds after some that did not tells
 * `onRecovered`. Returns how to stop.
 */
function sweepRegularly(
  { database, queue, log, meters, ...deps }: FleetDeps,
  onRecovered: () => void,
): () => Promise<void> {
  const run = sweep({
    ledger: createSweepLedger(database),
    janitor: createMemoryJanitor(database),
    queue,
    log,
    onCleaned: (memories) => meters.cleaned(memories),
    onTotals: (totals) => meters.totals(totals),
  })
  let failing = false
  const once = async (): Promise<void> => {
    await run()
    if (failing) onRecovered()
    failing = false
  }
  const onError = (error: unknown): void => {
    failing = true
    log.warn({ reason: reasonOf(error) }, "sweep failed")
  }
  return regularly(once, { everyMs: deps.sweepEveryMs ?? sweepEveryMs, onError })
}
