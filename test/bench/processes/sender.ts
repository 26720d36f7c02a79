import { answer } from "../child.ts"
import { type LoadDelivery, makeLoad, underNewKeys } from "../load.ts"
import { type MixedDelivery, type MixedSource, makeMixedLoad } from "../mixed-load.ts"
import { signedBy } from "../sign.ts"
import { requestBytes, type Sent, sendOver } from "../wire.ts"

/** What the sender is asked for: the deliveries of one load, posted to one URL. */
export interface SendOrder {
  readonly url: string
  /** Where each source's deliveries are posted, without the host. */
  readonly paths: { readonly [source in MixedSource]: string }
  /** `github` unless said. */
  readonly load?: "github" | "mixed"
  readonly count: number
  readonly seed?: string
  readonly newKeys?: boolean
  readonly connections: number
}

async function send(order: SendOrder): Promise<Omit<Sent, "latencies">> {
  const options = { count: order.count, ...(order.seed && { seed: order.seed }) }
  const load = order.load === "mixed" ? makeMixedLoad(options) : ofGithub(makeLoad(options))
  const requests = (order.newKeys ? underNewKeys(load) : load).map((delivery) => requestOf(delivery, order))
  const { latencies: _, ...sent } = await sendOver({ url: order.url, connections: order.connections, requests })
  return sent
}

const ofGithub = (load: readonly LoadDelivery[]): MixedDelivery[] =>
  load.map((delivery) => ({ ...delivery, source: "github" }))

function requestOf(delivery: MixedDelivery, { paths, url }: SendOrder): Buffer {
  const { body, headers } = signedBy[delivery.source](delivery)
  return requestBytes("POST", new URL(paths[delivery.source], url), body, headers)
}

answer(send)
