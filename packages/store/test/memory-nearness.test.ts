import { randomUUID } from "node:crypto"
import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { NearQuestion, NewMemory } from "@engram/contracts/memory-ledger"
import { callersModel } from "@engram/core/callers-model"
import * as ids from "@engram/core/ids"
import { beforeAll, describe, expect, test } from "vitest"
import { createDatabase, createPool, type Database } from "../src/database.ts"
import { ensureStore } from "../src/ensure-store.ts"
import { createMemoryLedger } from "../src/memories/memory-ledger.ts"
import { useDatabase } from "./store-fixture.ts"

const place = { workspaceId: "acme", storeId: ids.storeId("acme", "memories") }
const model = callersModel(2)

describe("what is near, as Postgres and the index have it together", () => {
  const context = useDatabase()
  let version: EmbeddingVersion
  beforeAll(async () => {
    await context.database.inWorkspace("acme", (tx) => ensureStore(tx, { ...place, storeName: "memories" }))
    const id = ids.embeddingVersionId(place.storeId, model)
    const ledger = createMemoryLedger(context.database)
    await ledger.putNamespace(place, { name: "team:first", kind: "custom", expiresAt: null, metadata: null })
    const plain = { kind: "fact", source: "agent", expiresAt: null, propagation: null, pin: null } as const
    const first = { id: randomUUID(), namespace: "team:first", content: "first", embedding: Float32Array.of(1, 0) }
    await ledger.writeFirst(place, { ...first, ...plain }, { id, model, indexName: "index" })
    version = (await ledger.callerVersion(place))!
  })

  /** A namespace of its own, and what writes to it. */
  async function namespace() {
    const ledger = createMemoryLedger(context.database)
    const name = `team:${randomUUID()}`
    await ledger.putNamespace(place, { name, kind: "custom", expiresAt: null, metadata: null })
    const write = async (content: string, embedding: Float32Array, more: Partial<NewMemory> = {}): Promise<string> => {
      const plain = { kind: "fact", source: "agent", expiresAt: null, propagation: null, pin: null } as const
      const memory = { id: randomUUID(), namespace: name, content, embedding, ...plain, ...more }
      await ledger.write(place, [memory])
      return memory.id
    }
    return { filter: { namespaces: [name], kinds: undefined }, write }
  }

  const near = (more: Partial<NearQuestion>): NearQuestion => ({
    ...{ version, values: Float32Array.of(1, 0), indexed: [], exactMax: 1_000, scoreMin: -2 },
    trailsMs: () => 0,
    ...more,
  })

  /** As the worker does it. */
  const writeToIndex = (id: string) =>
    context.database.pool.query(
      "update vector_entries set written_hash = wanted_hash, written_at = clock_timestamp() where ref_id = $1",
      [id],
    )

  test("what was written since it was found, or was being written then, is not read as what was found", async () => {
    const { filter, write } = await namespace()
    const ledger = createMemoryLedger(context.database)
    const found = () => ledger.lists(place, filter, { near: near({}), max: 10, rows: 10 })
    const memories = ["stays", "written again", "being written"].map((content) => write(content, Float32Array.of(1, 0)))
    const [stays, again, under] = await Promise.all(memories)
    const texts = async (asOf: string) =>
      (await ledger.read(place, filter, [stays!, again!, under!], asOf)).map(({ content }) => content).sort()
    const writer = await context.database.pool.connect()
    await writer.query("begin")
    await writer.query("update memory_records set content = 'written by then' where id = $1", [under])
    const { asOf } = await found()
    expect(await texts(asOf)).toEqual(["being written", "stays", "written again"])
    await writer.query("commit")
    writer.release()
    await write("as it is now", Float32Array.of(0, 1), { id: again! })
    expect(await texts(asOf)).toEqual(["stays"])
    expect(await texts((await found()).asOf)).toEqual(["as it is now", "stays", "written by then"])
  })

  test("of what is equally near the pinned comes first, however the index rounds", async () => {
    const { filter, write } = await namespace()
    const embedding = Float32Array.of(1, 0)
    const pinned = await write("in the index", embedding, { pin: true })
    await writeToIndex(pinned)
    await context.database.pool.query("update vector_entries set written_at = now() - interval '5 minutes'")
    const plain = await write("owed to it", embedding)
    const ledger = createMemoryLedger(context.database)
    for (const cosine of [0.5000002, 0.5000004, 0.5000006, 0.5000008].map(Math.fround)) {
      const indexed = [{ id: pinned, score: cosine - 3e-7 }]
      const values = Float32Array.of(cosine, Math.sqrt(1 - cosine ** 2))
      const { byVector } = await ledger.lists(place, filter, { near: near({ values, indexed }), max: 10, rows: 10 })
      expect([cosine, byVector.map(({ id }) => id)]).toEqual([cosine, [pinned, plain]])
    }
  })

  test("what is written to the index while the statement waits for a connection is compared", async () => {
    const pool = createPool(context.url, { connectionsMax: 1, applicationName: "nearness-test" })
    try {
      const { filter, write } = await namespace()
      const id = await write("written meanwhile", Float32Array.of(1, 0))
      const held = await pool.connect()
      let trailsMs = 0
      const found = createMemoryLedger(createDatabase(pool)).lists(place, filter, {
        near: near({ trailsMs: () => trailsMs }),
        ...{ max: 10, rows: 10 },
      })
      await writeToIndex(id)
      trailsMs = 60_000
      held.release()
      expect((await found).byVector).toMatchObject([{ id, rank: 1 }])
    } finally {
      await pool.end()
    }
  })

  test("and so is what is written between the two statements that a backlog takes", async () => {
    const { filter, write } = await namespace()
    await write("older", Float32Array.of(0, 1))
    const id = await write("written meanwhile", Float32Array.of(1, 0))
    let [statements, trailsMs] = [0, 0]
    const database: Database = {
      ...context.database,
      oneInWorkspace: async (...asked) => {
        if (statements++ === 1) {
          await writeToIndex(id)
          trailsMs = 60_000
        }
        return context.database.oneInWorkspace(...asked)
      },
    }
    const { byVector } = await createMemoryLedger(database).lists(place, filter, {
      near: near({ trailsMs: () => trailsMs, exactMax: 1 }),
      ...{ max: 10, rows: 10 },
    })
    expect(statements).toBe(2)
    expect(byVector).toMatchObject([{ id, rank: 1 }])
  })
})
