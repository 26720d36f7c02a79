import { notionId, said } from "@engram/testkit/notion-workspace"
import fc from "fast-check"
import { expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { event, type NotionBench, notionBench } from "../notion-bench.ts"
import { aBusyDay, fetchedBy } from "../notion-day.ts"
import { createWorkbench } from "../workbench.ts"

const page = notionId(0x100)
const ada = notionId(1)

interface Row {
  readonly title: string
  readonly live: boolean
  readonly text: string
}

/** What a reader finds of each document: its title, and its chunks' text without the title that each begins with. */
const documents = (bench: NotionBench): Promise<Row[]> =>
  bench.rows<Row>(
    `select d.title, d.live, coalesce((select string_agg(regexp_replace(c.text, '^# [^\\n]*\\n\\n', ''), E'\\n' order by c.position) from knowledge_chunks c
       where c.document_id = d.id and c.version_to is null), '') as text
     from knowledge_documents d order by d.source_id`,
  )

test("an event with nothing but an id ends in the page's text, its author and its place", async () => {
  const bench = await notionBench()
  const { workspace } = bench.notion
  workspace.user(ada, "Ada Lovelace", "Ada@Example.org")
  workspace.write({ id: notionId(0x101), title: "Engineering" })
  workspace.write({
    id: page,
    title: "RFC: one queue",
    parent: { type: "page_id", page_id: notionId(0x101) },
    blocks: [said("paragraph", "We have two queues."), said("heading_2", "Decision"), said("paragraph", "Keep one.")],
  })
  await bench.accept([event("page.created", page, 1)])
  await bench.drain()

  expect(await documents(bench)).toEqual([
    { title: "RFC: one queue", live: true, text: expect.stringContaining("We have two queues.") },
  ])
  const edges = await bench.rows<{ type: string; value: string }>(
    "select r.type, a.value from relationships r join entity_aliases a on a.id = r.to_alias_id where r.live order by 1",
  )
  expect(edges).toEqual([
    { type: "AUTHORED_BY", value: ada },
    { type: "PART_OF", value: notionId(0x101) },
  ])
  const observations = await bench.rows("select kind, text, tags from memory_observations where live order by kind")
  expect(observations).toEqual([
    { kind: "decision", text: "Keep one.", tags: ["rfc", "decision"] },
    { kind: "summary", text: "We have two queues.", tags: ["rfc"] },
  ])
  expect(await bench.rows("select name, privacy from scopes")).toEqual([{ name: "Engineering", privacy: "org" }])
  expect(await bench.rows("select value from entity_aliases where alias_type = 'email:address'")).toEqual([
    { value: "ada@example.org" },
  ])
  expect(await bench.rows("select event, state from ingest_deliveries order by event")).toEqual([
    { event: "page.created", state: "processed" },
    { event: "page.fetched", state: "processed" },
  ])
})

test("a page that is trashed is gone with its text, and back with what it says when it is restored", async () => {
  const bench = await notionBench()
  const { workspace } = bench.notion
  workspace.write({ id: page, title: "Plans", blocks: [said("paragraph", "The secret plan.")] })
  const happens = async (type: string, second: number) => {
    await bench.accept([event(type, page, second)])
    await bench.drain()
    return documents(bench)
  }
  expect(await happens("page.created", 1)).toMatchObject([{ live: true }])
  workspace.trash(page)
  expect(await happens("page.deleted", 2)).toEqual([{ title: "", live: false, text: "" }])
  const parts = await bench.rows<{ state: string }>("select state::text from document_parts")
  expect(JSON.stringify(parts)).not.toContain("secret plan")
  workspace.trash(page, false)
  expect(await happens("page.undeleted", 3)).toEqual([{ title: "Plans", live: true, text: "The secret plan." }])
  // An event that took longer than the page's return says nothing new.
  expect(await happens("page.deleted", 2)).toMatchObject([{ title: "Plans", live: true }])
})

test("a deletion is noticed by asking, whatever our clock said when the page was read", async () => {
  const bench = await notionBench()
  const { workspace } = bench.notion
  workspace.write({ id: page, title: "Plans", blocks: [said("paragraph", "The secret plan.")] })
  await bench.accept([event("page.created", page, -7_200)])
  await bench.drain()
  workspace.trash(page)
  // An hour before the moment that the page was read at, by a clock that runs ahead.
  await bench.accept([event("page.deleted", page, -3_600)])
  await bench.drain()
  expect(await documents(bench)).toMatchObject([{ live: false }])
})

test("of two readings within one minute of Notion's clock the later one stands, in either order", async () => {
  const bench = await notionBench()
  const { workspace } = bench.notion
  const texts = ["b was first", "a is what it says now"]
  for (const [second, text] of texts.entries()) {
    workspace.write({ id: page, title: "Plans", editedAt: "2026-01-05T09:00:00Z", blocks: [said("paragraph", text)] })
    await bench.accept([event("page.content_updated", page, second)])
    await bench.drain()
  }
  expect(await documents(bench)).toMatchObject([{ text: "a is what it says now" }])
  const again = await notionBench()
  await again.accept((await fetchedBy(bench)).toReversed())
  await again.drain()
  expect(await documents(again)).toMatchObject([{ text: "a is what it says now" }])
})

test("comments are parts of their page, edited and deleted by themselves", async () => {
  const bench = await notionBench()
  const { workspace } = bench.notion
  workspace.user(ada, "Ada")
  workspace.write({ id: page, title: "Plans", blocks: [said("paragraph", "We plan.")] })
  const comment = notionId(0x300)
  const on = { data: { parent: { id: page, type: "page" }, page_id: page } }
  const says = async (type: string, second: number, text?: string) => {
    if (text) workspace.comment({ id: comment, on: page, by: ada, text, at: "2026-01-05T10:00:00Z" })
    await bench.accept([event(type, comment, second, on)])
    await bench.drain()
    return (await documents(bench))[0]?.text
  }
  // Its page was never heard of before.
  expect(await says("comment.created", 1, "Decision: we go.")).toBe("We plan.\nDecision: we go.")
  expect(await says("comment.updated", 2, "Decision: we stay.")).toBe("We plan.\nDecision: we stay.")
  expect(await bench.rows("select text from memory_observations where live and kind = 'decision'")).toEqual([
    { text: "we stay." },
  ])
  workspace.comments.delete(comment)
  expect(await says("comment.deleted", 3)).toBe("We plan.")
})

test("a row's properties are metadata, text and edges, all values of a long relation included", async () => {
  const bench = await notionBench()
  const { workspace } = bench.notion
  const [database, source] = [notionId(0x400), notionId(0x401)]
  workspace.database(database, "Decisions", { id: source })
  workspace.write({
    id: page,
    title: "Use one queue",
    parent: { type: "data_source_id", data_source_id: source, database_id: database },
    properties: {
      Status: { id: "s", type: "status", status: { id: "1", name: "Accepted", color: "green" } },
      Related: {
        id: "r",
        type: "relation",
        relation: Array.from({ length: 130 }, (_, n) => ({ id: notionId(n + 0x1000) })),
      },
      Owner: {
        id: "o",
        type: "people",
        people: [{ object: "user", id: ada, name: "Ada", type: "person", person: {} }],
      },
    },
  })
  await bench.accept([
    event("page.created", page, 1, { data: { parent: { id: database, type: "database", data_source_id: source } } }),
  ])
  await bench.drain()
  const [row] = await bench.rows<{ state: string; metadata: { place: string; properties: object } }>(
    "select state, metadata from knowledge_documents",
  )
  expect(row).toMatchObject({
    state: "Accepted",
    metadata: { place: "Decisions", properties: { Owner: ["Ada"] } },
  })
  const edges = await bench.rows("select type, count(*)::int as n from relationships where live group by 1 order by 1")
  expect(edges).toEqual([
    { type: "ASSIGNED_TO", n: 1 },
    { type: "AUTHORED_BY", n: 1 },
    { type: "PART_OF", n: 1 },
    { type: "RELATES_TO", n: 130 },
  ])
  expect(await bench.rows("select text, tags from memory_observations where live")).toEqual([
    { text: "- Status: Accepted\n- Owner: Ada", tags: ["decision"] },
  ])
})

test("any order and any repetition of events and readings ends in the same state", async () => {
  const bench = await notionBench()
  const deliveries = await aBusyDay(bench)
  const expected = await currentState(bench)
  expect(expected.knowledge_documents?.length).toBe(4)
  const state = async (order: readonly number[]) => {
    const again = await createWorkbench()
    try {
      for (const [n, i] of order.entries()) {
        await again.accept([
          { ...deliveries[i]!, key: `${deliveries[i]!.key}-${n}`, receivedAt: 1_700_000_000_000 + i },
        ])
        if (n % 7 === 0) await again.drain()
      }
      await again.drain()
      return await currentState(again)
    } finally {
      await again.close()
    }
  }
  const all = deliveries.map((_, i) => i)
  expect(await state(all)).toEqual(expected)
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }), async (order) => {
      expect(await state(order)).toEqual(expected)
    }),
    { numRuns: 3, seed: 11 },
  )
}, 120_000)
