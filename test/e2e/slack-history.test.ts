import type { SlackKind } from "@engram/slack/kinds"
import { createSlackClient } from "@engram/slack/slack-client"
import { createSlackHistory } from "@engram/slack/slack-history"
import { type SlackServer, startSlackServer } from "@engram/testkit/slack-server"
import { afterEach, beforeEach, expect, test } from "vitest"
import { expectSameInAnyOrder, stateAfter, without } from "../any-order.ts"
import { historyPayloads } from "../history-payloads.ts"
import { importInto, known } from "../import-into.ts"
import { openSearchDoor } from "../search-door.ts"
import { edited, slackPayloads } from "../slack.ts"
import { fillSlack, slackPlaces, slackWebhooks } from "../slack-past.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

let server: SlackServer
const closing: (() => Promise<void>)[] = []
beforeEach(async () => {
  server = await startSlackServer()
  closing.push(server.close)
  fillSlack(server)
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const kinds: readonly SlackKind[] = ["users", "public", "private"]
/** When the API is asked: later than anything that was said. */
const askedAt = 1_750_000_000_000

const open = (since?: Date) =>
  createSlackHistory({
    client: createSlackClient({ token: server.token, apiUrl: `${server.url}/api`, timeoutMs: 5_000 }),
    ...{ kinds, since, now: () => askedAt },
  })

async function newBench(): Promise<Workbench> {
  const bench = await createWorkbench()
  closing.push(bench.close)
  return bench
}

test("what was imported reads as what its events said: threads, channels, people, who may see what", async () => {
  const live = await stateAfter((bench) => bench.accept(slackWebhooks))
  const imported = await stateAfter((bench) => importInto(bench, "slack", open))
  for (const table of ["knowledge_documents", "knowledge_chunks", "document_entities", "scopes", "accounts"] as const) {
    expect([table, imported[table]]).toEqual([table, live[table]])
    expect(imported[table]!.length).toBeGreaterThan(1)
  }
  // Of a moment that is told afterwards only the mark that says so differs.
  expect(without(imported.memory_observations, "content_hash")).toEqual(
    without(live.memory_observations, "content_hash"),
  )
  expect(without(imported.relationships, "since")).toEqual(without(live.relationships, "since"))
  expect(imported.entity_aliases).toEqual(live.entity_aliases)
})

test("importing after events changes no version, no observation and embeds nothing; again it adds nothing", async () => {
  const bench = await newBench()
  await bench.accept(slackWebhooks)
  await bench.drain()
  const before = await known(bench)
  const { texts } = bench.calls

  const first = await importInto(bench, "slack", open)
  // A broadcast is met twice, in its channel and in its thread, and is one delivery.
  expect(first).toMatchObject({
    ...{ added: first.fetched - 1, leftOut: [] },
    events: { "import.user": 2, "import.channel": 3, "import.message": 460 },
  })
  await bench.drain()
  expect(await bench.rows("select event, reason from ingest_deliveries where state = 'parked'")).toEqual([])
  expect(await known(bench)).toEqual(before)
  expect(bench.calls.texts).toBe(texts)

  const again = await importInto(bench, "slack", open, { restart: true })
  expect(again).toMatchObject({ fetched: first.fetched, added: 0, since: undefined })
  const later = await importInto(bench, "slack", open)
  expect(later).toMatchObject({ added: 0, since: expect.any(Date) })
})

test("events and import end in the same state in any order and any repetition", async () => {
  // A thread of 450 is cut, since each order reads it anew.
  const messages = server.conversations.find(({ channel }) => channel.id === slackPlaces.incident)!.messages
  messages.splice(12)
  const events = slackWebhooks.filter((_, at) => at < 24)
  const change = edited({ ts: slackPlaces.root, text: "Uploads of 2 GB time out.", at: "1700000300.000200" })
  const all = [...events, change, ...slackPayloads, ...(await historyPayloads(open(), 1_700_000_000_000))]
  // What has no time of its own is dated by its receipt, here always the same.
  for (const [i, each] of all.entries()) all[i] = { ...each, receivedAt: 1_700_000_000_000 }
  await expectSameInAnyOrder(all, { batch: 41, numRuns: 2, seed: 3 })
}, 240_000)

test("an edit that no event told is found, and an event about it that comes late says the same", async () => {
  const bench = await newBench()
  await bench.accept(slackWebhooks)
  await bench.drain()
  const text = "Uploads of more than 1 GB time out since Tuesday."
  const first = server.conversations[0]!.messages.find(({ ts }) => ts === slackPlaces.root)!
  Object.assign(first, { text, edited: { user: first.user, ts: "1700000400.000000" } })
  const since = new Date(1_700_000_300_000)
  const imported = await importInto(bench, "slack", open, { since })
  // Only what was said, edited or made since; the thread's other messages stay unasked for.
  expect(imported.events["import.message"]).toBe(1 + 451 + 1)
  await bench.drain()
  const chunks = () => bench.rows("select text from knowledge_chunks where version_to is null and text like '%1 GB%'")
  expect(await chunks()).toHaveLength(1)
  await bench.accept([edited({ ts: slackPlaces.root, text, at: "1700000400.000300" })])
  await bench.drain()
  expect(await chunks()).toHaveLength(1)
})

test("a private channel shows to keys that were granted it, and one that was made private unseen is hidden at once", async () => {
  const bench = await newBench()
  await bench.accept(slackWebhooks.filter(({ payload }) => !JSON.stringify(payload).includes(slackPlaces.secret)))
  await importInto(bench, "slack", open)
  await bench.drain()
  const door = await openSearchDoor(bench)
  closing.push(door.close)
  const hits = async (key: string, query: string): Promise<string> =>
    JSON.stringify((await door.ask(key, { query })).body.hits)
  const reader = await door.key({ scopeIds: [] })
  expect(await hits(reader, "acquisition called Zebra")).not.toContain("Zebra")
  const [board] = await bench.rows<{ id: string }>("select id from scopes where name = '#board'")
  expect(await hits(await door.key({ scopeIds: [board!.id] }), "acquisition called Zebra")).toContain("Zebra")

  expect(await hits(reader, "proxy cuts them off")).toContain("proxy")
  server.conversations[0]!.channel.is_private = true
  await importInto(bench, "slack", open)
  await bench.drain()
  expect(await hits(reader, "proxy cuts them off")).not.toContain("proxy")
})
