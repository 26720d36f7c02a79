import type { Connection } from "./deliveries.ts"

/** One attempt of a provider to deliver something to our webhook, as the provider remembers it. */
export interface WebhookAttempt {
  /** What the provider is asked to send again by. */
  readonly id: string
  /** The delivery's own id, the same for all attempts. */
  readonly deliveryKey: string
  readonly event: string
  readonly at: Date
  /** Whether it was answered 2xx. */
  readonly succeeded: boolean
  /** How it ended, in the provider's words. */
  readonly ended: string
}

/** A provider's own record of what it delivered to a webhook. */
export interface WebhookLog {
  /** How far back the provider sends again, in ms. */
  readonly keptMs: number
  /** Between two requests to send again, in ms, as the provider asks for. */
  readonly pauseMs: number
  /** Every attempt since then, in no order. */
  attempts(since: Date): Promise<WebhookAttempt[]>
  /** Asks for one more attempt, which comes by the webhook like any other. */
  redeliver(attemptId: string): Promise<void>
}

export interface RepairLedger {
  /**
   * Connections whose provider can be asked for what failed, and was not for so long; they count as asked from now on. Two
   * processes never get the same one.
   */
  claimDue(minAgeMs: number): Promise<Connection[]>
  /** Which of these delivery keys the connection has. */
  present(connection: Pick<Connection, "id" | "workspaceId">, deliveryKeys: readonly string[]): Promise<Set<string>>
}
