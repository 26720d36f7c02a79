import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export type Environment = Readonly<Record<string, string>>

/** One of our programs, running as it does in production: its own process, told everything by its environment. */
export interface RunningProcess {
  /** Where it listens: ingest's door, the status page of a worker or of nightly, the memory plugin of the memory process. */
  readonly url: string
  readonly pid: number
  /** Its log and its last words. */
  said(): string
  isRunning(): boolean
  /** kill -9. */
  kill(): Promise<void>
  /** SIGTERM; resolves to its exit code. */
  stop(): Promise<number | null>
}

/** Resolves once the program says that it is ready; rejects with what it said when it ends before. */
export async function startProcess(
  app: "ingest" | "worker" | "memory" | "nightly",
  environment: Environment,
): Promise<RunningProcess> {
  const main = fileURLToPath(new URL(`../apps/${app}/src/main.ts`, import.meta.url))
  const env = {
    PATH: process.env.PATH,
    INGEST_PORT: "0",
    MEMORY_PORT: "0",
    SEARCH_PORT: "0",
    WORKER_PORT: "0",
    NIGHTLY_PORT: "0",
    ...environment,
  }
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  })
  const killAtExit = () => child.kill("SIGKILL")
  process.once("exit", killAtExit)
  const exit = once(child, "exit").finally(() => process.off("exit", killAtExit))
  const lines: string[] = []
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on("data", (chunk) => lines.push(String(chunk)))
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line)
      const ready = readyUrl(line)
      if (ready !== undefined) resolve(ready)
    })
    child.once("exit", (code) => reject(new Error(`${app} ended with ${code}:\n${lines.join("\n")}`)))
  })
  return {
    url,
    pid: child.pid!,
    said: () => lines.join("\n"),
    isRunning: () => isRunning(child),
    kill: () => end(child, exit, "SIGKILL").then(() => {}),
    stop: () => end(child, exit, "SIGTERM"),
  }
}

const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null

async function end(child: ChildProcess, exit: Promise<unknown>, signal: NodeJS.Signals): Promise<number | null> {
  if (isRunning(child)) child.kill(signal)
  await exit
  return child.exitCode
}

function readyUrl(line: string): string | undefined {
  if (!/"(?:listening|worker ready|nightly ready)"/.test(line)) return undefined
  const { plugin, url, status } = JSON.parse(line)
  return plugin ?? url ?? status
}
