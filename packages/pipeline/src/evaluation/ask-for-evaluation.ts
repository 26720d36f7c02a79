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
 * Listens to `knowledge.persisted` and wakes the store's evaluation now and then. Costs a look into a map, waits for nothing and
 * never throws. A wake that is lost, or held back, is made good: an evaluation looks again later, and the next event wakes it.
 */
export function evaluateWhatIsPersisted(
  { queue, log }: AskDeps,
  { now = Date.now }: { readonly now?: () => number } = {},
): (event: KnowledgeEvent) => void {
  const wokenAt = new Map<string, number>()
  return (event) => {
    if (event.name !== "knowledge.persisted") return
    const { workspaceId, storeId } = event
    const at = now()
    if (at - (wokenAt.get(storeId) ?? Number.NEGATIVE_INFINITY) < wakeEveryMs) return
    wokenAt.set(storeId, at)
    queue.wake({ stage: "evaluate", workspaceId, storeId }).catch((error) => {
      wokenAt.delete(storeId)
      log.warn({ workspaceId, storeId, reason: reasonOf(error) }, "evaluation not woken, the next event does it")
    })
  }
}

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
      log.warn({ workspaceId, reason: reasonOf(error) }, "evaluation not woken, the next event does it")
    }
  },
})
