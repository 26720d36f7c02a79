import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** What to do to a request instead of answering it. */
export type Failure =
  | { readonly status: number; readonly retryAfterSeconds?: number; readonly message?: string }
  /** Takes the request and never answers. */
  | { readonly hang: true }
  /** Sends half an answer and closes the connection. */
  | { readonly tear: true }
  /** Does the work, and answers so much later. */
  | { readonly slowMs: number }
  /** Does the work, and closes the connection before answering. */
  | { readonly lost: true }

export interface Request {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

export interface Answer {
  readonly status: number
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown
  readonly headers?: { readonly [name: string]: string }
}

/** A request that was refused, as the service words it. */
export class Refused extends Error {
  readonly answer: Answer

  constructor(status: number, body: unknown, headers: { readonly [name: string]: string } = {}) {
    super(JSON.stringify(body))
    this.answer = { status, body, headers }
  }
}

export interface StrictServer {
  readonly url: string
  /** Every request that arrived, failed ones too, oldest first. */
  readonly requests: readonly Request[]
  /** The next `times` requests fail like this; called again, the next ones after those. */
  failNext(failure: Failure, times?: number): void
  close(): Promise<void>
}

/** A real HTTP server for `handle`, with failures on command. `failureBody` words an injected status as the service does. */
export async function startStrictServer(
  handle: (request: Request) => Answer | Promise<Answer>,
  failureBody: (status: number, message: string) => unknown,
): Promise<StrictServer> {
  const requests: Request[] = []
  const failures: Failure[] = []
  const timers = new Set<NodeJS.Timeout>()

  const sendLater = (response: ServerResponse, answer: Answer, afterMs: number) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      send(response, answer)
    }, afterMs)
    timers.add(timer)
  }

  const respond = async (incoming: IncomingMessage, response: ServerResponse) => {
    const request = await read(incoming)
    requests.push(request)
    const failure = failures.shift() ?? { slowMs: 0 }
    if ("hang" in failure) return
    if ("tear" in failure) return tear(response)
    if ("status" in failure) {
      const { status, retryAfterSeconds, message = "injected failure" } = failure
      if (retryAfterSeconds !== undefined) response.setHeader("retry-after", String(retryAfterSeconds))
      return send(response, { status, body: failureBody(status, message) })
    }
    const answer = await answerOf(handle, request)
    if ("lost" in failure) return response.destroy()
    if (failure.slowMs > 0) return sendLater(response, answer, failure.slowMs)
    send(response, answer)
  }

  const server = createServer((incoming, response) => {
    respond(incoming, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    failNext(failure, times = 1) {
      failures.push(...Array.from({ length: times }, () => failure))
    },
    async close() {
      for (const timer of timers) clearTimeout(timer)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function read(incoming: IncomingMessage): Promise<Request> {
  const pieces: Buffer[] = []
  for await (const piece of incoming) pieces.push(piece as Buffer)
  const url = new URL(incoming.url ?? "/", "http://localhost")
  return {
    method: incoming.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(pieces).toString(),
  }
}

async function answerOf(handle: (request: Request) => Answer | Promise<Answer>, request: Request): Promise<Answer> {
  try {
    return await handle(request)
  } catch (error) {
    if (error instanceof Refused) return error.answer
    throw error
  }
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  if (response.destroyed) return
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (body === undefined) return void response.end()
  response.setHeader("content-type", typeof body === "string" ? "text/plain" : "application/json")
  response.end(typeof body === "string" ? body : JSON.stringify(body))
}

function tear(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" })
  response.write('{"id":"half an answ', () => response.destroy())
}
