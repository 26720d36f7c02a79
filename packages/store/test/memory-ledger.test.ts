import { randomUUID } from "node:crypto"
import type { MemoryLedger, NewMemory } from "@engram/contracts/memories"
import * as ids from "@engram/core/ids"
import { beforeAll, describe, expect, test } from "vitest"
import { ensureStore } from "../src/connections.ts"
import { createDatabase, createPool, type Database } from "../src/database.ts"
import { createMemoryLedger } from "../src/memories/memory-ledger.ts"
import { rowsRead, useDatabase } from "./store-fixture.ts"

const place = { workspaceId: "acme", storeId: ids.storeId("acme", "memories") }

const memory = (namespace: string, content: string): NewMemory => ({
  ...{ id: randomUUID(), namespace, content, kind: "fact", source: "agent" },
  ...{ expiresAt: null, propagation: null, pin: null, embedding: null },
})
const put = (ledger: MemoryLedger, name: string) =>
  ledger.putNamespace(place, { name, kind: "custom", expiresAt: null, metadata: null })

describe("memories in Postgres", () => {
  const context = useDatabase()
  beforeAll(() => context.database.inWorkspace("acme", (tx) => ensureStore(tx, { ...place, storeName: "memories" })))

  /** A ledger of its own, and how many statements it has sent so far. */
  function counted() {
    let statements = 0
    const { oneInWorkspace } = context.database
    const database: Database = {
      ...context.database,
      oneInWorkspace: (...asked) => {
        statements++
        return oneInWorkspace(...asked)
      },
    }
    return { ledger: createMemoryLedger(database), statements: () => statements }
  }

  test("the lives of names are asked for once, also of names that have none, until a search or a write says otherwise", async () => {
    const { ledger, statements } = counted()
    await put(createMemoryLedger(context.database), "team:there")
    const names = ["team:there", "team:never"]
    const [life, ...others] = await ledger.livesSeen(place, names)
    expect(life).toMatch(/^team:there@/)
    expect(others).toEqual([])
    expect(await ledger.livesSeen(place, names)).toEqual([life])
    expect(statements()).toBe(1)

    // Somebody else makes it: the next search says so, and a write would have asked.
    await put(createMemoryLedger(context.database), "team:never")
    const text = { query: "anything", by: "words" } as const
    const { lives } = await ledger.lists(place, { namespaces: names, kinds: undefined }, { text, max: 10, rows: 10 })
    expect(lives).toHaveLength(2)
    expect((await ledger.livesSeen(place, names)).sort()).toEqual([...lives].sort())
    expect(statements()).toBe(2)

    expect(await ledger.livesSeen(place, ["team:later"])).toEqual([])
    await put(createMemoryLedger(context.database), "team:later")
    expect(await ledger.write(place, [memory("team:later", "written at once")])).toEqual(["written"])
    expect(await ledger.livesSeen(place, ["team:later"])).toHaveLength(1)
  })

  test.each(["words", "substring"] as const)(
    "the first by %s come with what they say, the others with their place alone",
    async (by) => {
      const ledger = createMemoryLedger(context.database)
      const name = `team:rows-${by}`
      await put(ledger, name)
      await ledger.write(
        place,
        Array.from({ length: 5 }, (_, i) => memory(name, `a needle${" and straw".repeat(i)}`)),
      )
      const text = { query: "needle", by }
      const filter = { namespaces: [name], kinds: undefined }
      const { byText, asOf } = await ledger.lists(place, filter, { text, max: 4, rows: 2 })
      expect(byText.map(({ row }) => row !== undefined)).toEqual([true, true, false, false])
      const read = await ledger.read(
        place,
        filter,
        byText.slice(0, 2).map(({ id }) => id),
        asOf,
      )
      expect(byText.slice(0, 2).map(({ row }) => row)).toEqual(
        byText.slice(0, 2).map(({ id }) => read.find((row) => row.id === id)),
      )
    },
  )

  test("a write reads the namespaces it writes to and no others, by a plan made when there were few", async () => {
    const pool = createPool(context.url, { connectionsMax: 1, applicationName: "memories-test" })
    try {
      const ledger = createMemoryLedger(createDatabase(pool))
      await put(ledger, "team:first")
      await ledger.write(place, [memory("team:first", "one")])
      const others = createMemoryLedger(context.database)
      const names = Array.from({ length: 500 }, (_, i) => `team:n${i}`)
      await Promise.all(names.map((name) => put(others, name)))

      await ledger.write(
        place,
        names.slice(0, 20).map((name) => memory(name, "to learn their lives")),
      )
      const before = await rowsRead(pool, "memory_namespaces")
      await ledger.write(
        place,
        names.slice(0, 20).map((name) => memory(name, "two")),
      )
      expect((await rowsRead(pool, "memory_namespaces")) - before).toBeLessThan(200)
    } finally {
      await pool.end()
    }
  })
})
