import { resolve } from "node:path"
import { type Config, readConfig } from "@engram/config/config"
import type { Log } from "@engram/contracts/ports"
import { createLifecycle, type Lifecycle } from "@engram/lifecycle/lifecycle"
import { createLog } from "@engram/observability/log"
import { databaseUrlOf, openDatabase } from "@engram/platform/open-database"
import type { Database } from "@engram/store/database"
import type { Context } from "./context.ts"
import { Interrupted } from "./explain-error.ts"

export interface Parts {
  readonly config: Config
  readonly lifecycle: Lifecycle
  /** Goes to standard error, so that standard output stays the result. */
  readonly log: Log
}

/** Runs a command's work with the settings read, and closes what it opened, also when it is interrupted. */
export async function withParts<T>(context: Context, work: (parts: Parts) => Promise<T>): Promise<T> {
  const config = settingsOf(context)
  const lifecycle = createLifecycle()
  const level = context.environment.LOG_LEVEL?.trim() ? config.logLevel : "warn"
  try {
    const log = logTo(context, level)
    return await Promise.race([work({ config, lifecycle, log }), interrupted(context.stop)])
  } catch (error) {
    // What fails because it was told to stop has not gone wrong.
    throw context.stop.aborted && !(error instanceof Interrupted) ? new Interrupted("interrupted") : error
  } finally {
    await lifecycle.close()
  }
}

export function settingsOf({ environment }: Context): Config {
  const config = readConfig(environment)
  return { ...config, dataDir: resolve(config.dataDir) }
}

export const logTo = ({ terminal }: Context, level: string): Log =>
  createLog({ level, name: "engram", destination: { write: (line) => terminal.note(line.trimEnd()) } })

/** The database alone, with few connections. */
export async function openCommandDatabase({
  config,
  lifecycle,
}: Pick<Parts, "config" | "lifecycle">): Promise<{ database: Database; databaseUrl: string }> {
  const databaseUrl = await databaseUrlOf(config, lifecycle)
  const embedded = config.databaseUrl === undefined
  const settings = { url: databaseUrl, embedded, lifecycle, applicationName: "engram-cli", connectionsMax: 4 }
  return { database: await openDatabase(settings), databaseUrl }
}

/** Work that hears of it too has this long to end in its own words. */
const ownEndMs = 1_000

const interrupted = (stop: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const refuse = (): void => void setTimeout(() => reject(new Interrupted("interrupted")), ownEndMs)
    if (stop.aborted) refuse()
    else stop.addEventListener("abort", refuse, { once: true })
  })
