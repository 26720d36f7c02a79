import { type Transferable, Worker } from "node:worker_threads"
import { RetryLater } from "@engram/contracts/errors"
import { failure } from "./sqlite-file.ts"
import type { Answered, Posed } from "./thread-side.ts"

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

interface Thread<Question, Answer> {
  readonly worker: Worker
  readonly asked: Map<number, Asked<Answer>>
  /** What is asked in this turn of the event loop: one message, since each wakes the thread. */
  readonly unsent: { readonly questions: Posed<Question>[]; readonly transferred: Transferable[] }
}

/**
 * Threads that work on one file, each running `module`. They begin with the first question, since many processes never ask, and hold
 * no process open but while they are asked something.
 */
export function createThreads<Question, Answer>(
  module: URL,
  { path, threadsMax }: { readonly path: string; readonly threadsMax: number },
): Threads<Question, Answer> {
  const threads: Thread<Question, Answer>[] = []
  let asks = 0

  const start = (): Thread<Question, Answer> => {
    const worker = new Worker(module, { workerData: { path } })
    const thread: Thread<Question, Answer> = { worker, asked: new Map(), unsent: { questions: [], transferred: [] } }
    threads.push(thread)
    const end = (cause: unknown): void => {
      if (threads.includes(thread)) threads.splice(threads.indexOf(thread), 1)
      for (const { reject } of thread.asked.values()) {
        reject(new RetryLater("a thread that works on the vector file ended", { afterMs: 1_000, cause }))
      }
      thread.asked.clear()
    }
    worker.on("message", (answers: readonly Answered<Answer>[]) => {
      for (const { at, result } of answers) {
        const asked = thread.asked.get(at)
        thread.asked.delete(at)
        if ("failed" in result) asked?.reject(failure(Object.assign(new Error(result.failed.message), result.failed)))
        else asked?.resolve(result.answer)
      }
      if (thread.asked.size === 0) worker.unref()
    })
    worker.on("error", end)
    worker.on("exit", end)
    worker.unref()
    return thread
  }

  const send = ({ worker, unsent: { questions, transferred } }: Thread<Question, Answer>): void =>
    worker.postMessage(questions.splice(0), transferred.splice(0))

  /** A free thread, a new one while there may be more, or the one with the fewest to do. */
  const next = (): Thread<Question, Answer> => {
    const [least] = threads.toSorted((a, b) => a.asked.size - b.asked.size)
    return least && (least.asked.size === 0 || threads.length === threadsMax) ? least : start()
  }

  return {
    ask: (question, transferred = []) =>
      new Promise((resolve, reject) => {
        const thread = next()
        const { worker, asked, unsent } = thread
        const at = asks++
        asked.set(at, { resolve, reject })
        worker.ref()
        unsent.transferred.push(...transferred)
        if (unsent.questions.push({ at, question }) === 1) setImmediate(send, thread)
      }),
    close: () => {
      for (const { worker } of [...threads]) void worker.terminate()
    },
  }
}
