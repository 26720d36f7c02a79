import { ConfigError } from "@engram/config/config"
import { reasonOf } from "@engram/contracts/errors"
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
export function explain(error: unknown): string {
  if (error instanceof ConfigError) {
    return error.mistakes.map(({ setting, words }) => `${setting} ${words}`).join("; ")
  }
  return oneLine(`${reasonOf(error)}${hint(error)}`)
}

const oneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, " ")

function hint(error: unknown): string {
  const { code, port } = (error ?? {}) as { readonly code?: unknown; readonly port?: unknown }
  if (code !== "EADDRINUSE") return ""
  return `: port ${port} is taken, perhaps by another \`engram up\`; set INGEST_PORT, SEARCH_PORT or WORKER_PORT (0 means any free one)`
}
