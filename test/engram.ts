import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Environment } from "./processes.ts"

const main = fileURLToPath(new URL("../apps/cli/src/main.ts", import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** `engram` in a process of its own, told what the fleet is told. */
export function engram(
  { environment }: { readonly environment: Environment },
  ...args: readonly string[]
): {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** What it has said on standard error so far. */
  heard(): string
} {
  const env = { PATH: process.env.PATH, NO_COLOR: "1", NODE_NO_WARNINGS: "1", ...environment }
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ["ignore", "pipe", "pipe"] })
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (chunk) => (stdout += chunk))
  child.stderr.on("data", (chunk) => (stderr += chunk))
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })))
  return { child, ended, heard: () => stderr }
}
