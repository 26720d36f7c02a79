import { Rejected, RetryLater, reasonOf, TookTooLong } from "@engram/contracts/errors"
import type { ClaimedDelivery, DeliveryDesk } from "@engram/contracts/knowledge"
import type { ArtifactStore, Lane, LaneQueue, Log, TurnEnd } from "@engram/contracts/ports"
import type { Source } from "@engram/contracts/source"
import { disjointGroups } from "@engram/core/disjoint-groups"
import type { Redactor } from "@engram/core/redact/redactor"
import type { ReadDelivery } from "./persist/read-delivery.ts"
import type { Persisted } from "./persist.ts"
import { parkReason, type Read, readDelivery } from "./read-delivery.ts"
import { tellQueue } from "./wake.ts"

export interface NormalizeLimits {
  /** Deliveries taken together. */
  readonly rowsMax: number
  /** Transactions they are written in at once: while Postgres works on one, the others are merged and rendered. */
  readonly writesMax: number
  readonly bytesMax: number
  /** How long a worker that dies keeps its deliveries from the others. */
  readonly leaseMs: number
  /** A delivery taken this often without an end is parked. */
  readonly attemptsMax: number
}

export interface NormalizeDeps {
  readonly desk: DeliveryDesk
  readonly sources: Readonly<Record<string, Source>>
  readonly artifacts: ArtifactStore
  /** What takes credentials, and what else the workspace wants gone, out of texts. */
  readonly redactorOf: (workspaceId: string) => Promise<Redactor>
  /** Makes the store ready to be written to. */
  readonly open: (lane: Lane) => Promise<void>
  readonly persist: (lane: Lane, deliveries: readonly ReadDelivery[]) => Promise<Persisted>
  /** What follows a commit: best effort, never throws. */
  readonly announce: (lane: Lane, persisted: Persisted) => Promise<void>
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
  readonly limits: NormalizeLimits
}

/**
 * One turn: a batch of fresh deliveries written together, and one that was taken before by itself, since it may be what
 * made its batch fail or its worker die.
 */
export const normalize =
  (deps: NormalizeDeps) =>
  async (lane: Lane): Promise<TurnEnd> => {
    await deps.open(lane)
    const fresh = await readFresh(deps, lane)
    const again = await deps.desk.claim(lane, "again", { ...deps.limits, rowsMax: 1 })
    await end(deps, lane, await takeAll(deps, lane, await giveUp(deps, lane, again)))
    // Once a turn, so that the embedder finds full batches. When nothing waits any more, bytes may leave Postgres.
    const done = fresh + again.length === 0
    await tellQueue(deps.queue, deps.log, { ...lane, stage: done ? "archive" : "embed" })
    return done ? "idle" : "more"
  }

/** Two batches a turn: while the first is written, the second is read. Returns how many deliveries there were. */
async function readFresh(deps: NormalizeDeps, lane: Lane): Promise<number> {
  const claimAndRead = async () => {
    const claimed = await deps.desk.claim(lane, "fresh", deps.limits)
    return { claimed: claimed.length, taken: await takeAll(deps, lane, claimed) }
  }
  const endAll = async (taken: readonly Taken[]) =>
    throwFirst(
      await Promise.allSettled(
        disjointGroups(taken, documentsOf, deps.limits.writesMax).map((group) => end(deps, lane, group)),
      ),
    )
  const first = await claimAndRead()
  const [ended, second] = await Promise.allSettled([
    endAll(first.taken),
    first.claimed < deps.limits.rowsMax ? { claimed: 0, taken: [] } : claimAndRead(),
  ])
  // The second batch has been taken, so it is ended or given back whatever became of the first.
  if (second.status === "fulfilled") await endAll(second.value.taken)
  throwFirst([ended, second])
  return first.claimed + (second.status === "fulfilled" ? second.value.claimed : 0)
}

/** What a delivery speaks of: two that share a document are written together, or one would wait for the other. */
const documentsOf = ({ read }: Taken): string[] => {
  if (!("drafts" in read)) return []
  const { source, drafts } = read.drafts
  const named = [
    ...drafts.documents.map(({ sourceId }) => sourceId),
    ...drafts.moments.map((m) => m.documentSourceId),
    ...(drafts.fetches ?? []).map(({ kind, id }) => `${kind}:${id}`),
  ]
  return named.flatMap((sourceId) => (sourceId === undefined ? [] : [`${source.name} ${sourceId}`]))
}

function throwFirst(results: readonly PromiseSettledResult<unknown>[]): void {
  for (const each of results) if (each.status === "rejected") throw each.reason
}

