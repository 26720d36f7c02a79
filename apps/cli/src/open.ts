import { type Config, readConfig } from "@engram/config/config"
import type { Log } from "@engram/contracts/ports"
import { createLifecycle, type Lifecycle } from "@engram/lifecycle/lifecycle"
import { createLog } from "@engram/observability/log"
import { openDatabase } from "@engram/platform/open-database"
import type { Database } from "@engram/store/database"
import { hangUpOf } from "@engram/store/hang-up"
import type { Context } from "./context.ts"
import { Interrupted } from "./explain-error.ts"

export interface Parts {
  readonly config: Config
  readonly lifecycle: Lifecycle
  readonly stop: AbortSignal
  /** Goes to standard error, so that standard output stays the result. */
  readonly log: Log
}

/** Runs a command's work with the settings read, and closes what it opened, also when it is interrupted. */
export async function withParts<T>(context: Context, work: (parts: Parts) => Promise<T>): Promise<T> {
  const config = readConfig(context.environment)
  const lifecycle = createLifecycle()
  const level = context.environment.LOG_LEVEL?.trim() ? config.logLevel : "warn"
  try {
    const log = logTo(context, level)
    return await Promise.race([work({ config, lifecycle, log, stop: context.stop }), interrupted(context.stop)])
  } catch (error) {
    // What fails because it was told to stop has not gone wrong.
    throw context.stop.aborted && !(error instanceof Interrupted) ? new Interrupted("interrupted") : error
  } finally {
    await lifecycle.close()
  }
}

export const logTo = ({ terminal }: Context, level: string): Log =>
  createLog({ level, name: "engram", destination: { write: (line) => terminal.note(line.trimEnd()) } })

/** The database alone, with few connections. */
export async function openCommandDatabase({
  config,
  lifecycle,
  stop,
}: Pick<Parts, "config" | "lifecycle" | "stop">): Promise<{ database: Database; databaseUrl: string }> {
  const opened = await openDatabase({ config, lifecycle, applicationName: "engram-cli", connectionsMax: 4 })
  const hangUp = hangUpOf(opened.database.pool)
  // Who was told to stop does not wait for what a statement waits for.
  lifecycle.own(hangUp, () => stop.aborted && hangUp(), "the statements under way")
  return opened
}

/** Work that hears of it too has this long to end in its own words. */
const ownEndMs = 1_000

const interrupted = (stop: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const refuse = (): void => void setTimeout(() => reject(new Interrupted("interrupted")), ownEndMs)
    if (stop.aborted) refuse()
    else stop.addEventListener("abort", refuse, { once: true })
  })
