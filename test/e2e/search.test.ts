import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SearchRequest } from "@engram/contracts/search"
import { scopeId } from "@engram/core/ids"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { namespaceOf, vectorId } from "@engram/pipeline/embed"
import { search } from "@engram/pipeline/search"
import { createSqliteVecIndex } from "@engram/sqlite-vec/sqlite-vec-index"
import { createSearchIndex } from "@engram/store/search-index"
import { afterEach, expect, test } from "vitest"
import { examplePayloads } from "../examples.ts"
import { find, page } from "../search-door.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function openBench(): Promise<Workbench> {
  const bench = await createWorkbench({ embedder: createLocalEmbedder({ dimension: 256 }) })
  closing.push(bench.close)
  return bench
}

/** From now on the index alone can answer: nothing counts as recent. */
const ageVectors = ({ database }: Workbench) =>
  database.pool.query("update vector_entries set written_at = now() - interval '1 hour'")

test("a document is found by its words, by what is near them, and by both", async () => {
  const bench = await openBench()
  await bench.accept([
    page("gateway", "The payment gateway was rolled back after duplicate charges."),
    page("garden", "Tomatoes want sun, water and patience in the greenhouse."),
  ])
  await bench.turn("normalize")
  const [byText] = await find(bench, { query: "payment gateway charges" })
  expect(byText).toMatchObject({ title: "gateway", source: "events", foundBy: ["text"] })

  await bench.drain()
  await ageVectors(bench)
  const [byBoth] = await find(bench, { query: "payment gateway charges" })
  expect(byBoth).toMatchObject({ title: "gateway", foundBy: ["text", "vector"] })
  const [byVector] = await find(bench, { query: "paymentt gatewayy duplicat" })
  expect(byVector).toMatchObject({ title: "gateway", foundBy: ["vector"] })
  expect(byBoth!.score).toBeGreaterThan(byText!.score)
})

test("a document is one hit, however many of its passages and observations match", async () => {
  const bench = await openBench()
  const body = Array.from(
    { length: 40 },
    (_, i) => `## Part ${i}\n\n${"The lighthouse keeper logs the weather. ".repeat(30)}`,
  )
  await bench.accept([page("log", body.join("\n\n")), page("other", "A lighthouse on another coast.")])
  await bench.drain()
  const hits = await find(bench, { query: "lighthouse keeper weather" })
  expect(hits.map((hit) => hit.title).sort()).toEqual(["log", "other"])
})

test("each view of an observation is found by its vector alone", async () => {
  const bench = await openBench()
  await bench.accept(examplePayloads)
  await bench.drain()
  await ageVectors(bench)
  const directory = await mkdtemp(join(tmpdir(), "engram-views-"))
  closing.push(() => rm(directory, { recursive: true, force: true }))
  const searchIndex = createSearchIndex(bench.database)
  const version = (await searchIndex.activeVersion(bench.lane))!

  for (const view of ["body", "title", "summary"] as const) {
    const { rows } = await bench.database.pool.query(
      `select o.id, v.metadata, case v.view when 'body' then o.text when 'title' then o.title else o.summary end as text
       from vector_entries v join memory_observations o on o.id = v.ref_id and v.family = 'observations'
       where v.view = $1 and v.wanted_hash is not null and o.live order by o.id limit 1`,
      [view],
    )
    const [row] = rows
    const index = createSqliteVecIndex({ path: join(directory, `${view}.db`) })
    closing.push(async () => index.close())
    await index.ensure(version.indexName, 256)
    const [values] = await bench.embedder.embed([row.text], "search_document")
    const target = { index: version.indexName, namespace: namespaceOf("observations", version) }
    await index.upsert(target, [{ id: vectorId({ refId: row.id, view }), values: values!, metadata: row.metadata }])

    const ask = search({ search: searchIndex, embedderOf: bench.embedderOf, index })
    const hits = await ask({ ...bench.lane, scopeIds: "all" }, SearchRequest.parse({ query: row.text, limit: 100 }))
    expect(hits.filter((hit) => hit.foundBy.includes("vector")).length).toBe(1)
  }
})

test("vectors answer with the old version until the new one is complete; full text with the new one at once", async () => {
  const bench = await openBench()
  await bench.accept([page("plan", "Migrate the warehouse to columnar storage.")])
  await bench.drain()
  await bench.accept([page("plan", "Cancelled because the budget was frozen.")])
  await bench.turn("normalize")

  const old = (await find(bench, { query: "warehouse columnar storage" }))[0]
  expect(old).toMatchObject({ passage: "# plan\n\nMigrate the warehouse to columnar storage.", foundBy: ["vector"] })
  const fresh = (await find(bench, { query: "budget frozen" }))[0]
  expect(fresh!.passage).toContain("Cancelled because the budget was frozen.")
  expect(fresh!.foundBy).toContain("text")

  await bench.drain()
  const passages = (await find(bench, { query: "warehouse columnar storage" })).map((hit) => hit.passage)
  expect(passages.join()).not.toContain("warehouse")
  const shown = (await find(bench, { query: "budget frozen" }))[0]
  expect(shown).toMatchObject({ foundBy: ["text", "vector"] })
})

