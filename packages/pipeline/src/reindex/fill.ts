import { setTimeout as wait } from "node:timers/promises"
import { RetryLater } from "@engram/contracts/errors"
import type { Lane, TurnEnd } from "@engram/contracts/ports"
import type { StoredVersion } from "@engram/contracts/versions"
import type { ReindexDeps, ReindexOptions } from "./reindex.ts"

/** A worker has the lane, or the last memories wait for company: looked at again after this. */
const lookMs = 250
const waitMaxMs = 60_000
/** While ingestion goes on something is always owed; so few, looked at so often, are what comes in and not what is to be filled. */
const fewMax = 500
const fewLooksMax = 8
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
  let owed = await ledger.owed(lane, version.id)
  const total = owed
  const tell = (note?: string): void =>
    onProgress({ step: "filling", done: Math.max(0, total - owed), total, ...(note ? { note } : {}) })
  let idle = 0
  let few = 0
  while (owed > 0 && few < fewLooksMax) {
    tell(idle > looksMax ? "nothing moves: another process has the lane, or `engram status` and the log say why" : undefined)
    signal.throwIfAborted()
    const before = owed
    const end = await taken(turn, lane)
    owed = await ledger.owed(lane, version.id)
    idle = owed === before ? idle + 1 : 0
    few = owed <= fewMax && idle === 0 ? few + 1 : few
    if (end === "more" || owed === 0) continue
    if (end !== "idle" && end.reason) tell(end.reason)
    const afterMs = end !== "idle" && end.reason ? Math.min(end.afterMs, waitMaxMs) : lookMs
    await wait(afterMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
  tell()
}

type Taken = "more" | "idle" | { readonly afterMs: number; readonly reason?: string }

async function taken(turn: (lane: Lane) => Promise<TurnEnd>, lane: Lane): Promise<Taken> {
  try {
    return await turn(lane)
  } catch (error) {
    if (!(error instanceof RetryLater)) throw error
    return { afterMs: error.afterMs, reason: error.message }
  }
}
