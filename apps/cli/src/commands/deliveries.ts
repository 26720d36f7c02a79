import { openArtifacts } from "@engram/platform/open-ports"
import { createDeliveryAdmin, type ListedDelivery, type ShownDelivery } from "@engram/store/delivery-admin"
import { createStoreReport } from "@engram/store/store-report"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { wholeNumber } from "../options.ts"
import { addSelection, type SelectionOptions, selectionOf } from "../selection.ts"
import { table } from "../table.ts"
import { ago, bytes, count, cut, sum } from "../words.ts"

const bodyCharsShown = 2_000

export function addDeliveries(program: Command, context: Context): void {
  const deliveries = program.command("deliveries").description("Webhook requests and API events, as they arrived.")
  addSelection(deliveries.command("list").description("The newest deliveries, with their state and its reason."))
    .option("--limit <n>", "how many, 1 to 1000", wholeNumber(1, 1_000), 20)
    .option("--json", "print {deliveries, counts} as JSON")
    .addHelpText("after", "\nExample:\n  engram deliveries list --parked --since 7d")
    .action((options: SelectionOptions & { limit: number; json?: true }) => listDeliveries(context, options))
  deliveries
    .command("show")
    .description("One delivery: headers, state, reason, and the beginning of its body.")
    .argument("<id>", "as `engram deliveries list` shows it: dlv_…")
    .option("--body", "print the body's bytes and nothing else")
    .option("--json", "print one JSON object, with the whole body as text")
    .addHelpText("after", "\nExample:\n  engram deliveries show dlv_0a1b2c --body | jq .")
    .action((id: string, options: ShowOptions) => showDelivery(context, id, options))
}

const listDeliveries = (context: Context, options: SelectionOptions & { limit: number; json?: true }): Promise<void> =>
  withParts(context, async (parts) => {
    const { database } = await openCommandDatabase(parts)
    const admin = createDeliveryAdmin({ database })
    const selection = (await selectionOf(options, createStoreReport({ database }))) ?? {}
    const [found, counts] = await Promise.all([admin.list(selection, options.limit), admin.counts(selection)])
    const { terminal } = context
    if (options.json) return terminal.print(JSON.stringify({ deliveries: found, counts }))
    if (found.length === 0) return terminal.print("No delivery matches.")
    terminal.print(table(terminal, ["id", "received", "event", "state", "size", "reason"], found.map(row)))
    if (found.length < sum(counts))
      terminal.note(`the newest ${found.length} of ${count(sum(counts), "delivery", "deliveries")}; --limit shows more`)
  })

const row = (delivery: ListedDelivery): string[] => [
  delivery.id,
  ago(delivery.receivedAt),
  `${delivery.source} ${delivery.event}`,
  delivery.state,
  bytes(delivery.bytes),
  cut(delivery.reason ?? "", 90),
]

interface ShowOptions {
  readonly body?: true
  readonly json?: true
}

const showDelivery = (context: Context, id: string, options: ShowOptions): Promise<void> =>
  withParts(context, async (parts) => {
    const { database } = await openCommandDatabase(parts)
    const delivery = await createDeliveryAdmin({ database }).show(id)
    if (!delivery) throw new Error(`there is no delivery ${id}; \`engram deliveries list\` shows them`)
    const artifacts = await openArtifacts(parts.config, parts.lifecycle)
    const body = delivery.body ?? (delivery.artifactKey ? await artifacts.get(delivery.artifactKey) : undefined)
    const { terminal } = context
    if (options.body && !options.json) {
      if (!body) throw new Error(`the body of ${id} is gone: ${whyGone(delivery)}`)
      return terminal.write(body)
    }
    const text = body && Buffer.from(body).toString("utf8")
    terminal.print(
      options.json ? JSON.stringify({ ...delivery, body: text ?? null }) : inWords(context, delivery, text),
    )
  })

const whyGone = ({ artifactKey }: ShownDelivery): string =>
  artifactKey ? `neither in its row nor at ${artifactKey}` : "forgotten, or not kept"

function whereKept(delivery: ShownDelivery): string {
  if (delivery.artifactKey) return `stored at ${delivery.artifactKey}`
  return delivery.body ? "in Postgres" : `gone (${whyGone(delivery)})`
}

function inWords({ terminal }: Context, delivery: ShownDelivery, body: string | undefined): string {
  const line = (name: string, value: string): string => `${terminal.style("dim", name.padEnd(12))}${value}`
  const heading = (words: string): string[] => ["", terminal.style("bold", words)]
  const rest = (body?.length ?? 0) - bodyCharsShown
  return [
    line("delivery", terminal.style("bold", delivery.id)),
    line("event", `${delivery.source} ${delivery.event}`),
    line("state", `${delivery.state}${delivery.attempts > 1 ? ` after ${delivery.attempts} attempts` : ""}`),
    ...(delivery.reason ? [line("reason", delivery.reason)] : []),
    line("received", `${delivery.receivedAt.toISOString()} (${ago(delivery.receivedAt)})`),
    ...(delivery.finishedAt ? [line("finished", delivery.finishedAt.toISOString())] : []),
    line("workspace", `${delivery.workspaceId}, store ${delivery.storeId}`),
    line("connection", `${delivery.connectionId}, key ${delivery.deliveryKey}`),
    line("bytes", `${bytes(delivery.bytes)}, ${whereKept(delivery)}`),
    ...heading("headers"),
    ...Object.entries(delivery.headers).map(([name, value]) => `${name}: ${value}`),
    ...heading("body"),
    body === undefined ? `(gone: ${whyGone(delivery)})` : body.slice(0, bodyCharsShown),
    ...(rest > 0 ? [terminal.style("dim", `… ${count(rest, "character")} more; --body prints all`)] : []),
  ].join("\n")
}
