import { reasonOf } from "@engram/contracts/errors"
import type { AfterConsolidation } from "@engram/contracts/evaluation"
import type { StoreId } from "@engram/contracts/ids"
import type { LaneQueue, Log } from "@engram/contracts/ports"
import type { KnowledgeEvent } from "../announce.ts"

interface AskDeps {
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
}

/** However much is persisted, one process wakes a store's evaluation at most once in this time. */
const wakeEveryMs = 60_000

/**
 * Listens to `knowledge.persisted` and wakes the store's evaluation: with the first event, and once more after a while for all
 * that came since. Costs a look into a map, waits for nothing and never throws. A wake that is lost is made good by the next.
 */
export function evaluateWhatIsPersisted({ queue, log }: AskDeps): (event: KnowledgeEvent) => void {
  /** Stores woken a moment ago, and whether something came since. */
  const woken = new Map<string, { again: boolean }>()
  const wake = (workspaceId: string, storeId: string): void => {
    const state = { again: false }
    woken.set(storeId, state)
    // Keeps no process alive: what is held back when it ends is made good by the next event.
    setTimeout(() => {
      woken.delete(storeId)
      if (state.again) wake(workspaceId, storeId)
    }, wakeEveryMs).unref()
    queue
      .wake({ stage: "evaluate", workspaceId, storeId })
      .catch((error) => log.warn({ workspaceId, storeId, reason: reasonOf(error) }, notWoken))
  }
  return (event) => {
    if (event.name !== "knowledge.persisted") return
    const state = woken.get(event.storeId)
    if (state) state.again = true
    else wake(event.workspaceId, event.storeId)
  }
}

const notWoken = "evaluation not woken, the next event does it"

/** What a consolidation run calls at its end: wakes the evaluation of each of the workspace's stores. Never throws. */
export const evaluateAfterConsolidation = ({
  queue,
  log,
  storesOf,
}: AskDeps & { readonly storesOf: (workspaceId: string) => Promise<readonly StoreId[]> }): AfterConsolidation => ({
  name: "evaluate",
  run: async (workspaceId) => {
    try {
      for (const storeId of await storesOf(workspaceId)) await queue.wake({ stage: "evaluate", workspaceId, storeId })
    } catch (error) {
      log.warn({ workspaceId, reason: reasonOf(error) }, notWoken)
    }
  },
})
