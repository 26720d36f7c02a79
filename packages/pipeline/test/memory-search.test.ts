import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { FoundLists, MemoryLedger, MemoryRow } from "@engram/contracts/memory-ledger"
import type { VectorIndex } from "@engram/contracts/ports"
import { type MemorySearchDeps, searchMemories } from "@engram/pipeline/memories/search"
import { expect, test } from "vitest"

const place = { workspaceId: "acme", storeId: "memories" }
const question = { namespaces: ["team:a"], kinds: undefined, query: "needle", embedding: undefined, limit: 2 }

const ranked = (id: string, rank: number) => ({ id, rank, pin: null, createdAt: new Date(0) })
const row = (id: string): MemoryRow => ({
  ...{ id, namespace: "team:a", content: `what ${id} says`, kind: "fact", source: "agent" },
  ...{ expiresAt: null, propagation: null, pin: null, createdAt: new Date(0) },
})

/** A store without vectors whose lists are `found`, and where of these only `there` are left when they are read. */
function searching(found: Partial<FoundLists>, there: readonly string[]) {
  const asked: unknown[] = []
  const ledger: Pick<MemoryLedger, "activeVersion" | "lists" | "read"> = {
    activeVersion: async () => undefined,
    lists: async (_place, _filter, { text }) => {
      asked.push(text)
      const wordless = found.wordless === true && text?.by === "words"
      return { byText: [], byVector: [], isEmpty: false, unknown: new Set(), lives: [], asOf: "", ...found, wordless }
    },
    read: async (_place, _filter, ids) => ids.filter((id) => there.includes(id)).map(row),
  }
  const search = searchMemories({ ledger } as MemorySearchDeps)
  return { asked, search: async (query: string) => (await search(place, { ...question, query })).memories }
}

test("what ended between being found and being read is left out, and the rest keeps its order", async () => {
  const { search } = searching({ byText: [ranked("a", 3), ranked("b", 2), ranked("c", 1)] }, ["c", "b"])
  expect((await search("needle")).map(({ content }) => content)).toEqual(["what b says"])
})

test("texts are read of what is answered, and of nothing else", async () => {
  const { search } = searching({ byText: [ranked("a", 3), ranked("b", 2), ranked("c", 1)] }, ["c", "b", "a"])
  expect((await search("needle")).map(({ id, score }) => [id, score])).toEqual([
    ["a", 1 / 61],
    ["b", 1 / 62],
  ])
})

/** A search by query and embedding whose lists are these, and what was read beside them. */
function withLists(found: Partial<FoundLists>) {
  const reads: (readonly string[])[] = []
  const ledger: Pick<MemoryLedger, "lists" | "read" | "livesSeen"> = {
    livesSeen: async () => [],
    lists: async (_place, _filter, { text }) => {
      const wordless = found.wordless === true && text?.by !== "substring"
      return { byText: [], byVector: [], isEmpty: false, unknown: new Set(), lives: [], asOf: "", ...found, wordless }
    },
    read: async (_place, _filter, ids) => {
      reads.push(ids)
      return ids.map((id) => ({ ...row(id), content: `what ${id} says now` }))
    },
  }
  const callers = { find: async () => ({ id: "emb", indexName: "index" }) }
  const search = searchMemories({ ledger, callers, index: { trailsMs: 0 } } as unknown as MemorySearchDeps)
  const embedding = Float32Array.of(1, 0)
  return { reads, search: (query?: string) => search(place, { ...question, query, embedding, limit: 4 }) }
}

test("a memory whose row came with the list is not read again", async () => {
  const { reads, search } = withLists({ byVector: [{ ...ranked("a", 0.9), row: row("a") }, ranked("b", 0.8)] })
  const { memories } = await search()
  expect(memories.map(({ content, score }) => [content, score])).toEqual([
    ["what a says", 0.9],
    ["what b says now", 0.8],
  ])
  expect(reads).toEqual([["b"]])
})

test("of two lists it is enough that one brought the row", async () => {
  const { reads, search } = withLists({
    byText: [{ ...ranked("a", 3), row: row("a") }, ranked("b", 2), ranked("c", 1)],
    byVector: [ranked("a", 0.9), { ...ranked("b", 0.8), row: row("b") }, ranked("d", 0.7)],
  })
  const { memories } = await search("needle")
  expect(memories.map(({ content }) => content).sort()).toEqual([
    "what a says",
    "what b says",
    "what c says now",
    "what d says now",
  ])
  expect(reads.map((ids) => [...ids].sort())).toEqual([["c", "d"]])
})

test("where a second statement looked for the text, both lists are the second's", async () => {
  const { reads, search } = withLists({ wordless: true, byVector: [{ ...ranked("a", 0.9), row: row("a") }] })
  expect((await search("it was")).memories.map(({ content }) => content)).toEqual(["what a says"])
  expect(reads).toEqual([[]])
})

