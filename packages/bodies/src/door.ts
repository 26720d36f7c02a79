import { STATUS_CODES } from "node:http"
import type { Socket } from "node:net"
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  fastify,
} from "fastify"
import { takeTurns } from "./take-turns.ts"
import { traceRequests } from "./trace-requests.ts"
import { whenEnded } from "./when-ended.ts"

export interface DoorOptions extends Pick<FastifyServerOptions, "bodyLimit" | "routerOptions"> {
  /** From a request's first byte to its body's last; then it is refused with 408. */
  readonly requestMs: number
  /** How long requests under way may take to finish once the process stops. */
  readonly stopMs: number
  /** Answers in the door's words what went wrong, in a route or before one. */
  readonly answerError: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => unknown
  /** Told of what was refused before there was a request to answer. */
  readonly onRefused: (status: number) => void
  /** Told of each request once: when its answer is out, or its client gone (499). */
  readonly onEnded?: (request: FastifyRequest, status: number, tookMs: number) => void
}

export interface Door {
  readonly app: FastifyInstance
  readonly isStopping: () => boolean
  /** Listening ends, here and `elsewhere`, requests under way get their answers, connections close; all within `stopMs`. */
  stop(elsewhere?: () => Promise<unknown>): Promise<void>
}

/** An HTTP server that answers whatever comes: what Node would refuse without a word, or Fastify in its own, is refused as the routes refuse. */
export function createDoor({ requestMs, stopMs, answerError, onRefused, onEnded, ...options }: DoorOptions): Door {
  let stopping = false
  const app: FastifyInstance = fastify({
    ...options,
    requestTimeout: requestMs,
    http: {
      // Of the two Node takes the larger for the whole request, and the other is 60 s unless said.
      headersTimeout: requestMs,
      connectionsCheckingInterval: Math.min(5_000, requestMs),
      requireHostHeader: false,
    },
    // A 503 means that something is away, also while the process stops: what still comes in is answered.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket, onRefused),
  })
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((request, reply) => {
    const message = `there is nothing at ${request.method} ${request.url.split("?", 1)[0]}`
    return answerError(refused(404, message), request, reply)
  })
  if (onEnded) tellEnds(app, onEnded)
  takeTurns(app)
  traceRequests(app)
  app.addHook("onRequest", ({ raw, headers }, _reply, done) => {
    const encoding = headers["content-encoding"] ?? "identity"
    // RFC 9112, 3.2.
    if (raw.httpVersion === "1.1" && headers.host === undefined) done(refused(400, "the Host header is missing"))
    // RFC 9110, 8.4.
    else if (encoding !== "identity") done(refused(415, "bodies are taken as they are, without a Content-Encoding"))
    else done()
  })
  app.server.on("checkExpectation", ({ headers }, response) => {
    const refusal = { status: 417, message: `nothing here knows how to expect "${headers.expect}"` }
    onRefused(refusal.status)
    const { body, ...fields } = unread(refusal)
    response.writeHead(refusal.status, fields).end(body)
  })
  // A connection that was busy when listening ended would otherwise stay open, and hold up the stop, until it is cut.
  app.addHook("onSend", async (_request, reply) => {
    if (stopping) void reply.header("connection", "close")
  })
  return {
    app,
    isStopping: () => stopping,
    stop: async (elsewhere = async () => {}) => {
      stopping = true
      const cut = setTimeout(() => app.server.closeAllConnections(), stopMs)
      await Promise.all([app.close(), elsewhere()])
      clearTimeout(cut)
    },
  }
}

function tellEnds(app: FastifyInstance, onEnded: NonNullable<DoorOptions["onEnded"]>): void {
  app.addHook("onRequest", (request, { raw: response }, done) => {
    const began = performance.now()
    whenEnded(response, (status) => onEnded(request, status, performance.now() - began))
    done()
  })
}

const refused = (statusCode: number, message: string): FastifyError =>
  Object.assign(new Error(message), { code: "REFUSED", statusCode })

interface Unreadable {
  readonly status: number
  readonly message: string
}

const unreadable: { readonly [code: string]: Unreadable } = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: "the request did not come to its end in time" },
  HPE_HEADER_OVERFLOW: { status: 431, message: "the request line and the headers are too long" },
}
const notHttp: Unreadable = { status: 400, message: "the request is not HTTP" }

/** What Node gives up before it is a request; then the connection ends. */
function answerUnreadable(
  { code }: { readonly code: string },
  socket: Socket,
  onRefused: DoorOptions["onRefused"],
): void {
  if (code === "ECONNRESET" || socket.destroyed) return
  const refusal = unreadable[code] ?? notHttp
  onRefused(refusal.status)
  const { body, ...fields } = unread(refusal)
  const head = [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`]
  for (const [name, value] of Object.entries(fields)) head.push(`${name}: ${value}`)
  if (socket.writable) socket.write(`${head.join("\r\n")}\r\n\r\n${body}`)
  socket.destroy()
}

/** The answer to what was not read, in the words that all doors share. */
function unread({ message }: Unreadable) {
  const body = JSON.stringify({ code: "bad_request", message })
  return {
    body,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  }
}
