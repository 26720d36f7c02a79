import { openQueue } from "@engram/platform/open-queue"
import { createDeliveryAdmin, type Replay } from "@engram/store/delivery-admin"
import { createStoreReport } from "@engram/store/store-report"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { addIds, addSelection, type SelectionOptions, selectionOf } from "../selection.ts"
import { wakeLanes } from "../wake-lanes.ts"
import { count } from "../words.ts"

type ReplayOptions = SelectionOptions & { readonly dryRun?: true; readonly json?: true }

export function addReplay(program: Command, context: Context): void {
  const replay = program
    .command("replay")
    .description("Process deliveries again, as if they had just come. Choose which; all conditions must hold.")
  addIds(addSelection(replay))
    .option("--dry-run", "say how many, and change nothing")
    .option("--json", "print {deliveries, gone, dryRun} as JSON")
    .addHelpText(
      "after",
      `
Examples:
  engram replay --parked --dry-run
  engram replay --source github --event pull_request --since 2026-03-01`,
    )
    .action((options: ReplayOptions) => replayDeliveries(context, options))
}

const replayDeliveries = (context: Context, options: ReplayOptions): Promise<void> =>
  withParts(context, async (parts) => {
    const { database, databaseUrl } = await openCommandDatabase(parts)
    const selection = await selectionOf(options, createStoreReport({ database }))
    if (selection === undefined) throw new UsageError("say which: --parked, --id, --source, --since, … (see --help)")
    const dryRun = options.dryRun === true
    const replayed = await createDeliveryAdmin({ database }).replay(selection, { dryRun })
    if (!dryRun && replayed.deliveries > 0) {
      const lanes = replayed.lanes.map((lane) => ({ ...lane, stage: "normalize" as const }))
      await wakeLanes(() => openQueue({ ...parts, databaseUrl }), parts.log, lanes)
    }

    const { deliveries, gone } = replayed
    context.terminal.print(options.json ? JSON.stringify({ deliveries, gone, dryRun }) : inWords(replayed, dryRun))
  })

function inWords({ deliveries, gone }: Replay, dryRun: boolean): string {
  const many = count(deliveries, "delivery", "deliveries")
  const done = dryRun
    ? `Would replay ${many}; nothing was changed.`
    : `Replaying ${many}; \`engram status\` follows them.`
  const without = `${count(gone, "delivery", "deliveries")} cannot be read again: the bytes are gone (forgotten, or not kept).`
  const said = [...(deliveries > 0 ? [done] : []), ...(gone > 0 ? [without] : [])]
  return said.join("\n") || "No delivery matches."
}
