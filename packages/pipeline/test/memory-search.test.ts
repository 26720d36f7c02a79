import type { FoundLists, MemoryLedger, MemoryRow } from "@engram/contracts/memories"
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
      return { byText: [], byVector: [], unknown: new Set(), lives: [], ...found, wordless }
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
      return { byText: [], byVector: [], unknown: new Set(), lives: [], ...found, wordless }
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

test("where a second statement looked for the text, what the first read is read again", async () => {
  const { search } = withLists({ wordless: true, byVector: [{ ...ranked("a", 0.9), row: row("a") }] })
  expect((await search("it was")).memories.map(({ content }) => content)).toEqual(["what a says now"])
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

test("where too few of what the index found are left, the index is asked for more", async () => {
  const topKs: number[] = []
  const index = {
    trailsMs: 0,
    query: async (_target: unknown, _values: unknown, { topK }: { readonly topK: number }) => {
      topKs.push(topK)
      return Array.from({ length: topK }, (_, i) => ({ id: `m${i}`, score: 1 - i / 100 }))
    },
  } as unknown as VectorIndex
  const version = {
    id: "emb",
    indexName: "index",
    model: { provider: "caller", model: "", dimension: 2 },
    status: "caller",
  }
  // The first fifteen have ended.
  const lists: MemoryLedger["lists"] = async (_place, _filter, { near }) => ({
    byText: [],
    wordless: false,
    byVector: near!.indexed!.slice(15).map(({ id, score }) => ranked(id, score)),
    unknown: new Set(),
    lives: ["life"],
  })
  const read: MemoryLedger["read"] = async (_place, _filter, ids) => ids.map(row)
  const search = searchMemories({
    ledger: { lists, read, livesSeen: async () => ["life"] },
    callers: { find: async () => version },
    index,
  } as unknown as MemorySearchDeps)
  const asked = { ...question, query: undefined, embedding: Float32Array.of(1, 0), limit: 10 }
  const { memories } = await search(place, asked)
  expect(topKs).toEqual([20, 50])
  expect(memories.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, i) => `m${15 + i}`))
})
