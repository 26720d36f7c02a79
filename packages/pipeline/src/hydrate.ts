import { hash } from "node:crypto"
import type { Connections, NewDelivery } from "@engram/contracts/deliveries"
import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { FetchAnswer, FetchLedger, Hydrator, OwedFetch } from "@engram/contracts/fetches"
import type { WorkspaceId } from "@engram/contracts/ids"
import type { JsonObject } from "@engram/contracts/json"
import type { Lane, LaneQueue, Log, TurnEnd } from "@engram/contracts/ports"
import type { VectorLedger } from "@engram/contracts/vectors"
import { deliveryId } from "@engram/core/ids"
import { parkReason } from "./read-delivery.ts"
import { tellQueue } from "./wake.ts"
import { withLease } from "./with-lease.ts"

export interface HydrateLimits {
  /** After so long a turn takes no other thing, so that stores get turns alike. */
  readonly turnMs: number
  /** A fetch taken this often without an answer is given up: each time may have ended its worker. */
  readonly attemptsMax: number
  /** How long a connection without a token, or with a wrong one, is left alone. */
  readonly credentialsRestMs: number
}

export const hydrateLimits: HydrateLimits = { turnMs: 10_000, attemptsMax: 5, credentialsRestMs: 60_000 }

export interface HydrateDeps {
  readonly ledger: FetchLedger
  readonly leases: Pick<VectorLedger, "lease" | "release">
  readonly connections: Pick<Connections, "find">
  /** By the source's name. Sources without one bring everything themselves. */
  readonly hydrators: Readonly<Record<string, Hydrator>>
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
  /** How long a worker that dies keeps its lane from the others. */
  readonly leaseMs: number
  readonly limits: HydrateLimits
}

/**
 * One turn: asks senders for what their events named, one thing after another, and accepts what they answer as deliveries, which
 * are read, kept and replayed like any other. A turn that dies leaves its thing owed; one lease a store keeps it asked for once.
 */
export const hydrate =
  (deps: HydrateDeps) =>
  async (lane: Lane): Promise<TurnEnd> =>
    (await withLease(deps.leases, lane, deps.leaseMs, () => work(deps, lane))) ?? { afterMs: deps.leaseMs / 6 }

async function work(deps: HydrateDeps, lane: Lane): Promise<TurnEnd> {
  const names = Object.keys(deps.hydrators)
  for (const startedAt = performance.now(); performance.now() - startedAt < deps.limits.turnMs; ) {
    const fetch = await deps.ledger.take(lane, names)
    if (fetch === undefined) {
      const dueInMs = await deps.ledger.dueInMs(lane, names)
      return dueInMs === undefined ? "idle" : { afterMs: dueInMs }
    }
    await settle(deps, lane, fetch)
  }
  return "more"
}

async function settle(deps: HydrateDeps, lane: Lane, fetch: OwedFetch): Promise<void> {
  const { ledger, limits } = deps
  if (fetch.attempts > limits.attemptsMax) {
    const reason = `gave up: taken ${limits.attemptsMax} times without an answer, each time failing or ending its worker`
    return ledger.end(lane, fetch, "gave_up", reason)
  }
  const answer = await ask(deps, fetch).catch((error: unknown) => refuse(deps, lane, fetch, error))
  if (answer === undefined) return
  if (answer.outcome === "missing") return ledger.end(lane, fetch, "missing", answer.reason)
  await ledger.found(fetch, deliveryOf(lane, fetch, answer.content))
  await tellQueue(deps.queue, deps.log, { ...lane, stage: "normalize" })
}

async function ask({ connections, hydrators }: HydrateDeps, fetch: OwedFetch): Promise<FetchAnswer> {
  const connection = await connections.find(fetch.connectionId)
  return hydrators[fetch.source]!.fetch(fetch, connection?.credentials ?? {})
}

/** Later for what may pass, an end for what never can; a bug is tried a few times more. */
async function refuse(deps: HydrateDeps, lane: Lane, fetch: OwedFetch, error: unknown): Promise<undefined> {
  const { ledger, limits, log } = deps
  const reason = reasonOf(error)
  const backoffMs = Math.min(600_000, 1_000 * 2 ** Math.min(fetch.failures + 1, 10)) * (0.75 + Math.random() / 4)
  if (error instanceof RetryLater) {
    const afterMs = Math.max(error.afterMs, backoffMs)
    await ledger.postpone(lane, fetch, reason, { afterMs, restMs: error.afterMs })
  } else if (error instanceof Rejected && error.code.startsWith("credentials_")) {
    log.error({ lane, connectionId: fetch.connectionId, reason }, "cannot ask the sender")
    const restMs = limits.credentialsRestMs
    await ledger.postpone(lane, fetch, reason, { afterMs: restMs, restMs })
  } else if (error instanceof Rejected || fetch.failures + 1 >= limits.attemptsMax) {
    await ledger.end(lane, fetch, "gave_up", parkReason(error))
  } else {
    log.error({ lane, kind: fetch.kind, id: fetch.id, reason, stack: (error as Error)?.stack }, "a fetch failed")
    await ledger.postpone(lane, fetch, parkReason(error), { afterMs: backoffMs, restMs: 0 })
  }
}

/** What was fetched, in the shape of the sender's own events, and under a key that no other fetch has. */
function deliveryOf(lane: Lane, fetch: OwedFetch, data: JsonObject): NewDelivery {
  const { connectionId, storeId, source, kind, id, within, asOf } = fetch
  const event = `${kind}.fetched`
  const said = { type: event, as_of: new Date(asOf).toISOString(), entity: { id, type: kind }, within, data }
  const body = Buffer.from(JSON.stringify(said))
  const deliveryKey = `${event}:${id}:${asOf}`
  return {
    id: deliveryId(connectionId, deliveryKey),
    workspaceId: lane.workspaceId as WorkspaceId,
    storeId,
    connectionId,
    deliveryKey,
    source,
    event,
    headers: { "content-type": "application/json" },
    body,
    bodyHash: hash("sha256", body, "hex"),
  }
}
