import http from "node:http"
import https from "node:https"

export interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: string
}

/** One HTTP request at a time per connection, connections kept. */
export interface Requester {
  /** Rejects when there is no whole answer within the time. */
  ask(method: string, path: string, body?: string): Promise<Answer>
  close(): void
}

/** node:http, because `fetch` cannot speak to a unix socket and costs twice the time of a core per request. */
export function createRequester(options: {
  readonly url: string
  readonly connectionsMax: number
  readonly signal: AbortSignal
  readonly timeoutMs?: number
}): Requester {
  const { url, connectionsMax, signal, timeoutMs = 30_000 } = options
  const socketPath = url.startsWith("unix:") ? url.slice("unix:".length) : undefined
  const base = new URL(socketPath === undefined ? url : "http://localhost")
  const prefix = base.pathname.replace(/\/$/, "")
  const { Agent, request } = base.protocol === "https:" ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: connectionsMax })

  return {
    ask: (method, path, body) =>
      new Promise((resolve, reject) => {
        const headers = body === undefined ? {} : jsonHeaders(body)
        const how = { method, agent, headers, ...(socketPath !== undefined && { socketPath }) }
        const stop = (): void => void outgoing.destroy(signal.reason instanceof Error ? signal.reason : undefined)
        const settle =
          <T>(end: (value: T) => void) =>
          (value: T): void => {
            clearTimeout(timer)
            signal.removeEventListener("abort", stop)
            end(value)
          }
        const fail = settle(reject)
        const outgoing = request(new URL(`${prefix}${path}`, base), how, (incoming) => {
          const chunks: Buffer[] = []
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
          incoming.on("error", fail)
          incoming.on("end", () => {
            const retryAfter = incoming.headers["retry-after"]
            settle(resolve)({
              status: incoming.statusCode ?? 0,
              retryAfter,
              body: Buffer.concat(chunks).toString("utf8"),
            })
          })
        })
        const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
        signal.addEventListener("abort", stop, { once: true })
        outgoing.on("error", fail)
        outgoing.end(body)
      }),
    close: () => agent.destroy(),
  }
}

const jsonHeaders = (body: string) => ({
  "content-type": "application/json",
  "content-length": Buffer.byteLength(body),
})