/** A delivery that was taken too often is parked without another look; the others are returned. */
async function giveUp(
  { desk, limits }: NormalizeDeps,
  lane: Lane,
  deliveries: readonly ClaimedDelivery[],
): Promise<ClaimedDelivery[]> {
  const hopeless = deliveries.filter(({ attempts }) => attempts > limits.attemptsMax)
  const worth = deliveries.filter(({ attempts }) => attempts <= limits.attemptsMax)
  const reason = `gave up: taken ${limits.attemptsMax} times without an end, each time failing or ending its worker`
  if (hopeless.length > 0) {
    await desk.close(
      lane,
      hopeless.map(({ id }) => ({ id, state: "parked", reason })),
    )
  }
  return worth
}

interface Taken {
  readonly delivery: ClaimedDelivery
  readonly read: Read
}

/** When something is away the deliveries go back at once, and the lane waits. Those already ended are past giving back. */
async function end(deps: NormalizeDeps, lane: Lane, taken: readonly Taken[]): Promise<void> {
  try {
    await settle(deps, lane, taken)
  } catch (error) {
    if (!(error instanceof RetryLater)) throw error
    // If this fails too, their lease runs out.
    await Promise.allSettled(
      taken.map(({ delivery }) =>
        deps.desk.release(lane, delivery, reasonOf(error), { afterMs: error.afterMs, as: "interrupted" }),
      ),
    )
    throw error
  }
}

const takeAll = async (deps: NormalizeDeps, lane: Lane, claimed: readonly ClaimedDelivery[]): Promise<Taken[]> =>
  (await Promise.all(claimed.map((delivery) => take(deps, lane, delivery)))).flat()

/** Bytes that cannot be fetched now say nothing against their delivery: it alone goes back, and was never taken. */
async function take(deps: NormalizeDeps, lane: Lane, delivery: ClaimedDelivery): Promise<Taken[]> {
  try {
    const redactor = await deps.redactorOf(lane.workspaceId)
    return [{ delivery, read: await readDelivery({ ...deps, redactor }, delivery) }]
  } catch (error) {
    if (!(error instanceof RetryLater)) throw error
    await deps.desk.release(lane, delivery, reasonOf(error), { afterMs: error.afterMs, as: "untaken" })
    return []
  }
}

/** A batch that fails is tried delivery by delivery, so that one bad row costs the others nothing. */
async function settle(deps: NormalizeDeps, lane: Lane, taken: readonly Taken[]): Promise<void> {
  const [first, second] = taken
  if (first === undefined) return
  if (second === undefined) return settleOne(deps, lane, first)
  try {
    await write(
      deps,
      lane,
      taken.map(({ read }) => read),
    )
  } catch (error) {
    if (error instanceof RetryLater) throw error
    deps.log.warn({ lane, deliveries: taken.length, reason: reasonOf(error) }, "batch refused, trying one by one")
    for (const one of taken) await settleOne(deps, lane, one)
  }
}

async function settleOne(deps: NormalizeDeps, lane: Lane, { delivery, read }: Taken): Promise<void> {
  try {
    await write(deps, lane, [read])
  } catch (error) {
    if (error instanceof TookTooLong) {
      // It may be too much each time, or Postgres slow: it alone is put off, and never parked for that.
      return deps.desk.release(lane, delivery, reasonOf(error), { afterMs: backoffMaxMs, as: "interrupted" })
    }
    if (error instanceof RetryLater) throw error
    const final = error instanceof Rejected || delivery.attempts >= deps.limits.attemptsMax
    if (final) return deps.desk.close(lane, [{ id: delivery.id, state: "parked", reason: parkReason(error) }])
    await deps.desk.release(lane, delivery, reasonOf(error), { afterMs: backoffMs(delivery.attempts), as: "failed" })
  }
}

async function write(deps: NormalizeDeps, lane: Lane, reads: readonly Read[]): Promise<void> {
  const drafts = reads.flatMap((read) => ("drafts" in read ? [read.drafts] : []))
  const persisted = drafts.length > 0 ? await deps.persist(lane, drafts) : undefined
  await deps.desk.close(
    lane,
    reads.flatMap((read) => ("end" in read ? [read.end] : [])),
  )
  if (persisted === undefined) return
  if (persisted.fetches > 0) await tellQueue(deps.queue, deps.log, { ...lane, stage: "hydrate" })
  await deps.announce(lane, persisted)
}

const backoffMaxMs = 600_000
/** 2, 4, 8, … seconds, at most 10 minutes. */
const backoffMs = (attempts: number): number => Math.min(backoffMaxMs, 1_000 * 2 ** attempts)
