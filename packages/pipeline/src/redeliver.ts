import { setTimeout as pause } from "node:timers/promises"
import type { Connection } from "@engram/contracts/deliveries"
import type { RepairLedger, WebhookAttempt, WebhookLog } from "@engram/contracts/redelivery"

export interface RedeliverLimits {
  /** Attempts at one delivery, the provider's own first one among them. The provider counts them, so no restart forgets. */
  readonly attemptsMax: number
  /** Least time since the attempt before last; doubled with each further one. */
  readonly againAfterMs: number
  /** Asked for in one run. */
  readonly asksMax: number
}

/** At one a second a run takes at most 50 minutes; five attempts and their waits span three hours of hourly runs. */
export const redeliverLimits: RedeliverLimits = { attemptsMax: 5, againAfterMs: 300_000, asksMax: 3_000 }

export interface Redelivery {
  /** Deliveries that the provider remembers. */
  readonly deliveries: number
  /** No attempt at them was answered well. */
  readonly failed: number
  /** Of the failed, those that came in all the same. */
  readonly present: number
  /** Of the failed, those tried too recently to be tried again. */
  readonly tooSoon: number
  /** Of the failed, those tried too often. */
  readonly gaveUp: readonly WebhookAttempt[]
  /** Of the failed, those asked for once more; with `dryRun`, those that would be. */
  readonly asked: number
  /** Of the failed, those left for the next run. */
  readonly left: number
}

/** Has the provider send again what failed and never came, oldest first. It comes by the webhook, and is a repeat if it is one. */
export async function redeliver(
  deps: { readonly ledger: Pick<RepairLedger, "present">; readonly log: WebhookLog; readonly limits: RedeliverLimits },
  connection: Pick<Connection, "id" | "workspaceId">,
  options: { readonly now: number; readonly since?: Date; readonly dryRun?: boolean; readonly signal?: AbortSignal },
): Promise<Redelivery> {
  const { log, limits } = deps
  const { now, dryRun = false, signal } = options
  const since = new Date(Math.max(now - log.keptMs, options.since?.getTime() ?? 0))
  const byKey = Map.groupBy(await log.attempts(since), ({ deliveryKey }) => deliveryKey)
  const failed = [...byKey.values()].filter((attempts) => !attempts.some(({ succeeded }) => succeeded)).map(newestFirst)
  const present = await deps.ledger.present(
    connection,
    failed.map(([last]) => last!.deliveryKey),
  )
  const missing = failed.filter(([last]) => !present.has(last!.deliveryKey))
  const gaveUp = missing.filter((attempts) => attempts.length >= limits.attemptsMax)
  const worth = missing.filter((attempts) => attempts.length < limits.attemptsMax)
  const due = worth.filter((attempts) => isDue(attempts, now, limits)).sort((a, b) => oldest(a) - oldest(b))
  const asked = due.slice(0, limits.asksMax)
  if (!dryRun) await askFor(log, asked, signal)
  return {
    deliveries: byKey.size,
    failed: failed.length,
    present: present.size,
    tooSoon: worth.length - due.length,
    gaveUp: gaveUp.map(([last]) => last!),
    asked: asked.length,
    left: due.length - asked.length,
  }
}

async function askFor(
  log: WebhookLog,
  deliveries: readonly (readonly WebhookAttempt[])[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [index, attempts] of deliveries.entries()) {
    if (index > 0) await pause(log.pauseMs, undefined, signal && { signal })
    await log.redeliver(attempts[0]!.id)
  }
}

function isDue(attempts: readonly WebhookAttempt[], now: number, { againAfterMs }: RedeliverLimits): boolean {
  const waitMs = attempts.length === 1 ? 0 : againAfterMs * 2 ** (attempts.length - 2)
  return attempts[0]!.at.getTime() + waitMs <= now
}

const newestFirst = (attempts: readonly WebhookAttempt[]): WebhookAttempt[] =>
  attempts.toSorted((a, b) => b.at.getTime() - a.at.getTime())

const oldest = (attempts: readonly WebhookAttempt[]): number => attempts.at(-1)!.at.getTime()
