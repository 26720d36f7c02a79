import { examplePayloads } from "../examples.ts"
import type { LoadDelivery } from "./load.ts"

const opened = examplePayloads.find(
  ({ event, payload }) => event === "issues" && (payload as { action: string }).action === "opened",
)!.payload as { readonly issue: object }

/** A delivery of one issue as it is opened or edited. */
export function issueDelivery(issue: {
  readonly key: string
  readonly action: "opened" | "edited"
  readonly number: number
  readonly title: string
  readonly body: string
  readonly updatedAt: Date
}): LoadDelivery {
  const { key, action, number, title, body } = issue
  const updated_at = issue.updatedAt.toISOString()
  const moved = { ...opened.issue, id: 500_000 + number, number, title, body, updated_at }
  return { key, event: "issues", body: Buffer.from(JSON.stringify({ ...opened, action, issue: moved })) }
}
