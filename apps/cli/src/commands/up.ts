import { once } from "node:events"
import { readConfig } from "@engram/config/config"
import { describeConfig } from "@engram/config/describe-config"
import { createLifecycle } from "@engram/lifecycle/lifecycle"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { logTo } from "../open.ts"
import { type Running, runAll } from "../run-all.ts"

export function addUp(program: Command, context: Context): void {
  program
    .command("up")
    .description(
      "Run everything in this process: the doors, the memory plugin, workers, search, the nights. Stays until Ctrl-C or SIGTERM.",
    )
    .option("--json", "print {urls, parts} as JSON once it is up")
    .addHelpText("after", "\nExample:\n  INGEST_PORT=0 LOG_LEVEL=warn engram up")
    .action((options: { json?: true }) => up(context, options))
}

async function up(context: Context, options: { json?: true }): Promise<void> {
  const { terminal, stop } = context
  const config = readConfig(context.environment)
  const lifecycle = createLifecycle()
  try {
    const running = await runAll({ config, lifecycle, log: logTo(context, config.logLevel), memoryPlugin: true })
    const parts = describeConfig(config)
    terminal.print(options.json ? JSON.stringify({ urls: running.urls, parts }) : inWords(context, running, parts))
    if (!stop.aborted) await once(stop, "abort")
    terminal.note("stopping: what was accepted is answered, what is running is finished")
  } finally {
    await lifecycle.close()
  }
}

function inWords({ terminal }: Context, { urls }: Running, parts: ReturnType<typeof describeConfig>): string {
  const line = (name: string, value: string, more = ""): string =>
    `  ${terminal.style("dim", name.padEnd(17))}${value}${more && terminal.style("dim", `  ${more}`)}`
  return [
    terminal.style("bold", "engram is up"),
    "",
    line("webhooks", `${urls.ingest}/v1/webhooks/{source}/{connection}`),
    line("events", `${urls.ingest}/v1/events`),
    line("search", `${urls.search}/v1/search`),
    ...(urls.memory === undefined ? [] : [line("memory plugin", urls.memory)]),
    line("health, metrics", `${urls.status}/health/ready, ${urls.status}/metrics`),
    "",
    ...parts.filter(({ part }) => part !== "doors").map(({ part, choice, follows }) => line(part, choice, follows)),
    "",
    "`npm run engram -- connect github --workspace acme --store main` opens the first door. Ctrl-C stops.",
  ].join("\n")
}
