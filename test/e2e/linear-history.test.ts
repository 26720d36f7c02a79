import { linearKinds } from "@engram/linear/kinds"
import { createLinearClient } from "@engram/linear/linear-client"
import { createLinearHistory } from "@engram/linear/linear-history"
import { type LinearServer, startLinearServer } from "@engram/testkit/linear-server"
import { afterEach, beforeEach, expect, test } from "vitest"
import { expectSameInAnyOrder, stateAfter, without } from "../any-order.ts"
import { linearPayloads } from "../examples.ts"
import { historyPayloads } from "../history-payloads.ts"
import { importInto, known } from "../import-into.ts"
import { engineering, fillLinear, linearWebhooks } from "../linear-past.ts"
import { openSearchDoor } from "../search-door.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

let server: LinearServer
const closing: (() => Promise<void>)[] = []
beforeEach(async () => {
  server = await startLinearServer()
  closing.push(server.close)
  fillLinear(server)
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const open = (since?: Date) =>
  createLinearHistory({
    client: createLinearClient({ token: server.token, apiUrl: `${server.url}/graphql`, timeoutMs: 5_000 }),
    ...{ kinds: linearKinds, since },
  })

async function newBench(): Promise<Workbench> {
  const bench = await createWorkbench()
  closing.push(bench.close)
  return bench
}

test("what was imported reads as what its webhooks said", async () => {
  const live = await stateAfter((bench) => bench.accept(linearWebhooks))
  const imported = await stateAfter((bench) => importInto(bench, "linear", open))
  for (const table of ["knowledge_documents", "knowledge_chunks", "document_entities"] as const) {
    expect([table, imported[table]]).toEqual([table, live[table]])
    expect(imported[table]!.length).toBeGreaterThanOrEqual(10)
  }
  // Of a moment that is told afterwards only the mark that says so differs.
  expect(without(imported.memory_observations, "content_hash")).toEqual(
    without(live.memory_observations, "content_hash"),
  )
  expect(without(imported.relationships, "since")).toEqual(without(live.relationships, "since"))
  // No query comes near what one may cost, however many people react to things.
  expect(server.complexityMax()).toBeLessThan(8_000)
})

test("importing after webhooks changes no version, no observation and embeds nothing; again it adds nothing", async () => {
  const bench = await newBench()
  // Among them things that were changed, finished, moved and thrown away since.
  await bench.accept(linearPayloads)
  await bench.drain()
  const before = await known(bench)
  const { texts } = bench.calls

  const first = await importInto(bench, "linear", open)
  expect(first).toMatchObject({ added: first.fetched, leftOut: [] })
  expect(first.events).toMatchObject({ "import.issue": 3, "import.comment": 4, "import.reaction": 1, "import.team": 2 })
  await bench.drain()
  expect(await bench.rows("select event, reason from ingest_deliveries where state = 'parked'")).toEqual([])
  expect(await known(bench)).toEqual(before)
  expect(bench.calls.texts).toBe(texts)

  const again = await importInto(bench, "linear", open, { restart: true })
  expect(again).toMatchObject({ fetched: first.fetched, added: 0, since: undefined })
  const later = await importInto(bench, "linear", open)
  expect(later).toMatchObject({ fetched: 0, added: 0, since: expect.any(Date) })
})

test("where both speak of the same time the webhook's words stand, whichever came first", async () => {
  const [told] = server.things.get("Issue")!
  told!.state = { ...told!.state, name: "Called otherwise today" }
  const statuses = async (work: (bench: Workbench) => Promise<unknown>) => {
    const bench = await newBench()
    await work(bench)
    await bench.drain()
    const rows = await bench.rows<{ status: string }>("select metadata ->> 'status' as status from knowledge_documents")
    return JSON.stringify(rows)
  }
  const imported = (bench: Workbench) => importInto(bench, "linear", open)
  expect(await statuses(imported)).toContain("Called otherwise")
  const both = async (bench: Workbench) => {
    await imported(bench)
    await bench.drain()
    await bench.accept(linearWebhooks)
  }
  expect(await statuses(both)).not.toContain("Called otherwise")
  const after = async (bench: Workbench) => {
    await bench.accept(linearWebhooks)
    await bench.drain()
    await imported(bench)
  }
  expect(await statuses(after)).not.toContain("Called otherwise")
})

test("webhooks and import end in the same state in any order and any repetition", async () => {
  const all = [...linearPayloads, ...(await historyPayloads(open(), 1_700_000_000_000))]
  await expectSameInAnyOrder(all, { batch: 61, numRuns: 2, seed: 5 })
}, 240_000)

test("a private team hides what was told of it by webhooks that do not say so, and what it is opened again shows", async () => {
  const bench = await newBench()
  await bench.accept(linearPayloads)
  await bench.drain()
  const door = await openSearchDoor(bench)
  closing.push(door.close)
  const reader = await door.key({ scopeIds: [] })
  const found = async (query: string): Promise<string> => JSON.stringify((await door.ask(reader, { query })).body.hits)
  expect(await found("answers 500 for long questions")).toContain("ENG-101")
  expect(await found("Search that understands labelled set of questions")).toContain("Search that understands")

  // The project belongs to both teams: closed for all only when both are.
  const teams = server.things.get("Team")!
  const close = (team: { [name: string]: unknown }, visibility: string, at: string) =>
    Object.assign(team, { visibility, private: visibility === "private", updatedAt: at })
  close(teams.find(({ id }) => id === engineering.id)!, "private", "2026-05-01T00:00:00.000Z")
  await importInto(bench, "linear", open)
  await bench.drain()
  expect(await found("answers 500 for long questions")).not.toContain("ENG-101")
  expect(await found("Search that understands labelled set of questions")).toContain("Search that understands")

  for (const team of teams)
    close(team, team.id === engineering.id ? "private" : "restricted", "2026-05-02T00:00:00.000Z")
  await importInto(bench, "linear", open, { restart: true })
  await bench.drain()
  expect(await found("Search that understands labelled set of questions")).not.toContain(
    "project/search-that-understands",
  )
  const [scope] = await bench.rows<{ id: string }>("select id from scopes where key = $1", [`team:${engineering.id}`])
  const member = await door.key({ scopeIds: [scope!.id] })
  expect(JSON.stringify((await door.ask(member, { query: "answers 500 for long questions" })).body.hits)).toContain(
    "ENG-101",
  )

  for (const team of teams) close(team, "public", "2026-05-03T00:00:00.000Z")
  await importInto(bench, "linear", open, { restart: true })
  await bench.drain()
  expect(await found("answers 500 for long questions")).toContain("ENG-101")
})

test("what was thrown away while no webhook told is gone, what was put away because it was finished stays", async () => {
  const bench = await newBench()
  await bench.accept(linearWebhooks)
  await bench.drain()
  const titles = async () =>
    (
      await bench.rows<{ title: string }>(
        "select title from knowledge_documents where live and kind = 'issue' order by 1",
      )
    ).map(({ title }) => title)
  const before = await titles()
  const [first, second] = server.things.get("Issue")!
  const at = "2026-06-01T00:00:00.000Z"
  Object.assign(first!, { trashed: true, archivedAt: at })
  Object.assign(second!, { autoArchivedAt: at, archivedAt: at })
  await importInto(bench, "linear", open)
  await bench.drain()
  const after = await titles()
  expect(after).toEqual(before.filter((title) => !title.startsWith(first!.identifier)))
  expect(after).toHaveLength(before.length - 1)
})
