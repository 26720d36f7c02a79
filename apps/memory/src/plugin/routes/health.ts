import { capabilities, HealthAnswer } from "@engram/contracts/memories"
import { type Checks, readiness } from "@engram/observability/health"
import type { Operation } from "../operation.ts"

/** Asks the backing stores each time it is asked itself; one that says nothing for 2 seconds is down. */
export const health = (deps: { readonly checks: Checks; readonly isStopping: () => boolean }): Operation => ({
  method: "GET",
  path: "/v1/health",
  name: "health",
  summary: "Whether the backing stores answer, and what this plugin can do.",
  answers: {
    200: { says: "all of them do", schema: HealthAnswer },
    503: { says: "one is down: `degraded`, and `code` and `message` say so too", schema: HealthAnswer },
  },
  handle: async (_, reply) => {
    const { status, body } = await readiness(deps)
    const about = { version: "1.0.0", capabilities }
    if (status === 200) return reply.send({ status: "ok", ...about })
    const down = Object.entries(body.dependencies).flatMap(([name, { ok }]) => (ok ? [] : [name]))
    const message = body.stopping ? "the plugin is stopping" : `down: ${down.join(", ")}`
    return reply.code(503).send({ status: "degraded", ...about, code: "unavailable", message })
  },
})
