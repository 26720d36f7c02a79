import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { createClient } from "../contract/client.ts"
import { openPlugin } from "./plugin.ts"

test("a request whose client gave up is measured like any other, as 499 and once", async () => {
  const plugin = await openPlugin()
  try {
    const client = await createClient(plugin.url)
    const name = await client.namespace()
    const counts = async () =>
      (await plugin.metrics.text()).match(/(?<=request_seconds_count\{endpoint="writeMemory",).*/g) ?? []
    const body = JSON.stringify({ content: "x", kind: "fact", source: "agent" })
    const lock = await plugin.database.pool.connect()
    try {
      await lock.query("begin; lock table memory_records in exclusive mode")
      const impatient = new AbortController()
      const { signal } = impatient
      const writing = Array.from({ length: 5 }, () =>
        fetch(`${plugin.url}/v1/namespaces/${name}/memories`, { method: "POST", body, signal }).catch(() => "gone"),
      )
      const held = `engram_body_bytes_held ${5 * 4 * body.length}\n`
      await waitUntil("the writes are under way", async () => (await plugin.metrics.text()).includes(held))
      expect(await counts()).toEqual([])
      impatient.abort()
      expect(await Promise.all(writing)).toEqual(Array(5).fill("gone"))
      await waitUntil("they are measured", async () => String(await counts()) === 'status="499"} 5')
    } finally {
      lock.release(true)
    }
    await waitUntil("they are written", async () => (await client.search(name)).length === 5)
    await client.write(name, "by one who waits")
    expect(await counts()).toEqual(['status="499"} 5', 'status="201"} 1'])
  } finally {
    await plugin.close()
  }
})
