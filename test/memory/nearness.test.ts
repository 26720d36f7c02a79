import { afterAll, beforeAll, expect, test } from "vitest"
import { type Client, createClient } from "../contract/client.ts"
import { openPlugin, type Plugin } from "./plugin.ts"

let plugin: Plugin
let client: Client
beforeAll(async () => {
  plugin = await openPlugin()
  client = await createClient(plugin.url)
})
afterAll(() => plugin.close())

/** From here on the index is believed of all that was written. */
async function intoIndex(): Promise<void> {
  await plugin.drain()
  await plugin.rows("update vector_entries set written_at = now() - interval '5 minutes' where written_at is not null")
}

const ends: Record<string, (name: string, ids: readonly string[]) => Promise<unknown>> = {
  deleted: (name, ids) =>
    Promise.all(ids.map((id) => client.ask("DELETE", `/v1/memories/${id}`, { requested_by_namespace: name }))),
  expired: (_, ids) =>
    plugin.rows("update memory_records set expires_at = now() - interval '1 second' where id = any($1)", [ids]),
  "moved elsewhere": async (_, ids) => {
    const elsewhere = await client.namespace()
    return Promise.all(ids.map((id) => client.write(elsewhere, { id, content: "moved", embedding: client.at(0) })))
  },
  "written anew without their vectors": (name, ids) =>
    Promise.all(ids.map((id) => client.write(name, { id, content: "no vector of its own" }))),
}

test.each(Object.keys(ends))(
  "a hundred memories that were %s and are still in the index do not hide one that is further away",
  async (end) => {
    const name = await client.namespace()
    const over = await Promise.all(
      Array.from({ length: 100 }, (_, i) => client.write(name, { content: `over ${i}`, embedding: client.at(i / 10) })),
    )
    await client.write(name, { content: "alive", embedding: client.at(30) })
    await intoIndex()
    await ends[end]!(name, over)
    expect(await client.contents(name, { embedding: client.at(0), limit: 5 })).toEqual(["alive"])
    const both = await client.contents(name, { embedding: client.at(0), query: "something", limit: 5 })
    expect(both).toEqual(["alive"])
  },
)

test("of equally near memories the pinned comes first, then the newest, also when the index answers", async () => {
  const name = await client.namespace()
  await Promise.all(
    Array.from({ length: 40 }, (_, i) => client.write(name, { content: `plain ${i}`, embedding: client.at(0) })),
  )
  const lastOfEquals = "ffffffff-ffff-4fff-bfff-fffffffffff"
  await client.write(name, { id: `${lastOfEquals}e`, content: "pinned", pin: true, embedding: client.at(0) })
  await client.write(name, { id: `${lastOfEquals}f`, content: "newest", embedding: client.at(0) })
  const first = () => client.contents(name, { embedding: client.at(0), limit: 2 })
  expect(await first()).toEqual(["pinned", "newest"])
  await intoIndex()
  expect(await first()).toEqual(["pinned", "newest"])
})
