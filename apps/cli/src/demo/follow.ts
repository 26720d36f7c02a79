import type { Config } from "@engram/config/config"
import { describeConfig } from "@engram/config/describe-config"
import type { Context } from "../context.ts"
import type { Progress } from "./run-demo.ts"

const plainEveryMs = 1_000

/** Shows how the demo goes: one line that changes on a terminal, else a plain line about once a second. */
export function followDemo({ terminal }: Context, config: Config): (progress: Progress) => void {
  let last = ""
  let lastAt = 0
  return (progress) => {
    if (progress.step === "started") return terminal.note(introduction(config, progress))
    const words = progressInWords(progress)
    if (terminal.updates) return terminal.update(words)
    if (words === last || Date.now() - lastAt < plainEveryMs) return
    terminal.note(words)
    last = words
    lastAt = Date.now()
  }
}

function introduction(config: Config, { running, stream }: Extract<Progress, { step: "started" }>): string {
  const shown = ["database", "queue", "artifacts", "vectors", "embeddings"]
  return [
    `Engram demo: ${stream.recorded} real GitHub payloads and an incident as four sources tell it (${stream.told}), as signed webhooks.`,
    ...describeConfig(config).flatMap(({ part, choice }) =>
      shown.includes(part) ? [`  ${part.padEnd(12)}${choice}`] : [],
    ),
    `  ${"ingest".padEnd(12)}${running.urls.ingest}`,
    `  ${"search".padEnd(12)}${running.urls.search}`,
  ].join("\n")
}

function progressInWords(progress: Exclude<Progress, { step: "started" }>): string {
  if (progress.step === "posting") {
    return `posting      ${progress.answers.accepted + progress.answers.duplicate} of ${progress.of} answered`
  }
  if (progress.step === "night") return "night        what was observed becomes summaries and profiles"
  const { deliveries, vectors, bodies } = progress.owed
  return `processing   ${progress.of - deliveries} of ${progress.of} normalized, ${vectors} vectors owed, ${bodies} bodies to archive`
}
