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

test("a memory that was written again while much is owed is found by its new vector, however many are newer", async () => {
  const [name, elsewhere] = [await client.namespace(), await client.namespace()]
  const first = await client.write(name, { content: "first", embedding: client.at(0) })
  // Nearer to what is asked for than the first was, so the index has no reason to give it.
  const writeMany = (namespace: string) =>
    Promise.all(
      Array.from({ length: 1_010 }, (_, i) =>
        client.write(namespace, { content: `${i}`, embedding: client.at(60 + i / 50) }),
      ),
    )
  await writeMany(name)
  await intoIndex()
  await writeMany(elsewhere)
  await client.write(name, { id: first, content: "first, again", embedding: client.at(90) })
  expect(await client.contents(name, { embedding: client.at(90), limit: 1 })).toEqual(["first, again"])
})

test("what is asked for as it stands is near nothing, but by an embedding that came with it", async () => {
  const name = await client.namespace()
  await client.write(name, "customer thursday nightly expired thursday")
  await client.write(name, "½ cup of sugar")
  await client.write(name, { content: "an accent: e\u0301", embedding: client.at(0) })
  await intoIndex()
  for (const query of ["z", "ж", "\u0308\u0308"]) expect(await client.contents(name, { query })).toEqual([])
  expect(await client.contents(name, { query: "\u0301" })).toEqual(["an accent: e\u0301"])
  expect(await client.contents(name, { query: "z", embedding: client.at(0) })).toEqual(["an accent: e\u0301"])
})

test("memories that are too long for a list come whole", async () => {
  const name = await client.namespace()
  const content = `ship ${"é ".repeat(100_000)}`
  const propagation = { notes: "x".repeat(150_000) }
  await client.write(name, content)
  await client.write(name, { content: "ship", propagation, embedding: client.at(0) })
  const found = await client.search(name, { query: "ship", embedding: client.at(0) })
  expect(found.map((memory) => memory.content)).toEqual(["ship", content])
  expect(found[0]!.propagation).toEqual(propagation)
})

test("of a query the first thousand words count, whatever it is asked of", async () => {
  const name = await client.namespace()
  await client.write(name, "the harbour by day")
  // Two characters each: a query is cut to 4,000.
  const others = Array.from({ length: 1_000 }, (_, i) => (i + 36).toString(36))
  const asked = (before: number) => client.contents(name, { query: [...others.slice(0, before), "harbour"].join(" ") })
  expect(await asked(999)).toEqual(["the harbour by day"])
  expect(await asked(1_000)).toEqual([])
})

test("a query of very many words over a thousand namespaces is answered by its first words", async () => {
  const names = Array.from({ length: 1_000 }, (_, i) => `custom:many-words-${i}`)
  for (let from = 0; from < names.length; from += 50) {
    await Promise.all(names.slice(from, from + 50).map((each) => client.put(each, { kind: "custom" })))
  }
  await client.write(names[7]!, "the harbour at night")
  const others = Array.from({ length: 900 }, (_, i) => ((i + 1) * 7_919).toString(36)).join(" ")
  expect(await client.contents(names, { query: `harbour ${others}` })).toEqual(["the harbour at night"])
  expect(await client.contents(names, { query: `${others.slice(0, 500)} harbour` })).toEqual([])
})
