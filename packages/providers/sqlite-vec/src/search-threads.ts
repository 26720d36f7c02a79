import type { VectorHit } from "@engram/contracts/ports"
import type { Found, Search } from "./search-thread.ts"
import { createThreads } from "./threads.ts"

/** One reads the file while another's answer is on its way; more would only take the processor from each other. */
const readersMax = 2

/**
 * Searches of one file on threads of their own: comparing a namespace of 100,000 vectors takes a quarter of a second, in which
 * the event loop must answer others. Memory namespaces have one thread for all, which keeps in memory what it reads, once.
 */
export function createSearchThreads(path: string) {
  const threads = (threadsMax: number) =>
    createThreads<Search, Found>(new URL("./search-thread.ts", import.meta.url), { path, threadsMax })
  const [keeper, readers] = [threads(1), threads(readersMax)]
  return {
    search: async (search: Search): Promise<VectorHit[]> => {
      const { ids, scores } = await (search.filter.namespaces ? keeper : readers).ask(search)
      return ids.map((id, i) => ({ id, score: scores[i]! }))
    },
    close: (): void => {
      keeper.close()
      readers.close()
    },
  }
}
