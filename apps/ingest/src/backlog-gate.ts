import { Refusal } from "@engram/bodies/refusal"
import type { DeliveryInbox } from "@engram/contracts/deliveries"

/** A backlog is asked for at most this often per workspace; what comes in between may overshoot the limit by as much. */
const freshMs = 1_000

/** Lets a workspace's events through unless too many of its deliveries wait already: 429. */
export function createBacklogGate(
  inbox: Pick<DeliveryInbox, "backlog">,
  backlogMax: number,
): { pass(workspaceId: string): Promise<void> } {
  const known = new Map<string, { readonly waiting: Promise<number>; readonly until: number }>()

  const waiting = (workspaceId: string): Promise<number> => {
    const recent = known.get(workspaceId)
    if (recent && recent.until > performance.now()) return recent.waiting
    const asked = inbox.backlog(workspaceId, backlogMax)
    known.set(workspaceId, { waiting: asked, until: performance.now() + freshMs })
    asked.catch(() => known.delete(workspaceId))
    return asked
  }

  return {
    pass: async (workspaceId) => {
      if ((await waiting(workspaceId)) < backlogMax) return
      throw new Refusal(429, "backlog_full", `${backlogMax} deliveries wait already; send again later`, {
        retryAfterSeconds: 5,
      })
    },
  }
}
