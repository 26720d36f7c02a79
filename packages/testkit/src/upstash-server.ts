import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createUpstashCommands, type Reply } from "./upstash-commands.ts"

/**
 * Upstash's REST API, as strict as the service: POST with a bearer token, JSON arrays of commands, its limits, its error
 * shapes, base64 answers when asked. Commands that it does not know are refused.
 *
 * | request                                  | answer                                              |
 * |------------------------------------------|-----------------------------------------------------|
 * | POST /  `["SET","k","v"]`                | `{"result":…}`, or 400 `{"error":"ERR …"}`          |
 * | POST /pipeline `[[…],[…]]`               | an array of the same, each its own error            |
 * | POST /multi-exec `[[…],[…]]`             | the same                                            |
 * | either with an element that is no array  | 400, and nothing is run                             |
 * | wrong token                              | 401 `{"error":"WRONGPASS invalid or missing auth token"}` |
 * | body over `requestBytesMax`              | 413 `{"error":"ERR max request size exceeded…"}`    |
 *
 * Limits by upstash.com/docs/redis/troubleshooting: request 10 MB, key 32 KB.
 */
export interface UpstashServer {
  readonly url: string
  readonly token: string
  /** Requests that arrived, by path. */
  readonly requests: readonly string[]
  /** The next `times` requests fail so. `hang` answers nothing, `tear` cuts the answer in the middle. */
  failNext(how: UpstashFailure, times?: number): void
  stopFailing(): void
  /** Refuses connections, keeping its data and its port. */
  pause(): Promise<void>
  resume(): Promise<void>
  stop(): Promise<void>
}

export type UpstashFailure = 429 | 500 | 503 | "hang" | "tear"

const failures: Record<429 | 500 | 503, string> = {
  429: "ERR max requests limit exceeded. Limit: 10000, Usage: 10000. See https://upstash.com/docs/redis/troubleshooting/max_requests_limit for details",
  500: "ERR internal error",
  503: "ERR service unavailable",
}

export async function startUpstashServer({ requestBytesMax = 10_000_000 } = {}): Promise<UpstashServer> {
  const token = "test-token"
  const run = createUpstashCommands()
  const requests: string[] = []
  const failing: UpstashFailure[] = []

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    requests.push(request.url ?? "")
    const body = await readBody(request, requestBytesMax)
    const failure = failing.shift()
    if (failure === "hang") return
    if (failure === "tear") return tear(response)
    if (failure) return send(response, failure, { error: failures[failure] })
    const asIs = request.headers["upstash-encoding"] !== "base64"
    const [status, answer] = answerTo(request, body, token, run)
    send(response, status, Array.isArray(answer) ? answer.map((reply) => written(reply, asIs)) : written(answer, asIs))
  }
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      server.once("error", reject)
      server.listen(port, "127.0.0.1", () => {
        const address = server.address()
        resolve(typeof address === "object" ? (address?.port ?? 0) : 0)
      })
    })
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  const port = await listen(0)
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    requests,
    failNext: (how, times = 1) => void failing.push(...Array<UpstashFailure>(times).fill(how)),
    stopFailing: () => void failing.splice(0),
    pause: close,
    resume: async () => void (await listen(port)),
    stop: close,
  }
}

type Answer = Reply | Reply[]

function answerTo(
  request: IncomingMessage,
  body: string | undefined,
  token: string,
  run: (command: unknown) => Reply,
): [number, Answer] {
  if (request.headers.authorization !== `Bearer ${token}`) {
    return [401, { error: "WRONGPASS invalid or missing auth token" }]
  }
  if (request.method !== "POST") return [405, { error: "ERR only POST is spoken here" }]
  if (body === undefined) return [413, { error: "ERR max request size exceeded. Limit: 10000000 bytes" }]
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return [400, { error: "ERR failed to parse pipeline request" }]
  }
  if (request.url === "/") {
    const reply = run(parsed)
    return ["error" in reply ? 400 : 200, reply]
  }
  if (request.url !== "/pipeline" && request.url !== "/multi-exec") return [404, { error: "ERR unknown path" }]
  if (!Array.isArray(parsed) || parsed.length === 0) return [400, { error: "ERR empty pipeline request" }]
  if (!parsed.every(Array.isArray)) return [400, { error: "ERR failed to parse pipeline request" }]
  return [200, parsed.map(run)]
}

/** Undefined when it is larger than the limit. */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= bytesMax) chunks.push(chunk)
  }
  return bytes <= bytesMax ? Buffer.concat(chunks).toString("utf8") : undefined
}

function send(response: ServerResponse, status: number, answer: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer))
}

function tear(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" })
  response.write('[{"result":')
  response.destroy()
}

/** Stored strings as base64 unless `asIs`; a status and an error always as they are, as the service does. */
function written(reply: Reply, asIs: boolean): object {
  if ("error" in reply) return reply
  return { result: asIs || reply.isStatus ? reply.result : encodedValue(reply.result) }
}

function encodedValue(value: unknown): unknown {
  if (typeof value === "string") return Buffer.from(value).toString("base64")
  return Array.isArray(value) ? value.map(encodedValue) : value
}
