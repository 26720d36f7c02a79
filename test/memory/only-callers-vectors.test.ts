import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { expect, test } from "vitest"
import { createClient } from "../contract/client.ts"
import { openPlugin } from "./plugin.ts"

test("where callers bring all vectors no query is embedded, until the first memory that comes without one", async () => {
  const real = createLocalEmbedder({ dimension: 64 })
  const embedded: string[] = []
  const embedder: typeof real = {
    ...real,
    embed: async (texts, purpose) => {
      if (purpose === "search_query") embedded.push(...texts)
      return real.embed(texts, purpose)
    },
  }
  const plugin = await openPlugin({ embedder })
  try {
    const clients = [await createClient(plugin.url), await createClient(await plugin.another())]
    const [client] = clients
    const name = await client!.namespace()
    for (let at = 0; at < 20; at++) {
      await client!.write(name, { content: `locks queue ${at % 2 ? "up" : "for good"}`, embedding: client!.at(at) })
    }
    await plugin.drain()
    for (const each of clients) {
      expect(await each.contents(name, { query: "queue" })).toHaveLength(20)
      expect(await each.contents(name, { query: "it was" })).toEqual([])
    }
    expect(embedded).toEqual([])

    // It waits for its vector, and then has it. In a list of its own it would have the score of one.
    await client!.write(name, "tokens are rotated at night")
    for (const drain of [async () => {}, plugin.drain]) {
      await drain()
      for (const each of clients) {
        const [found] = await each.search(name, { query: "rotated tokens" })
        expect(found).toMatchObject({ content: "tokens are rotated at night", score: 2 / 61 })
      }
    }
    expect(new Set(embedded)).toEqual(new Set(["rotated tokens"]))
    expect(embedded.length).toBeGreaterThanOrEqual(4)
  } finally {
    await plugin.close()
  }
})

test("of memories with the same words the one that says just the same comes first, also when it is all that is asked for", async () => {
  const plugin = await openPlugin()
  try {
    const client = await createClient(plugin.url)
    const name = await client.namespace()
    const contents = ["queue locks", "queues locked", "queue, lock!", "queue locking"]
    for (const content of contents)
      await client.write(name, { content, pin: content === contents[1], embedding: client.at(0) })
    for (const content of contents) expect(await client.contents(name, { query: content, limit: 1 })).toEqual([content])
  } finally {
    await plugin.close()
  }
})
