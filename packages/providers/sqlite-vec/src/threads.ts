import { type Transferable, Worker } from "node:worker_threads"
import { RetryLater } from "@engram/contracts/errors"
import { failure } from "./sqlite-file.ts"
import type { Answered } from "./thread-side.ts"

export interface Threads<Question, Answer> {
  /** SQLite's failures come in our words. `RetryLater` when the thread ends before it has answered. */
  ask(question: Question, transferred?: readonly Transferable[]): Promise<Answer>
  /** What is still asked is given up. */
  close(): void
}

interface Asked<Answer> {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

interface Thread<Answer> {
  readonly worker: Worker
  readonly asked: Map<number, Asked<Answer>>
}

/**
 * Threads that work on one file, each running `module`. They begin with the first question, since many processes never ask, and hold
 * no process open but while they are asked something.
 */
export function createThreads<Question, Answer>(
  module: URL,
  { path, threadsMax }: { readonly path: string; readonly threadsMax: number },
): Threads<Question, Answer> {
  const threads: Thread<Answer>[] = []
  let asks = 0

  const start = (): Thread<Answer> => {
    const worker = new Worker(module, { workerData: { path } })
    const thread: Thread<Answer> = { worker, asked: new Map() }
    threads.push(thread)
    const end = (cause: unknown): void => {
      if (threads.includes(thread)) threads.splice(threads.indexOf(thread), 1)
      for (const { reject } of thread.asked.values()) {
        reject(new RetryLater("a thread that works on the vector file ended", { afterMs: 1_000, cause }))
      }
      thread.asked.clear()
    }
    worker.on("message", ({ at, result }: Answered<Answer>) => {
      const asked = thread.asked.get(at)
      thread.asked.delete(at)
      if (thread.asked.size === 0) worker.unref()
      if ("failed" in result) asked?.reject(failure(Object.assign(new Error(result.failed.message), result.failed)))
      else asked?.resolve(result.answer)
    })
    worker.on("error", end)
    worker.on("exit", end)
    worker.unref()
    return thread
  }

  /** A free thread, a new one while there may be more, or the one with the fewest to do. */
  const next = (): Thread<Answer> => {
    const [least] = threads.toSorted((a, b) => a.asked.size - b.asked.size)
    return least && (least.asked.size === 0 || threads.length === threadsMax) ? least : start()
  }

  return {
    ask: (question, transferred = []) =>
      new Promise((resolve, reject) => {
        const { worker, asked } = next()
        const at = asks++
        asked.set(at, { resolve, reject })
        worker.ref()
        worker.postMessage({ at, question }, transferred)
      }),
    close: () => {
      for (const { worker } of [...threads]) void worker.terminate()
    },
  }
}