test("what was written between being found and being read is searched for again", async () => {
  let written = false
  const ledger: Pick<MemoryLedger, "activeVersion" | "lists" | "read"> = {
    activeVersion: async () => undefined,
    lists: async () => ({
      byText: [ranked("a", 3), ranked(written ? "c" : "b", 2)],
      ...{ byVector: [], isEmpty: false, wordless: false, unknown: new Set(), lives: [] },
      asOf: written ? "after" : "before",
    }),
    read: async (_place, _filter, ids, asOf) => {
      written = true
      return ids.filter((id) => id !== "b" || asOf === "after").map(row)
    },
  }
  const { memories } = await searchMemories({ ledger } as MemorySearchDeps)(place, question)
  expect(memories.map(({ id }) => id)).toEqual(["a", "c"])
})

test("one character is looked for as it stands, and so is what turns out to hold no words", async () => {
  const one = searching({}, [])
  await one.search("🎉")
  expect(one.asked).toEqual([{ query: "🎉", by: "substring" }])
  const wordless = searching({ wordless: true }, [])
  await wordless.search("it was")
  expect(wordless.asked).toEqual([
    { query: "it was", by: "words" },
    { query: "it was", by: "substring" },
  ])
})

const version = {
  id: "emb",
  indexName: "index",
  model: { provider: "caller", model: "", dimension: 2 },
  status: "caller",
}

/** Searches whose index holds these scores, nearest first, the first `over` of memories that are over; and what the index was asked for. */
function withIndex(scores: readonly number[], over: number) {
  const topKs: number[] = []
  const ids = new Map(scores.map((score, i) => [`m${i}`, score]))
  const index: Pick<VectorIndex, "trailsMs" | "query"> = {
    trailsMs: 0,
    query: async (_target, _values, { topK }) => {
      topKs.push(topK)
      return [...ids].slice(0, topK).map(([id, score]) => ({ id, score }))
    },
  }
  const isOver = new Set([...ids.keys()].slice(0, over))
  const ledger: Pick<MemoryLedger, "activeVersion" | "lists" | "read" | "livesSeen" | "hasVectors"> = {
    activeVersion: async () => version as EmbeddingVersion,
    hasVectors: () => true,
    livesSeen: async () => ["life"],
    lists: async (_place, _filter, { near }) => ({
      byText: [],
      wordless: false,
      byVector: near!.indexed!.flatMap(({ id, score }) =>
        isOver.has(id) || score < near!.scoreMin ? [] : [ranked(id, score)],
      ),
      isEmpty: false,
      unknown: new Set(),
      lives: ["life"],
      asOf: "",
    }),
    read: async (_place, _filter, asked) => asked.map(row),
  }
  const embedding = Float32Array.of(1, 0)
  const search = searchMemories({
    ledger,
    callers: { find: async () => version },
    embedderOf: async () => ({ embed: async () => [embedding] }),
    index,
  } as unknown as MemorySearchDeps)
  const found = async (more: object) => (await search(place, { ...question, limit: 10, ...more })).memories
  return {
    topKs,
    byEmbedding: () => found({ query: undefined, embedding }),
    byQuery: () => found({ query: "needle" }),
  }
}

const falling = (many: number, from = 1) => Array.from({ length: many }, (_, i) => from - i / 10_000)

test("the index is asked once where enough of what it found is left, nearer than its last, or it knows of no more", async () => {
  const enough = withIndex(falling(100), 9)
  expect((await enough.byEmbedding()).map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, i) => `m${9 + i}`))
  expect(enough.topKs).toEqual([20])
  const few = withIndex(falling(19), 15)
  expect(await few.byEmbedding()).toHaveLength(4)
  expect(few.topKs).toEqual([20])
})

test("where too few of what the index found are left, it is asked for more and more, up to as much as an index gives", async () => {
  const over = withIndex(falling(400), 300)
  expect((await over.byEmbedding()).map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, i) => `m${300 + i}`))
  expect(over.topKs).toEqual([20, 80, 320])
  const all = withIndex(falling(20_000), 20_000)
  expect(await all.byEmbedding()).toEqual([])
  expect(all.topKs).toEqual([20, 80, 320, 1_280, 5_120, 10_000])
})

test("it is asked for more while the last it gave is as near as the last that is answered", async () => {
  const tied = withIndex([...falling(5), ...Array(295).fill(0.9), ...falling(100, 0.8)], 0)
  expect(await tied.byEmbedding()).toHaveLength(10)
  expect(tied.topKs).toEqual([20, 80, 320])
})

test("for a query it is asked for more too, but not for what is too far from it to count", async () => {
  const over = withIndex(falling(400), 150)
  expect((await over.byQuery())[0]?.id).toBe("m150")
  expect(over.topKs).toEqual([50, 200])
  const far = withIndex([...falling(5), ...falling(395, 0.2)], 0)
  expect(await far.byQuery()).toHaveLength(5)
  expect(far.topKs).toEqual([50])
})
