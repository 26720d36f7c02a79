import { setTimeout as wait } from "node:timers/promises"
import { RetryLater } from "@engram/contracts/errors"
import type { Lane, TurnEnd } from "@engram/contracts/ports"
import type { StoredVersion } from "@engram/contracts/versions"
import type { ReindexDeps, ReindexOptions } from "./reindex-deps.ts"

/** Nothing was found to do, since a worker just did it or memories wait for company: looked at again after this. */
const lookMs = 250
const waitMaxMs = 60_000
/** While ingestion goes on something is always owed; so few, looked at so often, are what comes in and not what is to be filled. */
const fewMax = 500
const fewLooksMax = 4
/** So often nothing was found to do, and something is owed: whoever watches should know. */
const looksMax = 40

/**
 * Takes turns on the lane until the version is owed nothing, or only what comes in meanwhile. A worker that has the lane does the same work, and this watches it.
 * What may pass (429, an outage) is waited for; what will not (a wrong key, a plan that is used up) is thrown.
 */
export async function fill(
  { ledger, turn }: Pick<ReindexDeps, "ledger" | "turn">,
  lane: Lane,
  version: StoredVersion,
  { signal, onProgress }: Pick<ReindexOptions, "signal" | "onProgress">,
): Promise<void> {
  const total = await ledger.owed(lane, version.id)
  let seen: Seen = { owed: total, idle: 0, few: 0 }
  const tell = (note?: string): void =>
    onProgress({ step: "filling", done: Math.max(0, total - seen.owed), total, ...(note ? { note } : {}) })
  while (seen.owed > 0 && seen.few < fewLooksMax) {
    tell(seen.idle > looksMax ? stuck : undefined)
    signal.throwIfAborted()
    const end = await taken(turn, lane)
    seen = look(seen, await ledger.owed(lane, version.id))
    if (end === "more" || seen.owed === 0) continue
    if (end.reason) tell(end.reason)
    await wait(end.afterMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
  tell()
}

const stuck = "nothing moves: another process has the lane, or `engram status` and the log say why"

interface Seen {
  readonly owed: number
  /** Looks in a row at which nothing had changed. */
  readonly idle: number
  /** Looks at which few were owed, and others than before. */
  readonly few: number
}

function look({ owed: before, idle, few }: Seen, owed: number): Seen {
  if (owed === before) return { owed, idle: idle + 1, few }
  return { owed, idle: 0, few: owed <= fewMax ? few + 1 : few }
}

/** `more`, or when to look again, and why not sooner. */
type Taken = "more" | { readonly afterMs: number; readonly reason?: string }

async function taken(turn: (lane: Lane) => Promise<TurnEnd>, lane: Lane): Promise<Taken> {
  try {
    const end = await turn(lane)
    if (end === "more") return end
    return { afterMs: end === "idle" ? lookMs : Math.min(end.afterMs, waitMaxMs) }
  } catch (error) {
    if (!(error instanceof RetryLater)) throw error
    return { afterMs: Math.min(error.afterMs, waitMaxMs), reason: error.message }
  }
}
