import { reasonOf } from "@engram/contracts/errors"
import type { NightQueue } from "@engram/contracts/nights"
import type { Log } from "@engram/contracts/ports"
import { dueRun, type NightRules, type NightState } from "@engram/core/consolidate/due-run"
import { readTimeZone, secondOfNight } from "@engram/core/consolidate/nights"
import { regularly } from "@engram/lifecycle/regularly"
import type { NightLedger } from "@engram/store/consolidation/night-ledger"
import type { NightMeters } from "./meters.ts"

export interface LookoutDeps {
  readonly ledger: Pick<NightLedger, "states">
  readonly queue: Pick<NightQueue, "keep" | "ring">
  readonly rules: NightRules
  readonly log: Log
  readonly meters: NightMeters
  readonly lookEveryMs: number
}

/**
 * Has alarms follow workspaces, and rings for what no alarm will: nights that were missed, entities with much new, steps that a
 * killed process left. Any number of processes may look. Returns how to stop.
 */
export function lookRegularly(deps: LookoutDeps): () => Promise<void> {
  const onError = (error: unknown): void =>
    deps.log.warn({ reason: reasonOf(error) }, "could not look at workspaces' nights, later again")
  return regularly(() => look(deps), { everyMs: deps.lookEveryMs, onError })
}

async function look({ ledger, queue, rules, log, meters }: LookoutDeps): Promise<void> {
  const states = await ledger.states()
  const now = Date.now()
  meters.looked({
    oldestNightMs: Math.max(0, ...states.map(({ lastNightAt, createdAt }) => now - (lastNightAt ?? createdAt))),
    failing: states.filter(({ failures }) => failures > 0).length,
  })
  const changed = await queue.keep(states.map((state) => alarmOf(state, rules, log)))
  if (changed.set + changed.removed > 0) log.info(changed, "alarms follow workspaces")
  for (const state of states) {
    if (state.stepsOwed || dueRun(state, now, rules)) await queue.ring(state.workspaceId)
  }
}

function alarmOf({ workspaceId, timeZone }: NightState, rules: NightRules, log: Log) {
  const known = readTimeZone(timeZone)
  if (known === undefined) log.warn({ workspaceId, timeZone }, "no such time zone: its nights are those of UTC")
  return { workspaceId, timeZone: known ?? "UTC", atSecond: secondOfNight(workspaceId, rules) }
}
