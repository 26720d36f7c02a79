import { afterEach, expect, test } from "vitest"
import { linearPayloads } from "../examples.ts"
import { find, openSearchDoor } from "../search-door.ts"
import { createWorkbench, type Payload, type Workbench } from "../workbench.ts"

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function after(payloads: readonly Payload[]): Promise<Workbench> {
  const bench = await createWorkbench()
  closing.push(bench.close)
  await bench.accept(payloads)
  await bench.drain()
  return bench
}

const said = (...names: readonly string[]): Payload[] =>
  names.map((name) => linearPayloads.find(({ key }) => key === `linear-${name}.json`)!)
const titles = async (bench: Workbench, kind: string) =>
  (
    await bench.rows<{ title: string }>(
      "select title from knowledge_documents where live and source = 'linear' and kind = $1 order by title collate \"C\"",
      [kind],
    )
  ).map(({ title }) => title)
const edges = (bench: Workbench, type: string) =>
  bench.rows<{ from: string; to: string }>(
    `select f.alias_type || ' ' || f.value as "from", t.alias_type || ' ' || t.value as "to" from relationships r
     join entity_aliases f on f.id = r.from_alias_id join entity_aliases t on t.id = r.to_alias_id
     where r.live and r.until is null and r.type = $1 order by 1, 2`,
    [type],
  )

test("a workspace of Linear becomes documents, and what was removed is nowhere", async () => {
  const bench = await after(linearPayloads)
  expect(await titles(bench, "issue")).toEqual([
    "ENG-101 Search answers 500 for long questions",
    "ENG-104 Index rebuild takes a night",
    "ENG-110 bump lodash from 4.17.20 to 4.17.21",
    "ENG-111 Customer cannot sign in with SAML",
    "ENG-34 Draw the hill chart",
    "ENG-60 Store question logs for ninety days",
    "Errors point at the wrong line",
    "OPS-7 Rewrite the tokenizer in Rust",
  ])
  expect(await titles(bench, "project")).toEqual(["Error messages people understand", "Search that understands"])
  expect(await titles(bench, "cycle")).toEqual(["Cycle 1: rename cycle", "Cycle 41: Long questions"])
  for (const table of ["document_parts", "knowledge_chunks", "memory_observations"])
    expect(JSON.stringify(await bench.rows(`select * from ${table}`)), table).not.toContain("hunter2")
})

test("what is done is found by its outcome, and what a team wrote by its words", async () => {
  const bench = await after(linearPayloads)
  const [hit] = await find(bench, { query: "deployed cut at the sentence, error rate back at zero", limit: 5 })
  expect(JSON.stringify(hit)).toContain("ENG-101")
})

test("a pull request resolves the issue it is attached to, and the blocker blocks it until it is removed", async () => {
  const bench = await after(said("issue-create", "attachment-create-pull-request", "issue_relation-create-blocks"))
  expect(await edges(bench, "RESOLVES")).toEqual([
    { from: "github:ref acme/search#42", to: expect.stringMatching(/^linear:issue /) },
  ])
  expect(await edges(bench, "BLOCKED_BY")).toHaveLength(1)
  const [blocks] = said("issue_relation-create-blocks")
  const { payload } = blocks!
  const removed = { ...(payload as object), action: "remove", createdAt: "2026-03-04T10:00:00.000Z" }
  await bench.accept([{ ...blocks!, key: "removed", payload: removed }])
  await bench.drain()
  expect(await edges(bench, "BLOCKED_BY")).toEqual([])
})

test("an older event after a newer one changes nothing that a reader sees", async () => {
  const bench = await after(said("issue-update-completed"))
  const head = () => bench.rows("select title, state, version, content_hash from knowledge_documents")
  const before = await head()
  await bench.accept(said("issue-update-urgent", "issue-update-blocked", "issue-update-assigned"))
  await bench.drain()
  expect(await head()).toEqual(before)
  // The moments of that time are remembered all the same.
  const moments = await bench.rows("select kind from memory_observations where class = 'moment' and live order by kind")
  expect(moments.map(({ kind }) => kind)).toEqual(["blocked", "completed", "urgent"])
})

test("a remove before its create keeps the thing out, and a restore brings back what is said after it", async () => {
  const bench = await after(said("issue-remove", "comment-remove", "issue-remove-before-restore"))
  await bench.accept(said("issue-create-mistake", "comment-create-wrong", "issue-create-restored"))
  await bench.drain()
  expect(await titles(bench, "issue")).toEqual([])
  await bench.accept(said("issue-restore"))
  await bench.drain()
  expect(await titles(bench, "issue")).toEqual(["ENG-104 Index rebuild takes a night"])
})

test("a field that cannot be read parks the delivery with its path, and nothing else waits for it", async () => {
  const [issue] = said("issue-create")
  const { payload } = issue!
  const broken = { ...(payload as object), data: { ...(payload as { data: object }).data, title: null } }
  const bench = await after([{ ...issue!, key: "broken", payload: broken }, ...said("issue-create-idea")])
  expect(await bench.rows("select delivery_key, state, reason from ingest_deliveries order by delivery_key")).toEqual([
    { delivery_key: "broken", state: "parked", reason: expect.stringContaining("data.title") },
    { delivery_key: "linear-issue-create-idea.json", state: "processed", reason: null },
  ])
})

test("a private team's issues are nobody's without its scope", async () => {
  const [issue] = said("issue-create")
  const { data, ...envelope } = issue!.payload as { data: { team: object } }
  const payload = { ...envelope, data: { ...data, team: { ...data.team, private: true } } }
  const bench = await after([{ ...issue!, payload }, ...said("issue-update-completed", "comment-create")])
  expect(await bench.rows("select name, privacy from scopes where kind = 'team'")).toEqual([
    { name: "Engineering", privacy: "private" },
  ])
  const door = await openSearchDoor(bench)
  closing.push(door.close)
  const query = { query: "long questions" }
  const [{ id }] = (await bench.rows<{ id: string }>("select id from scopes where kind = 'team'")) as [{ id: string }]
  const hits = async (scopeIds: string[]) => (await door.ask(await door.key({ scopeIds }), query)).body.hits
  expect(await hits([])).toEqual([])
  expect((await hits([id])).length).toBeGreaterThan(0)
})
