import { ConfigError } from "@engram/config/config"
import { type Environment, masked } from "@engram/config/read-settings"
import { RetryLater, reasonOf } from "@engram/contracts/errors"
import { CommanderError } from "commander"

/** The person asked for something that makes no sense; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

/** Asked to stop before it was done; exit code 130. */
export class Interrupted extends Error {
  override readonly name = "Interrupted"
}

/** 2 for what was asked wrongly, 130 when interrupted, 1 for what went wrong. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof UsageError) return 2
  return error instanceof Interrupted ? 130 : 1
}

/** One line that says what is wrong and, where we know, what to do. */
export function explain(error: unknown, environment: Environment): string {
  if (error instanceof ConfigError) {
    return error.mistakes.map(({ setting, words }) => `${setting} ${words}`).join("; ")
  }
  return oneLine(`${reasonOf(error)}${hint(error, environment)}`)
}

const oneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, " ")

function hint(error: unknown, { DATABASE_URL: databaseUrl }: Environment): string {
  const { code, port } = (error ?? {}) as { readonly code?: unknown; readonly port?: unknown }
  if (code === "EADDRINUSE") {
    return `: port ${port} is taken, perhaps by another \`engram up\`; set INGEST_PORT, MEMORY_PORT, SEARCH_PORT, WORKER_PORT or NIGHTLY_PORT (0 means any free one)`
  }
  const isDatabase = error instanceof RetryLater && error.message.startsWith("Postgres is away")
  return isDatabase && databaseUrl ? `; DATABASE_URL is ${masked("DATABASE_URL", databaseUrl)}` : ""
}
