import type { Connection } from "@engram/contracts/deliveries"
import { reasonOf } from "@engram/contracts/errors"
import type { Log } from "@engram/contracts/ports"
import type { RepairLedger, WebhookLog } from "@engram/contracts/redelivery"
import { regularly } from "@engram/lifecycle/regularly"
import { redeliver, redeliverLimits } from "@engram/pipeline/redeliver"

export interface Repairs {
  readonly ledger: RepairLedger
  /** The provider's records of what it delivered to a connection. */
  readonly open: (connection: Connection) => Promise<readonly WebhookLog[]>
  /** How often it is looked which connections are due; every minute by default. */
  readonly lookEveryMs?: number
  readonly onAsked?: (deliveries: number) => void
}

/** How often one connection's provider is asked. */
const everyMs = 3_600_000
const lookEveryMs = 60_000
/** After an outage, and when a worker begins, a connection is asked for again if it was not within this time. */
const soonMs = 300_000

export interface Repairing {
  /** Something was away and is back: who could not deliver meanwhile is asked soon. */
  recovered(): void
  close(): Promise<void>
}

/** Has providers send again what failed, one connection at a time; which process does it is settled by the connection's row. */
export function repairRegularly(repairs: Repairs, log: Log): Repairing {
  const stop = new AbortController()
  let soon = true
  const once = async (): Promise<void> => {
    const minAgeMs = soon ? soonMs : everyMs
    const due = await repairs.ledger.claimDue(minAgeMs)
    soon = false
    for (const connection of due) await repair(repairs, connection, log, stop.signal)
  }
  const onError = (error: unknown): void =>
    log.warn({ reason: reasonOf(error) }, "could not look for deliveries that failed")
  const stopLooking = regularly(once, { everyMs: repairs.lookEveryMs ?? lookEveryMs, onError })
  return {
    recovered: () => {
      soon = true
    },
    close: async () => {
      stop.abort()
      await stopLooking()
    },
  }
}

/** What one provider refuses keeps nobody else's deliveries away. */
async function repair(repairs: Repairs, connection: Connection, log: Log, signal: AbortSignal): Promise<void> {
  const { id, source, workspaceId } = connection
  try {
    for (const webhookLog of await repairs.open(connection)) {
      const deps = { ledger: repairs.ledger, log: webhookLog, limits: redeliverLimits }
      const { gaveUp, ...done } = await redeliver(deps, connection, { now: Date.now(), signal })
      repairs.onAsked?.(done.asked)
      if (done.asked > 0)
        log.info({ connection: id, source, workspaceId, ...done }, "failed deliveries asked for again")
      for (const { deliveryKey, event, ended } of gaveUp) {
        log.warn(
          { connection: id, source, deliveryKey, event, ended },
          "delivery failed too often, not asked for again",
        )
      }
    }
  } catch (error) {
    if (signal.aborted) return
    log.warn({ connection: id, source, reason: reasonOf(error) }, "failed deliveries not asked for, later again")
  }
}
