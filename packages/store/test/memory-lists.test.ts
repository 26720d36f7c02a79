import { randomUUID } from "node:crypto"
import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { MemoryFilter, MemoryLedger, NewMemory } from "@engram/contracts/memory-ledger"
import { callersModel } from "@engram/core/callers-model"
import * as ids from "@engram/core/ids"
import { beforeAll, describe, expect, test } from "vitest"
import { ensureStore } from "../src/ensure-store.ts"
import { createMemoryLedger } from "../src/memories/memory-ledger.ts"
import { useDatabase } from "./store-fixture.ts"

const place = { workspaceId: "acme", storeId: ids.storeId("acme", "memories") }
const model = callersModel(2)
const words = ["lock", "queue", "night", "index", "token", "replay"]

type Asked = Parameters<MemoryLedger["lists"]>[2]

describe("searches that come at once", () => {
  const context = useDatabase()
  let version: EmbeddingVersion
  const memories: NewMemory[] = []
  beforeAll(async () => {
    await context.database.inWorkspace("acme", (tx) => ensureStore(tx, { ...place, storeName: "memories" }))
    const ledger = createMemoryLedger(context.database)
    for (const name of ["team:a", "team:b", "team:c"]) {
      await ledger.putNamespace(place, { name, kind: "custom", expiresAt: null, metadata: null })
      for (let at = 0; at < 20; at++) {
        memories.push({
          ...{
            id: randomUUID(),
            namespace: name,
            content: `${words[at % 6]} and ${words[(at * 5 + 1) % 6]} of ${name} ${at}`,
          },
          ...{ kind: at % 3 === 0 ? "summary" : "fact", source: "agent", expiresAt: null, propagation: null },
          ...{ pin: at % 7 === 0, embedding: Float32Array.of(Math.cos(at), Math.sin(at)) },
        })
      }
    }
    const id = ids.embeddingVersionId(place.storeId, model)
    await ledger.writeFirst(place, memories[0]!, { id, model, indexName: "index" })
    version = (await ledger.callerVersion(place))!
    await ledger.write(place, memories)
    // Half of them are in the index, and have been for long.
    await context.database.pool.query(
      "update vector_entries set written_hash = wanted_hash, written_at = now() - interval '1 hour' where ref_id < '8'",
    )
  })

  /** Every shape of a question: its namespaces, kinds, query, vector, and how much is asked for. */
  const questionAt = (at: number): { readonly filter: MemoryFilter; readonly asked: Asked } => {
    const names = [["team:a"], ["team:b", "team:c"], ["team:never"], ["team:a", "team:c", "team:b"]][at % 4]!
    const values = Float32Array.of(Math.cos(at / 3), Math.sin(at / 3))
    const found = memories.filter(({ id, namespace }) => id < "8" && names.includes(namespace))
    const near = {
      ...{ version, values, exactMax: 1_000, scoreMin: -2, trailsMs: () => at },
      indexed: found.map(({ id }) => ({ id, score: 0.5 })),
    }
    const by = at % 10 === 9 ? ("substring" as const) : ("words" as const)
    const text = { query: at % 11 === 0 ? "the of" : `${words[at % 6]} ${words[at % 5]}`, by }
    return {
      filter: { namespaces: names, kinds: at % 3 === 0 ? ["summary"] : undefined },
      asked: {
        ...(at % 5 !== 0 && { text }),
        ...((at % 5 === 0 || at % 2 === 0) && { near }),
        ...{ max: 3 + (at % 8), rows: at % 4 },
      },
    }
  }

  test("are each answered as if they came alone", async () => {
    const questions = Array.from({ length: 120 }, (_, at) => questionAt(at))
    const ledger = createMemoryLedger(context.database)
    const ask = async ({ filter, asked }: (typeof questions)[number]) => {
      const { asOf: _, ...found } = await ledger.lists(place, filter, asked)
      return found
    }
    const alone = []
    for (const question of questions) alone.push(await ask(question))
    expect(alone.filter(({ byText }) => byText.length > 0).length).toBeGreaterThan(40)
    expect(alone.filter(({ byVector }) => byVector.length > 0).length).toBeGreaterThan(40)
    expect(alone.some(({ wordless }) => wordless)).toBe(true)

    let statements = 0
    const counting = createMemoryLedger({
      ...context.database,
      oneInWorkspace: (...asked) => {
        statements++
        return context.database.oneInWorkspace(...asked)
      },
    })
    const together = await Promise.all(
      questions.map(async ({ filter, asked }) => {
        const { asOf: _, ...found } = await counting.lists(place, filter, asked)
        return found
      }),
    )
    expect(together).toEqual(alone)
    expect(statements).toBeLessThan(40)
  })

  test("go by the longest time that the index trails", async () => {
    const ledger = createMemoryLedger(context.database)
    const { namespace, id } = memories.find((memory) => memory.id >= "8")!
    await context.database.pool.query(
      "update vector_entries set written_hash = wanted_hash, written_at = now() - interval '10 s' where ref_id = $1",
      [id],
    )
    const ask = async (trailsMs: number) => {
      const near = { version, values: Float32Array.of(1, 0), indexed: [], exactMax: 1_000, scoreMin: -2 }
      const filter = { namespaces: [namespace], kinds: undefined }
      const { byVector } = await ledger.lists(place, filter, {
        near: { ...near, trailsMs: () => trailsMs },
        ...{ max: 100, rows: 0 },
      })
      return byVector.some((each) => each.id === id)
    }
    expect(await Promise.all([ask(0), ask(60_000)])).toEqual([true, true])
    expect(await ask(0)).toBe(false)
  })

  test("bring what is best by both lists with what it says, once, wherever it stands in each", async () => {
    const ledger = createMemoryLedger(context.database)
    const filter = { namespaces: ["team:a", "team:b", "team:c"], kinds: undefined }
    const text = { query: "lock queue", by: "words" as const }
    const alone = await ledger.lists(place, filter, { text, max: 60, rows: 0 })
    expect(alone.byText.some(({ row }) => row)).toBe(false)
    // The index likes best what the words like least.
    const indexed = alone.byText
      .filter(({ id }) => id < "8")
      .map(({ id }, at) => ({ id, score: 0.1 + at / 100 }))
      .reverse()
    const near = { version, values: Float32Array.of(1, 0), exactMax: 1_000, scoreMin: -2, trailsMs: () => 0, indexed }
    const { byText, byVector } = await ledger.lists(place, filter, { text, near, max: 60, rows: 5 })
    const score = new Map<string, number>()
    for (const list of [byText, indexed]) {
      for (const [at, { id }] of list.entries()) score.set(id, (score.get(id) ?? 0) + 1 / (61 + at))
    }
    const fifth = [...score.values()].sort((a, b) => b - a)[4]!
    const said = [...byText, ...byVector].flatMap(({ row }) => row?.id ?? [])
    expect(new Set(said).size).toBe(5)
    expect(said).toHaveLength(5)
    for (const id of said) expect(score.get(id)).toBeGreaterThanOrEqual(fifth - 1e-12)
  })

  test("look once whether a version that is thought to be empty is, and remember one that is not", async () => {
    const ledger = createMemoryLedger(context.database)
    const filter = { namespaces: ["team:a"], kinds: undefined }
    const ask = async (emptyVersion: EmbeddingVersion) => {
      const text = { query: "lock", by: "words" as const }
      const { isEmpty, byText } = await ledger.lists(place, filter, { text, emptyVersion, max: 5, rows: 5 })
      expect(byText).toHaveLength(5)
      return { isEmpty, known: ledger.hasVectors(place, emptyVersion) }
    }
    expect(ledger.hasVectors(place, version)).toBe(false)
    expect(await ask(version)).toEqual({ isEmpty: false, known: true })
    const other = { ...version.model, dimension: 3 }
    const empty = { ...version, id: ids.embeddingVersionId(place.storeId, other), model: other }
    expect(await ask(empty)).toEqual({ isEmpty: true, known: false })
  })
})
