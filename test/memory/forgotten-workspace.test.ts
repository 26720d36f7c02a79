import { afterEach, beforeEach, expect, test } from "vitest"
import { type Client, createClient } from "../contract/client.ts"
import { forgetIn, left } from "../forgetting.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"
import { openPlugin, type Plugin } from "./plugin.ts"

let bench: Workbench
let plugin: Plugin
let client: Client
beforeEach(async () => {
  bench = await createWorkbench()
  plugin = await openPlugin({ database: bench.database, workspaceId: "acme", realIndex: bench.index })
  client = await createClient(plugin.url)
})
afterEach(async () => {
  await plugin.close()
  await bench.close()
})

const wanted = () => bench.rows("select ref_id from vector_entries where wanted_hash is not null")

/** Writes without a pause until it is not taken any more; what it is answered then. */
async function writeUntilRefused(name: string): Promise<number> {
  for (;;) {
    const memory = { content: `${name} and more`, kind: "fact", source: "agent" }
    const { status } = await client.ask("POST", `/v1/namespaces/${name}/memories`, memory)
    if (status !== 201) return status
  }
}

test("forgotten while agents write to it, a workspace keeps no memory and no vector, and takes no more", async () => {
  const names = await Promise.all(Array.from({ length: 4 }, () => client.namespace()))
  await Promise.all(Array.from({ length: 800 }, (_, i) => client.write(names[i % 4]!, `memory ${i}`)))
  await plugin.drain()
  const writers = Array.from({ length: 16 }, (_, i) => writeUntilRefused(names[i % 4]!))
  const { counts, look } = await forgetIn(bench, { kind: "workspace" })
  expect(await Promise.all(writers)).toEqual(Array.from({ length: 16 }, () => 404))
  expect(counts.memories).toBeGreaterThanOrEqual(800)
  expect(counts.memoryVectors).toBe(counts.memories)
  expect(await bench.rows("select from memory_records")).toEqual([])
  expect(await wanted()).toEqual([])
  await plugin.drain()
  expect(left(await look())).toEqual([])
  const { body } = await client.refused(400, "bad_request", "PUT", `/v1/namespaces/${names[0]}`, { kind: "custom" })
  expect(body.message).toContain("acme was forgotten on ")
})

test("forgetting a workspace once more takes along the vectors that were left without a memory", async () => {
  const name = await client.namespace()
  await client.write(name, "without a record soon")
  await plugin.drain()
  await bench.rows("delete from memory_records")
  expect(await wanted()).toHaveLength(1)
  const { look } = await forgetIn(bench, { kind: "workspace" })
  expect(await wanted()).toEqual([])
  await plugin.drain()
  expect(left(await look())).toEqual([])
})
