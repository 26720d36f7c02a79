import { notionId, said } from "@engram/testkit/notion-workspace"
import { afterEach, expect, test } from "vitest"
import { createNotionBench, event, type NotionBench } from "../notion-bench.ts"

const benches: NotionBench[] = []
const notionBench: typeof createNotionBench = async (options) => {
  const bench = await createNotionBench(options)
  benches.push(bench)
  return bench
}
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const page = notionId(0x100)
const ada = notionId(1)

interface Row {
  readonly title: string
  readonly live: boolean
  readonly text: string
}

/** What a reader finds of each document: its title, and its chunks' text. */
const documents = (bench: NotionBench): Promise<Row[]> =>
  bench.rows<Row>(
    `select d.title, d.live, coalesce((select string_agg(c.text, E'\\n' order by c.position) from knowledge_chunks c
       where c.document_id = d.id and c.version_to is null), '') as text
     from knowledge_documents d order by d.source_id`,
  )

const requested = (bench: NotionBench, path: string): number =>
  bench.notion.requests.filter((request) => request.path === path).length

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
