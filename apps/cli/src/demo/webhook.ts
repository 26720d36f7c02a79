export type DemoSource = "github" | "linear" | "slack" | "notion"

/** One request as a source would send it, not signed yet. */
export interface Webhook {
  readonly source: DemoSource
  /** The sender's id of the delivery: sent again, it is a redelivery. Slack and Notion say it in the payload, too. */
  readonly key: string
  readonly event: string
  readonly payload: object
}
