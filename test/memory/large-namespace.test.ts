import { expect, test } from "vitest"
import { createClient } from "../contract/client.ts"
import { openPlugin } from "./plugin.ts"

test("in a namespace of 6,000 memories a query finds what it finds in a small one, and nothing of another's", async () => {
  const plugin = await openPlugin()
  const other = await openPlugin({ database: plugin.database, workspaceId: "other" })
  try {
    const [client, theirs] = [await createClient(plugin.url), await createClient(other.url)]
    const [small, large] = [await client.namespace(), await client.namespace()]
    await theirs.put(large, { kind: "custom" })
    const fill = (memories: number) =>
      plugin.rows(
        `insert into memory_records (store_id, id, workspace_id, namespace_id, content, kind, source, created_at)
         select n.store_id, gen_random_uuid()::text, n.workspace_id, n.id, 'common filler ' || i, 'fact', 'agent', now()
         from memory_namespaces n, generate_series(1, $2) i where n.name = $1`,
        [large, memories],
      )
    await fill(6_000)
    await plugin.rows("analyze memory_records")
    const memories = [
      { content: "a needle in the café", kind: "summary" },
      { content: "needle needle needle" },
      { content: "an expired needle", expires_at: "2001-01-01T00:00:00Z" },
      { content: "needle needle needle", pin: true },
    ]
    for (const memory of memories) for (const name of [small, large]) await client.write(name, memory)
    await theirs.write(large, "their needle")
    for (const more of [{ query: "needle" }, { query: "needles", kinds: ["summary"] }, { query: "CAFE common" }]) {
      const found = await client.contents(large, { limit: 5, ...more })
      const expected = await client.contents(small, { limit: 5, ...more })
      expect(found.filter((content) => !content.startsWith("common"))).toEqual(expected)
      expect(found.length).toBeGreaterThan(0)
    }
    expect(await theirs.contents(large, { query: "needle", limit: 1 })).toEqual(["their needle"])
    // One character, held by thousands or by one.
    await client.write(large, { content: "filler of old", pin: true })
    await client.write(large, "the last filler")
    expect(await client.contents(large, { query: "f", limit: 3 })).toEqual([
      "filler of old",
      "the last filler",
      "a needle in the café",
    ])
    await client.write(small, "☕")
    expect(await client.contents(large, { query: "☕" })).toEqual([])
    expect(await client.contents([small, large], { query: "☕" })).toEqual(["☕"])
    // The newest and the pinned are read by index, however many there are.
    const newest = await client.contents(large, { limit: 2 })
    expect(newest).toEqual(["filler of old", "needle needle needle"])
  } finally {
    await other.close()
    await plugin.close()
  }
})
