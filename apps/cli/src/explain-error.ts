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

/** What is known of any error that the system, Node or Postgres made. */
interface Told {
  readonly code?: unknown
  readonly address?: unknown
  readonly port?: unknown
  readonly path?: unknown
}

function hint(error: unknown, { DATABASE_URL: databaseUrl }: Environment): string {
  const told: Told = error ?? {}
  if (told.code === "EADDRINUSE") return taken(told)
  return databaseUrl && isOfConnecting(error, told, databaseUrl)
    ? `; DATABASE_URL is ${masked("DATABASE_URL", databaseUrl)}`
    : ""
}

/** A Unix socket's path is its address, and its port -1. */
function taken({ address, port }: Told): string {
  if (typeof port === "number" && port >= 0)
    return `: port ${port} is taken, perhaps by another \`engram up\`; set INGEST_PORT, MEMORY_PORT, SEARCH_PORT, WORKER_PORT or NIGHTLY_PORT (0 means any free one)`
  return `: the socket ${address} is taken, perhaps by another \`engram up\`; set MEMORY_SOCKET to another path`
}

/** Postgres is away, or does not let us in (class 28) or to that database (3D000), or a file that the URL names cannot be read. */
function isOfConnecting(error: unknown, { code, path }: Told, databaseUrl: string): boolean {
  if (error instanceof RetryLater) return error.message.startsWith("Postgres is away")
  const named = URL.canParse(databaseUrl) ? [...new URL(databaseUrl).searchParams.values()] : []
  return named.some((value) => value === path) || code === "3D000" || (typeof code === "string" && /^28...$/.test(code))
}
