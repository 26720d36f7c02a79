import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"

export type Environment = Readonly<Record<string, string>>

/** One of our programs, running as it does in production: its own process, told everything by its environment. */
export interface RunningProcess {
  readonly pid: number
  /**
   * Where it listens, once it says that it is ready: ingest's door, the status page of a worker or of nightly, of the memory process the plugin
   * (`url` of the line is then the search door). Rejects with what it said when it ends before.
   */
  readonly ready: Promise<ReadyLine>
  /** Its exit code; null when a signal ended it. */
  readonly exit: Promise<number | null>
  /** Its log and its last words. */
  said(): string
  isRunning(): boolean
  /** kill -9. */
  kill(): Promise<void>
  /** SIGTERM; resolves to its exit code. */
  stop(): Promise<number | null>
}

export interface ReadyLine {
  readonly url?: string
  readonly plugin?: string
  readonly status?: string
}

/** Runs a program's main file on any free ports. It does not outlive this process. */
export function runProcess(main: string, environment: Environment): RunningProcess {
  const ports = { INGEST_PORT: "0", MEMORY_PORT: "0", SEARCH_PORT: "0", WORKER_PORT: "0", NIGHTLY_PORT: "0" }
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main], {
    env: { PATH: process.env.PATH, ...compileCache(), ...ports, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const killAtExit = () => child.kill("SIGKILL")
  process.once("exit", killAtExit)
  // When it has ended and all that it said has been read.
  const exit = once(child, "close").then(([code]) => {
    process.off("exit", killAtExit)
    return code as number | null
  })
  const lines: string[] = []
  const said = () => lines.join("\n")
  const ready = new Promise<ReadyLine>((resolve, reject) => {
    child.stderr.on("data", (chunk) => lines.push(String(chunk)))
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line)
      if (/"(?:listening|worker ready|nightly ready)"/.test(line)) resolve(JSON.parse(line))
    })
    void exit.then((code) => reject(new Error(`${main} ended with ${code}:\n${said()}`)))
  })
  // Whoever waits for its end only need not hear of this.
  ready.catch(() => {})
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (isRunning()) child.kill(signal)
    return exit
  }
  return {
    pid: child.pid!,
    ready,
    exit,
    said,
    isRunning,
    kill: () => end("SIGKILL").then(() => {}),
    stop: () => end("SIGTERM"),
  }
}

/** Where Node keeps what it has compiled, as the run of tests says: a program that has been started before takes half the processor. */
const compileCache = (): Environment => {
  const { NODE_COMPILE_CACHE } = process.env
  return NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE } : {}
}
