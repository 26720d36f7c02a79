import { startChild } from "../child.ts"
import type { FloorCommitted } from "../floor-memories.ts"
import { namespaceNames } from "../memories.ts"
import type { MemoryOrder, MemoryServed } from "../processes/memory-client.ts"
import { fileAt, type Site } from "../site.ts"

const clients = 32

/** Memories committed a second over HTTP by 32 clients, and single-row inserts by 32 clients right before it. */
export async function measureCommits(
  site: Site,
  count: number,
): Promise<{ floorPerSecond: number; sent: MemoryServed }> {
  const floor = startChild(fileAt("./floor-memories.ts"))
  const { perSecond: floorPerSecond } = await floor.ask<FloorCommitted>({
    databaseUrl: await site.database("none"),
    count,
    clients,
  })
  await floor.stop()
  const product = await site.product("postgres")
  const memory = await product.memory()
  const client = startChild(fileAt("./processes/memory-client.ts"))
  await makeNamespaces(memory.url)
  const order: MemoryOrder = { url: memory.url, work: "commit", from: 0, count, connections: clients }
  await client.ask({ ...order, from: count, count: 500 })
  const sent = await client.ask<MemoryServed>(order)
  await Promise.all([memory.stop(), client.stop()])
  await product.close()
  return { floorPerSecond, sent }
}

/** The corpus' 1,000, as a caller makes them. */
export async function makeNamespaces(url: string): Promise<void> {
  const names = [...namespaceNames]
  const make = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const response = await fetch(`${url}/v1/namespaces/${encodeURIComponent(name)}`, {
        method: "PUT",
        body: JSON.stringify({ kind: /^[a-z]+/.exec(name)![0] }),
      })
      if (response.status !== 200) throw new Error(`${name} was not made: ${response.status}`)
    }
  }
  await Promise.all(Array.from({ length: 16 }, make))
}
