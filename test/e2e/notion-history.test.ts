import { openNotionHistory } from "@engram/notion/notion-history"
import { notionId, said } from "@engram/testkit/notion-workspace"
import { expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { historyPayloads } from "../history-payloads.ts"
import { importInto } from "../import-into.ts"
import { event, type NotionBench, notionBench } from "../notion-bench.ts"

const ada = notionId(1)
const [plans, decision, row, database, rows] = [0x10, 0x11, 0x12, 0x20, 0x21].map(notionId) as [
  string,
  string,
  string,
  string,
  string,
]

async function newBench(): Promise<NotionBench> {
  const bench = await notionBench()
  const { workspace } = bench.notion
  workspace.user(ada, "Ada", "ada@example.org")
  workspace.bot(notionId(2), "Importer")
  workspace.write({ id: plans, title: "Plans", blocks: [said("paragraph", "What we are up to.")], createdBy: ada })
  const parent = { type: "page_id", page_id: plans }
  const blocks = [said("heading_1", "Decision"), said("paragraph", "Ten minutes it is.")]
  workspace.write({ id: decision, title: "Uploads", parent, blocks, createdBy: ada, editedAt: "2026-02-01T10:00:00Z" })
  workspace.database(database, "Tasks", { id: rows }, parent)
  const inRows = { type: "data_source_id", data_source_id: rows }
  workspace.write({ id: row, title: "Raise the limit", parent: inRows, createdBy: notionId(2) })
  workspace.comment({ id: notionId(0x600), on: decision, by: ada, text: "Agreed.", at: "2026-02-01T11:00:00Z" })
  return bench
}

const historyOf = (bench: NotionBench) => {
  const open = openNotionHistory(bench.notion.token, {
    ...{ baseUrl: bench.notion.url, timeoutMs: 2_000, requestsPerSecond: 10_000, retryBaseMs: 1 },
  })
  return (since?: Date) => open({ since })
}

const all = [plans, decision, row, rows, database]
const created = () => [
  ...[plans, decision, row].map((id) => event("page.created", id, 0)),
  event("data_source.created", rows, 0),
  event("database.created", database, 0),
]

/** The reading's clock is the moment of asking, which differs. */
const state = async (bench: NotionBench): Promise<unknown> => {
  const { knowledge_documents, knowledge_chunks, document_entities, relationships, accounts, memory_observations } =
    await currentState(bench)
  const dated = (lines: readonly string[] | undefined) =>
    lines?.map((line) => ({ ...JSON.parse(line), since: undefined, until: undefined }))
  return {
    ...{ knowledge_documents, knowledge_chunks, document_entities, accounts, memory_observations },
    relationships: dated(relationships),
  }
}

test("what was imported is read as what its events named: pages, databases, comments, people", async () => {
  const [live, imported] = [await newBench(), await newBench()]
  await live.accept(created())
  await live.drain()
  const done = await importInto(imported, "notion", historyOf(imported))
  expect(done).toMatchObject({
    ...{ fetched: 7, added: 7, leftOut: [] },
    events: { "import.user": 2, "import.page": 3, "import.data_source": 1, "import.database": 1 },
  })
  await imported.drain()
  expect(await state(imported)).toEqual(await state(live))
  const [{ n }] = (await imported.rows<{ n: number }>(
    "select count(*)::int as n from knowledge_documents where live",
  )) as [{ n: number }]
  expect(n).toBe(all.length)
})

test("again it adds nothing and reads nothing; beside events a thing is read once for both", async () => {
  const bench = await newBench()
  const open = historyOf(bench)
  await importInto(bench, "notion", open)
  await bench.accept(created())
  await bench.drain()
  const readings = () =>
    bench.notion.requests.filter(({ path }) => path.endsWith("/children")).map(({ path }) => path.split("/")[3])
  expect(readings().toSorted()).toEqual([plans, decision, row].toSorted())
  const before = await currentState(bench)

  expect(await importInto(bench, "notion", open, { restart: true })).toMatchObject({ fetched: 7, added: 0 })
  expect(await importInto(bench, "notion", open)).toMatchObject({ added: 0, since: expect.any(Date) })
  await bench.drain()
  expect(readings()).toHaveLength(3)
  expect(await currentState(bench)).toEqual(before)
})

test("import and events want and end in the same, in whatever order they come", async () => {
  const bench = await newBench()
  const imported = await historyPayloads(historyOf(bench)())
  await bench.accept([...created(), ...imported])
  await bench.drain()
  const expected = await state(bench)
  for (const order of [[...imported, ...created()], [...imported, ...created()].reverse()]) {
    const other = await newBench()
    for (const payload of [...order, ...order.map((each) => ({ ...each, key: `${each.key}-again` }))]) {
      await other.accept([payload])
      await other.turn("normalize")
    }
    await other.drain()
    expect(await state(other)).toEqual(expected)
    const owed = "select thing_id from wanted_fetches where wanted_at > coalesce(covered_at, 0)"
    expect(await other.rows(owed)).toEqual([])
  }
})

test("only what was edited since is asked for, and an edit that no event told is read", async () => {
  const bench = await newBench()
  const open = historyOf(bench)
  await importInto(bench, "notion", open)
  await bench.drain()
  const blocks = [said("paragraph", "Twenty minutes it is.")]
  bench.notion.workspace.write({ id: decision, title: "Uploads", blocks, editedAt: "2026-03-05T12:34:56Z" })
  const since = new Date("2026-03-05T12:34:30Z")
  const done = await importInto(bench, "notion", open, { since })
  expect(done).toMatchObject({ added: 1, events: { "import.page": 1, "import.user": 2 } })
  await bench.drain()
  const texts = await bench.rows<{ text: string }>("select text from knowledge_chunks where version_to is null")
  expect(JSON.stringify(texts)).toContain("Twenty minutes")
  expect(JSON.stringify(texts)).not.toContain("Ten minutes")
})

test("a page that was deleted stays deleted, whatever an import found before", async () => {
  const bench = await newBench()
  await bench.accept(created())
  await bench.drain()
  const imported = await historyPayloads(historyOf(bench)())
  bench.notion.workspace.trash(decision)
  await bench.accept([event("page.deleted", decision, 60)])
  await bench.accept(imported)
  await bench.drain()
  const live = await bench.rows<{ title: string }>("select title from knowledge_documents where live order by 1")
  expect(live.map(({ title }) => title)).toEqual(["Plans", "Raise the limit", "Tasks", "Tasks"])
})
