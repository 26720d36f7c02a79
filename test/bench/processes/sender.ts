import { answer } from "../child.ts"
import { type LoadDelivery, makeLoad, underNewKeys } from "../load.ts"
import { signedHeaders } from "../sign.ts"
import { requestBytes, type Sent, sendOver } from "../wire.ts"

/** What the sender is asked for: the deliveries of one load, posted to one URL. */
export interface SendOrder {
  readonly url: string
  readonly path: string
  readonly count: number
  readonly seed?: string
  readonly newKeys?: boolean
  readonly connections: number
}

async function send(order: SendOrder): Promise<Omit<Sent, "latencies">> {
  const load = makeLoad({ count: order.count, ...(order.seed && { seed: order.seed }) })
  const requests = (order.newKeys ? underNewKeys(load) : load).map((delivery) => requestOf(delivery, order))
  const { latencies: _, ...sent } = await sendOver({ url: order.url, connections: order.connections, requests })
  return sent
}

const requestOf = (delivery: LoadDelivery, { path, url }: SendOrder): Buffer =>
  requestBytes("POST", new URL(path, url), delivery.body, signedHeaders(delivery))

answer(send)
