import { hash } from "node:crypto"
import type { BodyBudget } from "@engram/bodies/body-budget"
import { readBody } from "@engram/bodies/read-body"
import { Refusal } from "@engram/bodies/refusal"
import type { Connection, Connections } from "@engram/contracts/deliveries"
import type { JsonObject } from "@engram/contracts/json"
import type { ReceivedRequest, Source } from "@engram/contracts/source"
import { deliveryId } from "@engram/core/ids"
import type { Metrics } from "@engram/observability/metrics"
import type { Acceptor } from "@engram/pipeline/accept"
import type { FastifyInstance } from "fastify"
import { mediaType } from "./media-type.ts"

export interface WebhookDeps {
  readonly sources: { readonly [name: string]: Source }
  readonly connections: Connections
  readonly acceptor: Acceptor
  readonly budget: BodyBudget
  readonly bodyBytesMax: number
  readonly metrics: Metrics
}

/** The index of deliveries holds the key whole; longer ones are nobody's. */
const deliveryKeyCharsMax = 255

/**
 *   202 {id}                    stored; will be processed
 *   200 {id, duplicate: true}   stored before, under this id; or the answer to a handshake
 *   400   empty body, or no delivery id          413   over 25 MB
 *   401   no secret made this signature          415   not a content type of this source
 *   404   no such connection of this source      503   Postgres, or this connection, cannot take it now (Retry-After)
 */
export function serveWebhooks(app: FastifyInstance, deps: WebhookDeps): void {
  app.post<{ Params: { source: string; connectionId: string } }>(
    "/v1/webhooks/:source/:connectionId",
    async (request, reply) => {
      const { source, connection } = await findDoor(deps, request.params)
      const headers = request.headers as ReceivedRequest["headers"]
      if (!source.contentTypes.includes(mediaType(headers["content-type"]))) {
        throw new Refusal(415, "unsupported_media_type", `${source.name} sends ${source.contentTypes.join(" or ")}`)
      }
      const { bytes: body, release } = await readBody(request.raw, { bytesMax: deps.bodyBytesMax, budget: deps.budget })
      try {
        const handshake = await shakeHands(deps, source, connection, { headers, body })
        if (handshake !== undefined) return await reply.code(200).send(handshake)
        const deliveryKey = authenticKey(source, connection, { headers, body })
        const id = deliveryId(connection.id, deliveryKey)
        const accepted = await deps.acceptor.accept({
          id,
          workspaceId: connection.workspaceId,
          storeId: connection.storeId,
          connectionId: connection.id,
          deliveryKey,
          source: source.name,
          event: source.eventName({ headers, body }),
          headers: keep(headers, source.keptHeaders),
          body,
          bodyHash: hash("sha256", body, "hex"),
        })
        if (accepted === "duplicate") {
          deps.metrics.duplicates.inc({ source: source.name })
          return await reply.code(200).send({ id, duplicate: true })
        }
        deps.metrics.accepted.inc({ source: source.name })
        return await reply.code(202).send({ id })
      } finally {
        release()
      }
    },
  )
}

async function findDoor(
  { sources, connections }: WebhookDeps,
  params: { readonly source: string; readonly connectionId: string },
): Promise<{ source: Source; connection: Connection }> {
  const source = Object.hasOwn(sources, params.source) ? sources[params.source] : undefined
  const connection = source && (await connections.find(params.connectionId))
  if (!source || connection?.source !== source.name) {
    throw new Refusal(404, "unknown_connection", `there is no connection ${params.connectionId} of ${params.source}`)
  }
  return { source, connection }
}

/** What a request that only asks who is there is answered with. */
async function shakeHands(
  { connections }: WebhookDeps,
  source: Source,
  connection: Connection,
  request: ReceivedRequest,
): Promise<JsonObject | undefined> {
  const handshake = source.handshake?.(request)
  if (handshake === undefined) return undefined
  if ("answer" in handshake) {
    assertAuthentic(source, connection, request)
    return handshake.answer
  }
  if (await connections.adopt(connection, handshake.secret)) return {}
  throw new Refusal(
    401,
    "already_connected",
    "this connection has another secret; `engram connect --rotate` lets it go",
  )
}

function assertAuthentic(source: Source, connection: Connection, request: ReceivedRequest): void {
  if (source.isAuthentic(request, connection.secrets, Date.now())) return
  throw new Refusal(401, "bad_signature", "the signature is missing, stale, or made with another secret")
}

/** The sender's id of the delivery, once it is certain who the sender is. */
function authenticKey(source: Source, connection: Connection, request: ReceivedRequest): string {
  if (request.body.byteLength === 0) throw new Refusal(400, "empty_body", "the request has no body")
  assertAuthentic(source, connection, request)
  const key = source.deliveryKey(request)
  if (!key) throw new Refusal(400, "no_delivery_id", `the request does not carry ${source.name}'s delivery id`)
  if (key.length > deliveryKeyCharsMax) {
    throw new Refusal(400, "bad_delivery_id", `a delivery id has at most ${deliveryKeyCharsMax} characters`)
  }
  return key
}

function keep(headers: ReceivedRequest["headers"], names: readonly string[]): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of names) {
    const value = headers[name]
    if (value !== undefined) kept[name] = value
  }
  return kept
}
