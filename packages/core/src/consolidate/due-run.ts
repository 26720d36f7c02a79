import { dueNight, type NightWindow, readTimeZone, secondOfNight } from "./nights.ts"

/** What a workspace's past says about what it needs next; times in ms. */
export interface NightState {
  readonly workspaceId: string
  readonly timeZone: string
  readonly createdAt: number
  readonly lastDoneNight: string | null
  /** When that night's run ended. */
  readonly lastNightAt: number | null
  /** That run ended and what follows it did not. */
  readonly stepsOwed: boolean
  /** A run of it is under way, and whoever does it is alive. */
  readonly running: boolean
  /** Runs since the last one that ended well that failed, or were abandoned save the first; those begun by hand left out. */
  readonly failures: number
  readonly lastFailedAt: number | null
  readonly lastThresholdAt: number | null
  /** New observations that no run has seen, counted once for each name they are about. */
  readonly unseen: number
}

export interface NightRules extends NightWindow {
  /** So many new observations about one entity do not wait for the night. */
  readonly threshold: number
  /** Between two runs for the sake of such entities. */
  readonly thresholdPauseMs: number
  /** Before the first run after one that failed; doubles with each more. */
  readonly retryMs: number
  readonly retryMaxMs: number
}

export const nightRules: NightRules = {
  fromSecond: 2 * 3_600,
  untilSecond: 5 * 3_600,
  threshold: 50,
  thresholdPauseMs: 15 * 60_000,
  retryMs: 5 * 60_000,
  retryMaxMs: 3_600_000,
}

/** `crowded`: entities may have reached the threshold; whose the new observations are is to be asked within the workspace. */
export type DueRun = { readonly kind: "night"; readonly night: string } | { readonly kind: "crowded" }

/** What the workspace needs at `now`, if anything. A new workspace waits for its first night. An unknown time zone counts as UTC. */
export function dueRun(state: NightState, now: number, rules: NightRules): DueRun | undefined {
  if (state.running || now < retryAt(state, rules)) return undefined
  const timeZone = readTimeZone(state.timeZone) ?? "UTC"
  const atSecond = secondOfNight(state.workspaceId, rules)
  const before = dueNight({ now: state.createdAt, timeZone, atSecond, lastDoneNight: null })
  const night = dueNight({ now, timeZone, atSecond, lastDoneNight: state.lastDoneNight ?? before })
  if (night !== null) return { kind: "night", night }
  const pausedUntil = (state.lastThresholdAt ?? Number.NEGATIVE_INFINITY) + rules.thresholdPauseMs
  return state.unseen >= rules.threshold && now >= pausedUntil ? { kind: "crowded" } : undefined
}

function retryAt({ failures, lastFailedAt }: NightState, { retryMs, retryMaxMs }: NightRules): number {
  if (failures === 0 || lastFailedAt === null) return Number.NEGATIVE_INFINITY
  return lastFailedAt + Math.min(retryMs * 2 ** Math.min(failures - 1, 20), retryMaxMs)
}
