import { reasonOf } from "@engram/contracts/errors"
import type { FastifyInstance } from "fastify"

/** What the process needs to do its work, by name. */
export type Checks = { readonly [dependency: string]: () => Promise<void> }

interface Finding {
  readonly ok: boolean
  readonly latencyMs: number
  readonly error?: string
}

const checkTimeoutMs = 2_000

/** `/health/live`: the process answers. `/health/ready`: so do its dependencies, and it is not shutting down. */
export function serveHealth(app: FastifyInstance, deps: { checks: Checks; isStopping: () => boolean }): void {
  app.get("/health/live", () => ({ live: true }))
  app.get("/health/ready", async (_, reply) => {
    const entries = Object.entries(deps.checks)
    const findings = await Promise.all(entries.map(async ([name, check]) => [name, await inspect(check)] as const))
    const stopping = deps.isStopping()
    const ready = !stopping && findings.every(([, finding]) => finding.ok)
    return reply.code(ready ? 200 : 503).send({ ready, stopping, dependencies: Object.fromEntries(findings) })
  })
}

async function inspect(check: () => Promise<void>): Promise<Finding> {
  const started = performance.now()
  const latencyMs = () => Math.round(performance.now() - started)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${checkTimeoutMs} ms`)), checkTimeoutMs)
  })
  try {
    await Promise.race([check(), late])
    return { ok: true, latencyMs: latencyMs() }
  } catch (error) {
    return { ok: false, latencyMs: latencyMs(), error: reasonOf(error) }
  } finally {
    clearTimeout(timer)
  }
}
