import { type ChildProcess, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"

/** A process of the bench. What it says on standard output is one JSON object a line. */
export interface Child {
  readonly pid: number
  /** The first line, said already or still to come, that has this field. Rejects when the process ends before. */
  said(field: string): Promise<Line>
  /** Sends a message and resolves to the answer, for processes that take messages. */
  ask<Answer>(message: object): Promise<Answer>
  /** Asks it to end and waits until it has. */
  stop(): Promise<void>
}

type Line = { readonly [field: string]: unknown }

/** Starts a TypeScript file of this repository; its errors go to ours. */
export function startChild(
  file: string,
  options: {
    readonly env?: { readonly [name: string]: string }
    readonly args?: readonly string[]
    readonly nodeArgs?: readonly string[]
  } = {},
): Child {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", ...(options.nodeArgs ?? []), file, ...(options.args ?? [])],
    { env: { ...process.env, ...options.env }, stdio: ["ignore", "pipe", "inherit", "ipc"], serialization: "advanced" },
  )
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  const tell = (): void => {
    for (const look of waiting) look()
  }
  createInterface({ input: child.stdout! }).on("line", (text) => {
    if (!text.startsWith("{")) return
    lines.push(JSON.parse(text) as Line)
    tell()
  })
  void ended.then(tell)
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null

  return {
    pid: child.pid!,
    said: (field) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = lines.find((each) => field in each)
          if (line === undefined && !isOver()) return
          waiting.delete(look)
          if (line) resolve(line)
          else reject(new Error(`${file} ended (${child.exitCode ?? child.signalCode}) before it said "${field}"`))
        }
        waiting.add(look)
        look()
      }),
    ask: (message) => ask(child, message, file),
    stop: async () => {
      if (!isOver()) child.kill("SIGTERM")
      await ended
    },
  }
}

function ask<Answer>(child: ChildProcess, message: object, file: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error(`${file} ended before it answered`))
    child.once("exit", onExit)
    child.once("message", (answer) => {
      child.off("exit", onExit)
      const { error, result } = answer as { readonly error?: string; readonly result?: Answer }
      if (error === undefined) resolve(result as Answer)
      else reject(new Error(`${file}: ${error}`))
    })
    child.send(message)
  })
}

/** The other side of `ask`: answers one message after the other. */
export function answer<Message>(work: (message: Message) => Promise<unknown>): void {
  let last = Promise.resolve()
  process.on("message", (message) => {
    last = last.then(async () => {
      try {
        process.send!({ result: await work(message as Message) })
      } catch (error) {
        process.send!({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
      }
    })
  })
  process.once("SIGTERM", () => process.exit(0))
}

/** The most memory the process ever held, in MB: VmHWM, which Linux keeps. */
export const peakMemoryMb = (pid: number): number => statusMb(pid, "VmHWM")

/** What the process holds now, in MB. */
export const memoryMb = (pid: number): number => statusMb(pid, "VmRSS")

function statusMb(pid: number, line: string): number {
  const [, kilobytes] = new RegExp(`${line}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
  return Math.round(Number(kilobytes) / 1_024)
}
