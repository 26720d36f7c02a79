import { reasonOf } from "@engram/contracts/errors"

/** What a process needs to do its work, by name. Each resolves, or rejects with what is wrong. */
export type Checks = { readonly [dependency: string]: () => Promise<void> }

export interface Finding {
  readonly ok: boolean
  readonly latencyMs: number
  readonly error?: string
}

interface Inspected {
  readonly checks: Checks
  readonly isStopping: () => boolean
  /** One that says nothing for so long is not ready; 2 seconds by default. */
  readonly timeoutMs?: number
}

/** Asks every dependency at once. Never rejects. */
async function inspectAll({ checks, timeoutMs = 2_000 }: Inspected): Promise<Record<string, Finding>> {
  const entries = Object.entries(checks)
  const findings = await Promise.all(
    entries.map(async ([name, check]) => [name, await inspect(check, timeoutMs)] as const),
  )
  return Object.fromEntries(findings)
}

/** What `/health/ready` says: 200 while every dependency answers and the process is not shutting down, else 503. */
export async function readiness(process: Inspected) {
  const dependencies = await inspectAll(process)
  const stopping = process.isStopping()
  const ready = !stopping && Object.values(dependencies).every(({ ok }) => ok)
  return { status: ready ? 200 : 503, body: { ready, stopping, dependencies } }
}

async function inspect(check: () => Promise<void>, timeoutMs: number): Promise<Finding> {
  const started = performance.now()
  const latencyMs = (): number => Math.round(performance.now() - started)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
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
