import { randomUUID } from "node:crypto"
import type { Lane } from "@engram/contracts/ports"
import type { VectorLedger } from "@engram/contracts/vectors"

/** A worker that dies holds its lane this long. Renewed at a third of it, so that one slow call does not lose it. */
export const leaseMs = 30_000

/**
 * Runs `work` as the lane's only writer; undefined when another turn has the lane. The queue cannot promise that alone: a
 * turn it believes dead may still be running.
 */
export async function withLease<T>(
  ledger: Pick<VectorLedger, "lease" | "release">,
  lane: Lane,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const holder = randomUUID()
  if (!(await ledger.lease(lane, holder, leaseMs))) return undefined
  // A renewal that fails is made up for by the next; if all fail, the lease ends, and rows are marked only if still wanted.
  const renewing = setInterval(() => void ledger.lease(lane, holder, leaseMs).catch(() => {}), leaseMs / 3)
  try {
    return await work()
  } finally {
    clearInterval(renewing)
    await ledger.release(lane, holder).catch(() => {})
  }
}
