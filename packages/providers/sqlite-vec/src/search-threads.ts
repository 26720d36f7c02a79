import { Worker } from "node:worker_threads"
import { RetryLater } from "@engram/contracts/errors"
import type { VectorHit } from "@engram/contracts/ports"
import type { Found, Search } from "./search-thread.ts"
import { failure } from "./sqlite-file.ts"

/** One reads the file while another's answer is on its way; more would only take the processor from each other. */
const readersMax = 2

interface Asked {
  readonly resolve: (hits: VectorHit[]) => void
  readonly reject: (error: unknown) => void
}

interface Thread {
  readonly worker: Worker
  readonly asked: Map<number, Asked>
}

/**
 * Searches of one file on threads of their own: comparing a namespace of 100,000 vectors takes a quarter of a second, in which
 * the event loop must answer others. Memory namespaces have one thread for all, which keeps in memory what it reads, once.
 * Threads begin with the first search, since many processes only write, and hold no process open.
 */
export function createSearchThreads(path: string) {
  const [keeper, readers] = [createThreads(path, 1), createThreads(path, readersMax)]
  return {
    search: (search: Search): Promise<VectorHit[]> => (search.filter.namespaces ? keeper : readers).search(search),
    close: (): void => {
      keeper.close()
      readers.close()
    },
  }
}

function createThreads(path: string, threadsMax: number) {
  const threads: Thread[] = []
  let asks = 0

  const start = (): Thread => {
    const worker = new Worker(new URL("./search-thread.ts", import.meta.url), { workerData: { path } })
    const thread: Thread = { worker, asked: new Map() }
    threads.push(thread)
    const end = (cause: unknown): void => {
      if (threads.includes(thread)) threads.splice(threads.indexOf(thread), 1)
      for (const { reject } of thread.asked.values()) {
        reject(new RetryLater("the thread that searches vectors ended", { afterMs: 1_000, cause }))
      }
      thread.asked.clear()
    }
    worker.on("message", ({ at, found }: { readonly at: number; readonly found: Found }) => {
      const asked = thread.asked.get(at)
      thread.asked.delete(at)
      if (thread.asked.size === 0) worker.unref()
      if ("message" in found) asked?.reject(failure(Object.assign(new Error(found.message), found)))
      else asked?.resolve(found.ids.map((id, i) => ({ id, score: found.scores[i]! })))
    })
    worker.on("error", end)
    worker.on("exit", end)
    worker.unref()
    return thread
  }

  /** A free thread, a new one while there may be more, or the one with the fewest to do. */
  const next = (): Thread => {
    const [least] = threads.toSorted((a, b) => a.asked.size - b.asked.size)
    return least && (least.asked.size === 0 || threads.length === threadsMax) ? least : start()
  }

  return {
    search: (search: Search): Promise<VectorHit[]> =>
      new Promise((resolve, reject) => {
        const { worker, asked } = next()
        const at = asks++
        asked.set(at, { resolve, reject })
        worker.ref()
        worker.postMessage({ at, search })
      }),
    close: (): void => {
      for (const { worker } of [...threads]) void worker.terminate()
    },
  }
}
