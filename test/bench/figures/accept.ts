import { startChild } from "../child.ts"
import type { FloorInserted } from "../floor-insert.ts"
import type { SendOrder } from "../processes/sender.ts"
import { fileAt, type Site } from "../site.ts"
import type { Sent } from "../wire.ts"

const connections = 64

/** Accepted requests a second over HTTP, signed, and the rows' own floor right before it. */
export async function measureAccept(
  site: Site,
  count: number,
): Promise<{ floorPerSecond: number; sent: Omit<Sent, "latencies"> }> {
  const floor = startChild(fileAt("./floor-insert.ts"))
  const { perSecond: floorPerSecond } = await floor.ask<FloorInserted>({
    databaseUrl: await site.database("none"),
    count,
  })
  await floor.stop()
  const product = await site.product("redis")
  const [ingest, sender] = [await product.ingest(), startChild(fileAt("./processes/sender.ts"))]
  const order: SendOrder = { url: ingest.url, paths: product.paths, count, connections }
  await sender.ask({ ...order, count: 500, seed: "warm-up" })
  const sent = await sender.ask<Omit<Sent, "latencies">>(order)
  await Promise.all([ingest.stop(), sender.stop(), product.close()])
  return { floorPerSecond, sent }
}