test("a deletion hides at once, also while the index still has the vector", async () => {
  const bench = await openBench()
  await bench.accept([page("leak", "The staging credentials were rotated on Friday.")])
  await bench.drain()
  expect(await find(bench, { query: "staging credentials" })).toHaveLength(1)
  await bench.accept([page("leak", "", { action: "remove" })])
  await bench.turn("normalize")
  const version = (await createSearchIndex(bench.database).activeVersion(bench.lane))!
  const target = { index: version.indexName, namespace: namespaceOf("chunks", version) }
  expect(await bench.index.count(target)).toBe(1)
  expect(await find(bench, { query: "staging credentials" })).toEqual([])
})

test("filters hold for both lists, and find what they let through among any number of nearer things", async () => {
  const bench = await openBench()
  const noise = Array.from({ length: 150 }, (_, i) => page(`noise-${i}`, `Database failover drill number ${i}.`))
  await bench.accept([
    ...noise,
    page("runbook", "Failover of the database, step by step.", { kind: "runbook", occurredAt: "2020-05-01T12:00:00Z" }),
  ])
  await bench.drain()
  const query = "database failover drill"
  const kinds = ["runbook"]
  const around = { since: "2020-05-01T12:00:00Z", until: "2020-05-01T14:00:00+02:00" }
  for (const filter of [{ kinds }, around, { ...around, kinds }]) {
    for (const aged of [false, true]) {
      if (aged) await ageVectors(bench)
      const hits = await find(bench, { query, ...filter })
      expect(hits.map((hit) => [hit.title, hit.foundBy])).toEqual([["runbook", ["text", "vector"]]])
    }
  }
  expect(await find(bench, { query, since: "2020-05-01T12:00:00.001Z", until: "2020-06-01T00:00:00Z" })).toEqual([])
  expect(await find(bench, { query, sources: ["github"] })).toEqual([])
  expect(await find(bench, { query, sources: ["events", "github"], limit: 100 })).toHaveLength(100)
  expect(
    await find(bench, { query, since: "0000-01-01T00:00:00Z", until: "9999-12-31T23:59:59+23:59", limit: 1 }),
  ).toHaveLength(1)
})

test("a comment's own time counts, for words and for vectors alike", async () => {
  const bench = await openBench()
  await bench.accept(examplePayloads)
  await bench.drain()
  await ageVectors(bench)
  const { rows } = await bench.database.pool.query(
    `select c.text, c.occurred_at, d.id from knowledge_chunks c join knowledge_documents d on d.id = c.document_id
     where c.occurred_at > d.occurred_at and d.live order by c.id limit 1`,
  )
  const [comment] = rows
  expect(comment).toBeDefined()
  const at = comment.occurred_at.toISOString()
  const hits = await find(bench, { query: comment.text, since: at, until: at })
  expect(hits.find((hit) => hit.documentId === comment.id)?.foundBy).toContain("vector")
})

test("what the reader may not see does not stand before what it may", async () => {
  const bench = await openBench()
  const scope = { id: "board", privacy: "private" }
  const secrets = Array.from({ length: 150 }, (_, i) =>
    page(`secret-${i}`, `Quarterly forecast revision ${i}.`, { scope }),
  )
  await bench.accept([...secrets, page("open", "Quarterly forecast, as it was published.")])
  await bench.drain()
  await ageVectors(bench)
  const ask = search({ search: createSearchIndex(bench.database), embedderOf: bench.embedderOf, index: bench.index })
  const request = SearchRequest.parse({ query: "quarterlyy forecastt revisionn", limit: 5 })
  const hits = await ask({ ...bench.lane, scopeIds: [] }, request)
  expect(hits.map((hit) => [hit.title, hit.foundBy])).toEqual([["open", ["vector"]]])
  const granted = [scopeId("acme", "events", "board")]
  expect(await ask({ ...bench.lane, scopeIds: granted }, request)).toHaveLength(5)
})

const words = "Deploy https://example.org/run?a=1&b=2 for the team"
test.each([
  ["stop words only", "the and of a"],
  ["one letter", "x"],
  ["emoji", "🚀🔥👩‍👩‍👧"],
  ["4,000 characters of words", "release ".repeat(500).trim()],
  ["4,000 characters of one word", "a".repeat(4_000)],
  ["4,000 emoji", "🔥".repeat(2_000)],
  ["a NUL", "deploy\0team"],
  ["quotes", `it's "quoted" 'twice' \\ and \\' back`],
  ["operators", "& | ! ( ) : * <-> deploy:* & !team"],
  ["operators alone", "& | ! ( ) : * <->"],
  ["a lone surrogate", "deploy \ud800 team"],
  ["SQL", "'; drop table knowledge_documents; --"],
  ["a URL with an ampersand", "https://example.org/run?a=1&b=2"],
  ["right to left", "مرحبا بالعالم"],
])("a question of %s is answered", async (_, query) => {
  const bench = await openBench()
  await bench.accept([page("deploy", words)])
  await bench.drain()
  await expect(find(bench, { query })).resolves.toBeInstanceOf(Array)
})

test("a URL is found by itself, ampersands and all", async () => {
  const bench = await openBench()
  await bench.accept([page("deploy", words)])
  await bench.turn("normalize")
  const [hit] = await find(bench, { query: "example.org/run?a=1&b=2" })
  expect(hit).toMatchObject({ title: "deploy", foundBy: ["text"] })
})
