import type { History } from "@engram/contracts/history"
import type { Payload } from "./workbench.ts"

/** Every page of a history as deliveries of any workbench. */
export async function historyPayloads(history: History, receivedAt?: number): Promise<Payload[]> {
  const found: Payload[] = []
  for (let cursor: Parameters<History["page"]>[0] = undefined; ; ) {
    const page = await history.page(cursor)
    for (const { deliveryKey: key, source, event, body } of page.deliveries)
      found.push({ key, source, event, payload: Buffer.from(body).toString(), ...(receivedAt ? { receivedAt } : {}) })
    if (page.next === undefined) return found
    // As a later process would have it.
    cursor = JSON.parse(JSON.stringify(page.next))
  }
}
