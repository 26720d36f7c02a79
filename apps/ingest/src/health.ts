import { type Checks, readiness } from "@engram/observability/health"
import type { FastifyInstance } from "fastify"

/** `/health/live`: the process answers. `/health/ready`: so do its dependencies, and it is not shutting down. */
export function serveHealth(app: FastifyInstance, process: { checks: Checks; isStopping: () => boolean }): void {
  app.get("/health/live", () => ({ live: true }))
  app.get("/health/ready", async (_, reply) => {
    const { status, body } = await readiness(process)
    return reply.code(status).send(body)
  })
}
