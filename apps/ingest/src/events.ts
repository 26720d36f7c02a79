import { hash } from "node:crypto"
import type { BodyBudget } from "@engram/bodies/body-budget"
import { readBody } from "@engram/bodies/read-body"
import { Refusal } from "@engram/bodies/refusal"
import type { ApiKey, ApiKeys, DeliveryInbox } from "@engram/contracts/deliveries"
import { connectionId, deliveryId } from "@engram/core/ids"
import type { Metrics } from "@engram/observability/metrics"
import type { Acceptor } from "@engram/pipeline/accept"
import type { FastifyInstance } from "fastify"
import { createBacklogGate } from "./backlog-gate.ts"
import { mediaType } from "./media-type.ts"
import { type ReadEvent, readEvents } from "./read-events.ts"

export interface EventDeps {
  readonly apiKeys: ApiKeys
  readonly inbox: Pick<DeliveryInbox, "backlog">
  readonly acceptor: Acceptor
  readonly budget: BodyBudget
  readonly bodyBytesMax: number
  readonly eventsMax: number
  /** Deliveries of one workspace that may wait to be processed. */
  readonly backlogMax: number
  readonly metrics: Metrics
}

/** The bytes, their text (which may take two for each), and each event's own bytes; of what is parsed out of it, one event's at a time. */
const memoryPerByte = 4

const mediaTypes = ["application/json", "application/x-ndjson"]

/**
 *   202 {deliveries: [{id, state}]}   all stored; state is "new" or "duplicate"; 200 when none is new
 *   400   an event is wrong: none was stored          413   over 25 MB, or too many events
 *   401   no such key                                 415   neither JSON nor NDJSON
 *   403   the key may not write                       429   too much waits already (Retry-After)
 *                                                     503   Postgres cannot take them now (Retry-After)
 */
export function serveEvents(app: FastifyInstance, deps: EventDeps): void {
  const gate = createBacklogGate(deps.inbox, deps.backlogMax)

  app.post("/v1/events", async (request, reply) => {
    const key = await writer(deps.apiKeys, request.headers.authorization)
    const type = mediaType(request.headers["content-type"])
    if (!mediaTypes.includes(type)) {
      throw new Refusal(415, "unsupported_media_type", `events are sent as ${mediaTypes.join(" or ")}`)
    }
    await gate.pass(key.workspaceId)

    const { bodyBytesMax: bytesMax, budget } = deps
    const { bytes, release } = await readBody(request.raw, { bytesMax, budget, memoryPerByte })
    try {
      const events = await readEvents(bytes, { type, eventsMax: deps.eventsMax })
      const deliveries = await acceptAll(deps, key, events)
      const fresh = deliveries.filter(({ state }) => state === "new").length
      deps.metrics.accepted.inc({ source: "events" }, fresh)
      deps.metrics.duplicates.inc({ source: "events" }, deliveries.length - fresh)
      return await reply.code(fresh > 0 ? 202 : 200).send({ deliveries })
    } finally {
      release()
    }
  })
}

async function writer(apiKeys: ApiKeys, authorization: string | undefined): Promise<ApiKey> {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? []
  const key = token === undefined ? undefined : await apiKeys.authenticate(token)
  if (!key) throw new Refusal(401, "unknown_key", "send `authorization: Bearer` with an API key that is not revoked")
  if (!key.actions.includes("write")) throw new Refusal(403, "may_not_write", `the key ${key.name} may not write`)
  return key
}

/** Waits for every answer, so that nothing is under way any more when the request is answered. */
async function acceptAll(
  deps: EventDeps,
  key: ApiKey,
  events: readonly ReadEvent[],
): Promise<{ id: string; state: "new" | "duplicate" }[]> {
  const door = connectionId(key.workspaceId, "events", key.storeId)
  const answers = await Promise.allSettled(
    events.map(async ({ idempotencyKey, kind, body }) => {
      const id = deliveryId(door, idempotencyKey)
      const state = await deps.acceptor.accept({
        id,
        workspaceId: key.workspaceId,
        storeId: key.storeId,
        connectionId: door,
        deliveryKey: idempotencyKey,
        source: "events",
        event: kind,
        headers: {},
        body,
        bodyHash: hash("sha256", body, "hex"),
      })
      return { id, state }
    }),
  )
  const failed = answers.find((answer) => answer.status === "rejected")
  if (failed) throw failed.reason
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []))
}
