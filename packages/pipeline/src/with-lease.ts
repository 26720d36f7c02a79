import { randomUUID } from "node:crypto"
import type { Lane } from "@engram/contracts/ports"
import type { VectorLedger } from "@engram/contracts/vectors"

/**
 * Runs `work` as the lane's only writer; undefined when another turn has the lane. The queue cannot promise that alone: a
 * turn it believes dead may still be running. A worker that dies holds its lane for `leaseMs`; one that lives renews its
 * lease at a third of it, so that a slow call does not lose it.
 */
export async function withLease<T>(
  ledger: Pick<VectorLedger, "lease" | "release">,
  lane: Lane,
  leaseMs: number,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const holder = randomUUID()
  if (!(await ledger.lease(lane, holder, leaseMs))) return undefined
  // A renewal that fails is made up for by the next; if all fail, the lease ends, and rows are marked only if still wanted.
  let renewal: Promise<unknown> = Promise.resolve()
  const renewing = setInterval(() => {
    renewal = ledger.lease(lane, holder, leaseMs).catch(() => {})
  }, leaseMs / 3)
  try {
    return await work()
  } finally {
    clearInterval(renewing)
    // A renewal that comes after the release would take the lane for nobody.
    await renewal
    await ledger.release(lane, holder).catch(() => {})
  }
}
