import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { type Checks, readiness } from "./health.ts"
import type { Metrics } from "./metrics.ts"

export interface StatusServer {
  readonly url: string
  /** Readiness fails from now on, so that nothing new is sent here. */
  stopping(): void
  close(): Promise<void>
}

/** `/health/live`, `/health/ready` and `/metrics` for a process that serves nothing else. */
export async function startStatusServer(options: {
  readonly host: string
  readonly port: number
  readonly checks: Checks
  readonly metrics: Pick<Metrics, "contentType" | "text">
}): Promise<StatusServer> {
  let stopping = false
  const answers: Record<string, (response: ServerResponse) => Promise<void>> = {
    "/health/live": async (response) => json(response, 200, { live: true }),
    "/health/ready": async (response) => {
      const { status, body } = await readiness({ checks: options.checks, isStopping: () => stopping })
      json(response, status, body)
    },
    "/metrics": async (response) => {
      response.writeHead(200, { "content-type": options.metrics.contentType }).end(await options.metrics.text())
    },
  }
  const notFound = async (response: ServerResponse): Promise<void> =>
    json(response, 404, { code: "not_found", message: `there is ${Object.keys(answers).join(", ")}` })
  const server = createServer((request, response) => {
    const answer = answers[request.url?.split("?", 1)[0] ?? ""] ?? notFound
    answer(response).catch((error: Error) => json(response, 500, { code: "internal", message: error.message }))
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${options.host}:${port}`,
    stopping: () => {
      stopping = true
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}
