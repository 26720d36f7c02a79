import type { Environment } from "@engram/config/read-settings"
import type { Terminal } from "./terminal.ts"

/** What every command is given; made once, in `main.ts`. */
export interface Context {
  readonly environment: Environment
  readonly terminal: Terminal
  /** All of standard input, for what should not be seen in a list of processes. */
  readonly readInput: () => Promise<string>
  /** Aborted when the process is asked to stop. */
  readonly stop: AbortSignal
}
