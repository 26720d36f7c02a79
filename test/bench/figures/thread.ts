import { createInProcess, spentOn, total } from "../in-process.ts"
import type { MixedDelivery } from "../mixed-load.ts"
import { createRandom } from "../random.ts"
import type { Site } from "../site.ts"
import { sentence } from "../texts.ts"

export interface ThreadCost {
  /** Messages in the thread before the one that is measured. */
  readonly messages: number
  /** Processor milliseconds that one message more takes from accept to persisted: the median of nine. */
  readonly msEach: number
}

const started = 1_735_689_600
const channel = "C0BENCH001"

/** What one message more costs a Slack thread of some length, all of it said on a few days. */
export async function measureThread(site: Site, sizes: readonly number[]): Promise<ThreadCost[]> {
  const product = await site.product("postgres")
  const pipeline = await createInProcess(product)
  const costs: ThreadCost[] = []
  let sent = 0
  try {
    for (const messages of sizes) {
      await pipeline.accept(Array.from({ length: messages - sent }, (_, n) => message(sent + n)))
      await pipeline.drain()
      sent = messages
      const each: number[] = []
      for (let turn = 0; turn < 9; turn++) {
        const spent = await spentOn(site, async () => {
          await pipeline.accept([message(sent++)])
          await pipeline.stage("normalize")
        })
        each.push(total(spent) * 1_000)
      }
      costs.push({ messages, msEach: each.sort((a, b) => a - b)[4]! })
    }
  } finally {
    await pipeline.close()
    await product.close()
  }
  return costs
}

function message(n: number): MixedDelivery {
  const random = createRandom(`thread ${n}`)
  const text = Array.from({ length: 1 + random.below(3) }, () => sentence(random)).join(" ")
  const ts = (at: number) => `${started + at * 30}.000100`
  const event = {
    type: "message",
    user: `U0P${String(n % 12).padStart(6, "0")}`,
    text,
    ts: ts(n),
    ...(n > 0 && { thread_ts: ts(0) }),
    channel,
    channel_type: "channel",
    event_ts: ts(n),
  }
  const payload = { type: "event_callback", team_id: "T0BENCH001", event_id: `EvT${n}`, event_time: started, event }
  return { source: "slack", key: `EvT${n}`, event: "message", body: Buffer.from(JSON.stringify(payload)) }
}
