import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Config, readConfig } from "@engram/config/config"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { followDemo } from "../demo/follow.ts"
import { demoReport } from "../demo/report.ts"
import { runDemo } from "../demo/run-demo.ts"
import { summaryInWords } from "../demo/summary.ts"
import { withParts } from "../open.ts"

interface DemoOptions {
  readonly keep?: true
  readonly json?: true
}

export function addDemo(program: Command, context: Context): void {
  program
    .command("demo")
    .description("See 329 real GitHub webhooks, and an incident in four sources, become memory.")
    .option("--keep", "keep the data, to look at it with the other commands")
    .option("--json", "print one JSON object: deliveries, tables, vectors, embedding, seconds")
    .addHelpText(
      "after",
      `
Runs on any free ports, in a directory of its own that is removed at the end, unless ENGRAM_DATA_DIR or DATABASE_URL
says where to keep it. Everything goes into the workspace "demo", store "main".

Example:
  engram demo --keep`,
    )
    .action((options: DemoOptions) => demo(context, options))
}

async function demo(context: Context, options: DemoOptions): Promise<void> {
  const { terminal } = context
  const place = await chooseDataDir(context, options)
  try {
    await withParts(context, async (parts) => {
      const config: Config = { ...parts.config, dataDir: place.dataDir, ports: anyFree }
      // A queue of its own: the rows its jobs point at are in a database that nobody else has.
      const queuePrefix = place.fresh ? { queuePrefix: `engram-demo-${process.pid}` } : {}
      const result = await runDemo({ ...parts, ...queuePrefix, config }, followDemo(context, config))
      terminal.print(options.json ? JSON.stringify(demoReport(result)) : `\n${summaryInWords(terminal, result)}\n`)
    })
  } finally {
    if (place.removed) await rm(place.dataDir, { recursive: true, force: true })
  }
  terminal.note(farewell(place))
}

const anyFree = { ingest: 0, memory: 0, search: 0, worker: 0, nightly: 0 }

interface Place {
  readonly dataDir: string
  /** Made for this run. */
  readonly fresh: boolean
  readonly removed: boolean
}

/** A fresh directory, unless the environment says where data is; vectors and bytes stay with the database they belong to. */
async function chooseDataDir(context: Context, { keep }: DemoOptions): Promise<Place> {
  const { dataDir, databaseUrl } = readConfig(context.environment)
  if (databaseUrl !== undefined || context.environment.ENGRAM_DATA_DIR?.trim()) {
    return { dataDir, fresh: false, removed: false }
  }
  const fresh = await mkdtemp(join(tmpdir(), "engram-demo-"))
  return { dataDir: fresh, fresh: true, removed: !keep }
}

function farewell({ dataDir, fresh, removed }: Place): string {
  if (removed) return `Its data was in ${dataDir} and is removed; --keep keeps it.`
  const where = fresh ? `ENGRAM_DATA_DIR=${dataDir} ` : ""
  return `Kept in ${dataDir}. Ask it more:\n  ${where}npm run engram -- search "your question" --workspace demo --store main`
}
