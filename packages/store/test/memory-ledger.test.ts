import { randomUUID } from "node:crypto"
import type { MemoryLedger, NewMemory } from "@engram/contracts/memory-ledger"
import { callersModel } from "@engram/core/callers-model"
import * as ids from "@engram/core/ids"
import { testWhereCounted } from "@engram/testkit/test-where-counted"
import { beforeAll, describe, expect, test } from "vitest"
import { createDatabase, createPool, type Database } from "../src/database.ts"
import { ensureStore } from "../src/ensure-store.ts"
import { createMemoryLedger } from "../src/memories/memory-ledger.ts"
import { createVectorLedger } from "../src/vector-ledger.ts"
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

  test("what is written to a namespace that was just made asks for nothing, however often the name was over before", async () => {
    const { ledger, statements } = counted()
    for (const life of ["first", "second"]) {
      await put(ledger, "team:made")
      const before = statements()
      expect(await ledger.add(place, [memory("team:made", `of its ${life} life`)])).toEqual(["written"])
      expect(statements() - before).toBe(1)
      expect(await ledger.endNamespace(place, "team:made")).toBe(true)
    }
  })

  test("a namespace that is made as one that is over is asked for, and nothing is tried with it", async () => {
    const { ledger, statements } = counted()
    const expired = { name: "team:expired", kind: "custom", expiresAt: new Date(0), metadata: null } as const
    await ledger.putNamespace(place, expired)
    const before = statements()
    expect(await ledger.add(place, [memory("team:expired", "too late")])).toEqual(["no_namespace"])
    expect(statements() - before).toBe(1)
  })

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

  testWhereCounted(
    "a write reads the namespaces it writes to and no others, by a plan made when there were few",
    async () => {
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
    },
  )

  describe("the first memory that brings a vector", () => {
    /** What is kept of what is brought, in a store of its own. */
    async function empty() {
      const workspaceId = `workspace-${randomUUID()}`
      const here = { workspaceId, storeId: ids.storeId(workspaceId, "memories") }
      await context.database.inWorkspace(workspaceId, (tx) => ensureStore(tx, { ...here, storeName: "memories" }))
      const open = () => createMemoryLedger(context.database)
      const space = { name: "team:a", kind: "custom", expiresAt: null, metadata: null } as const
      await open().putNamespace(here, space)
      const first = (ledger: MemoryLedger, dimension: number, id: string = randomUUID()) => {
        const model = callersModel(dimension)
        const brought = { ...memory("team:a", `of ${dimension}`), id, embedding: new Float32Array(dimension).fill(1) }
        const version = { id: ids.embeddingVersionId(here.storeId, model), model, indexName: "index" }
        return ledger.writeFirst(here, brought, version)
      }
      const rows = async (sql: string) => (await context.database.pool.query(sql, [here.storeId])).rows
      const dimensions = () =>
        rows("select dimension from embedding_versions where store_id = $1 and status = 'caller'")
      return { here, open, space, first, rows, dimensions }
    }

    test("is there with the version of its vector, which it is owed in, or neither is", async () => {
      const { here, open, space, first, rows, dimensions } = await empty()
      const ledger = open()
      // It has seen the namespace, which another ends.
      await ledger.write(here, [memory("team:a", "seen")])
      await open().endNamespace(here, "team:a")
      expect(await first(ledger, 3)).toBe("no_namespace")
      expect(await dimensions()).toEqual([])

      await open().putNamespace(here, space)
      expect(await first(ledger, 8)).toBe("written")
      expect(await dimensions()).toEqual([{ dimension: 8 }])
      const owed = `select octet_length(e.values) as bytes from vector_entries v join embedding_values e on e.text_hash = v.text_hash
        join embedding_versions n on n.id = v.embedding_version_id and n.status = 'caller' where v.store_id = $1`
      expect(await rows(owed)).toEqual([{ bytes: 32 }])
    })

    test("is one of those that come at once, and of the others nothing is written", async () => {
      const { open, first, rows, dimensions } = await empty()
      const ends = await Promise.all([3, 8, 8, 5].map((dimension) => first(open(), dimension)))
      expect(ends.toSorted()).toEqual(["not_first", "not_first", "not_first", "written"])
      const [{ dimension }, ...others] = await dimensions()
      expect(others).toEqual([])
      expect(await rows("select content from memory_records where store_id = $1")).toEqual([
        { content: `of ${dimension}` },
      ])
    })

    test("takes the place of one that brought none, whose vector is not wanted any more", async () => {
      const { here, open, first, rows } = await empty()
      const model = { provider: "local", model: "local-hash-v1", dimension: 64 }
      const version = { id: ids.embeddingVersionId(here.storeId, model), model, indexName: "index" }
      await createVectorLedger(context.database).ensureVersion(here, version)
      const without = memory("team:a", "brings none")
      await open().write(here, [without])
      expect(await first(open(), 8, without.id)).toBe("written")
      const wanted = `select n.status from vector_entries v join embedding_versions n on n.id = v.embedding_version_id
        where v.store_id = $1 and v.wanted_hash is not null`
      expect(await rows(wanted)).toEqual([{ status: "caller" }])
    })
  })
})
