import fc from "fast-check"
import { afterEach, expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { find, openSearchDoor } from "../search-door.ts"
import { deleted, edited, openChannel, said, slackEvent, slackPayloads, team } from "../slack.ts"
import { createWorkbench, type Payload, type Workbench } from "../workbench.ts"

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(): Promise<Workbench> {
  const bench = await createWorkbench()
  closing.push(bench.close)
  return bench
}

async function after(payloads: readonly Payload[]): Promise<Workbench> {
  const bench = await open()
  await bench.accept(payloads)
  await bench.drain()
  return bench
}

/** The live threads as readers see them. */
const threads = (bench: Workbench) =>
  bench.rows<{ sourceId: string; title: string; text: string }>(
    `select d.source_id as "sourceId", d.title, string_agg(c.text, E'\\n---\\n' order by c.position) as text
     from knowledge_documents d join knowledge_chunks c on c.document_id = d.id and c.version_to is null
     where d.live and d.kind = 'thread' group by d.id order by d.source_id`,
  )

const root = "1700000000.000100"
const reply = "1700000010.000100"

test("every recorded event ends processed or skipped, and nothing is left owed", async () => {
  const bench = await after(slackPayloads)
  const states = await bench.rows("select distinct state from ingest_deliveries order by state")
  expect(states).toEqual([{ state: "processed" }, { state: "skipped" }])
})

test("any order and any repetition of the recorded events ends in the same state", async () => {
  const state = async (order: readonly number[]) => {
    const bench = await createWorkbench()
    try {
      const times = new Map<number, number>()
      const deliveries = order.map((i) => {
        times.set(i, (times.get(i) ?? 0) + 1)
        return {
          ...slackPayloads[i]!,
          key: `${slackPayloads[i]!.key}-${times.get(i)}`,
          receivedAt: 1_700_000_000_000 + i,
        }
      })
      for (let start = 0; start < deliveries.length; start += 17) {
        await bench.accept(deliveries.slice(start, start + 17))
        await bench.drain()
      }
      return await currentState(bench)
    } finally {
      await bench.close()
    }
  }
  const all = slackPayloads.map((_, i) => i)
  const expected = await state(all)
  expect(expected.knowledge_documents?.length).toBeGreaterThan(15)
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }), async (order) => {
      expect(await state(order)).toEqual(expected)
    }),
    { numRuns: 5, seed: 11 },
  )
}, 300_000)

test("a thread is one document, whose first message may come last and whose broadcast is said once", async () => {
  const broadcast = { type: "message", subtype: "thread_broadcast", user: "U0BOB00002", text: "Third", thread_ts: root }
  const place = { channel: openChannel, channel_type: "channel" }
  const third = "1700000020.000100"
  const bench = await after([
    slackEvent({ ...broadcast, ...place, ts: third, event_ts: third }),
    said({ ts: reply, thread: root, text: "Second" }),
    said({ ts: root, text: "First" }),
    said({ ts: "1700000030.000100", text: "Elsewhere" }),
  ])
  expect(await threads(bench)).toEqual([
    { sourceId: `${openChannel}:${root}`, title: "First", text: "# First\n\nSecond\n\nThird" },
    { sourceId: `${openChannel}:1700000030.000100`, title: "Elsewhere", text: "# Elsewhere" },
  ])
})

test("an edit that comes before its message stands, and an older edit does not undo a newer one", async () => {
  const at = (second: number) => `17000001${second}.000200`
  const bench = await after([
    edited({ ts: root, text: "newest", at: at(20) }, "newer"),
    edited({ ts: root, text: "newer", at: at(10) }, "old"),
    said({ ts: root, text: "old" }),
  ])
  expect((await threads(bench)).map(({ title }) => title)).toEqual(["newest"])
})

test("two edits within one second: the later one stands, whichever comes first", async () => {
  const first = edited({ ts: root, text: "first", at: "1700000100.000200" }, "old")
  const second = edited({ ts: root, text: "second", at: "1700000100.000900" }, "first")
  for (const order of [
    [first, second],
    [second, first],
  ]) {
    expect((await threads(await after([said({ ts: root, text: "old" }), ...order]))).map(({ title }) => title)).toEqual(
      ["second"],
    )
  }
})

test("a change that changes no word writes no row", async () => {
  const bench = await after([said({ ts: root, text: "see <https://x.example>" })])
  const before = await bench.rows("select state from document_parts")
  const preview = edited(
    { ts: root, text: "see <https://x.example>", at: "1700000100.000200" },
    "see <https://x.example>",
  )
  const { message, ...event } = (preview.payload as { event: { message: { edited?: object } } }).event
  delete message.edited
  await bench.accept([
    slackEvent({ ...event, message: { ...message, attachments: [{ from_url: "https://x.example", text: "theirs" }] } }),
  ])
  await bench.drain()
  expect(await bench.rows("select state from document_parts")).toEqual(before)
  expect(await bench.rows("select version from knowledge_documents where kind = 'thread'")).toEqual([{ version: 1 }])
})

test("a deletion that comes before its message keeps it out, and its text is nowhere", async () => {
  const secret = { ts: reply, thread: root, text: "the password is hunter2" }
  const bench = await after([
    deleted({ ...secret, at: "1700000100.000200" }),
    said({ ts: root, text: "First" }),
    said(secret),
  ])
  expect((await threads(bench)).map(({ text }) => text)).toEqual(["# First"])
  for (const table of ["document_parts", "knowledge_chunks", "memory_observations"])
    expect(JSON.stringify(await bench.rows(`select * from ${table}`)), table).not.toContain("hunter2")
})

test("a thread outlives its first message, and ends with its last", async () => {
  const tombstone = {
    type: "message",
    subtype: "message_changed",
    message: {
      type: "message",
      subtype: "tombstone",
      user: "USLACKBOT",
      text: "This message was deleted.",
      ts: root,
      thread_ts: root,
    },
    channel: openChannel,
    channel_type: "channel",
    ts: "1700000100.000200",
    event_ts: "1700000100.000200",
  }
  const answer = { ts: reply, thread: root, text: "Second" }
  const bench = await after([said({ ts: root, text: "First" }), said(answer), slackEvent(tombstone)])
  expect((await threads(bench)).map(({ text }) => text)).toEqual(["# Second"])
  await bench.accept([deleted({ ...answer, at: "1700000200.000200" })])
  await bench.drain()
  expect(await threads(bench)).toEqual([])
})

test("the app's own mention and the message are one", async () => {
  const ask = {
    type: "app_mention",
    user: "U0ADA00001",
    text: "<@U0APP00009> hello",
    ts: root,
    channel: openChannel,
    event_ts: root,
  }
  const bench = await after([slackEvent(ask), said({ ts: root, text: "<@U0APP00009> hello" })])
  expect(await bench.rows("select version from knowledge_documents where kind = 'thread'")).toEqual([{ version: 1 }])
  expect(await find(bench, { query: "hello" })).toHaveLength(1)
})

const scopeId = async (bench: Workbench, key: string): Promise<string> =>
  (await bench.rows<{ id: string }>("select id from scopes where key = $1", [key]))[0]!.id

async function readers(bench: Workbench, channel: string) {
  const door = await openSearchDoor(bench)
  closing.push(door.close)
  const [anybody, granted] = [await door.key(), await door.key({ scopeIds: [await scopeId(bench, channel)] })]
  const hits = async (key: string) => (await door.ask(key, { query: "salaries sheet decision" })).body.hits.length
  return { anybody: () => hits(anybody), granted: () => hits(granted) }
}

test.each(["group", "im", "mpim", "app_home", "something_new"])(
  "what is said in a %s shows to granted keys only",
  async (channelType) => {
    const bench = await after([said({ ts: root, text: "Decision: the salaries sheet moves", channelType })])
    const { anybody, granted } = await readers(bench, openChannel)
    expect([await anybody(), await granted()]).toEqual([0, 1])
  },
)

test("a mention that does not tell the channel's type shows to nobody but granted keys", async () => {
  const ask = {
    type: "app_mention",
    user: "U0ADA00001",
    text: "the salaries sheet",
    ts: root,
    channel: openChannel,
    event_ts: root,
  }
  const bench = await after([slackEvent(ask)])
  const { anybody, granted } = await readers(bench, openChannel)
  expect([await anybody(), await granted()]).toEqual([0, 1])
})

test("a channel made private disappears from other keys' results at once, and a late message does not open it", async () => {
  const bench = await after([said({ ts: root, text: "Decision: the salaries sheet moves" })])
  const { anybody, granted } = await readers(bench, openChannel)
  expect([await anybody(), await granted()]).toEqual([1, 1])
  const place = { channel: openChannel, channel_type: "group", ts: "1700000500.000100", event_ts: "1700000500.000100" }
  await bench.accept([
    slackEvent({ type: "message", subtype: "channel_convert_to_private", user: "U0ADA00001", text: "", ...place }),
  ])
  // Not drained: nothing but the one transaction has to happen.
  await bench.turn("normalize")
  expect([await anybody(), await granted()]).toEqual([0, 1])

  await bench.accept([said({ ts: "1700000400.000100", text: "late: the salaries sheet" })])
  await bench.turn("normalize")
  expect(await anybody()).toBe(0)
})

test("a deleted channel takes all that was said in it out of sight, for every key and for good", async () => {
  const message = said({ ts: root, text: "Decision: the salaries sheet moves" })
  const bench = await after([message])
  const { anybody, granted } = await readers(bench, openChannel)
  await bench.accept([slackEvent({ type: "channel_deleted", channel: openChannel, event_ts: "1700000500.000100" })])
  await bench.turn("normalize")
  expect([await anybody(), await granted(), (await find(bench, { query: "salaries" })).length]).toEqual([0, 0, 0])
  await bench.accept([
    { ...message, key: "again" },
    said({ ts: "1700000400.000100", text: "late: the salaries sheet" }),
  ])
  await bench.drain()
  expect([await anybody(), await granted(), (await find(bench, { query: "salaries" })).length]).toEqual([0, 0, 0])
})

test("a channel keeps its name while messages go on, and a rename that comes late does not undo a newer one", async () => {
  const named = (name: string, at: string) =>
    slackEvent({ type: "channel_rename", channel: { id: openChannel, name }, event_ts: at })
  const bench = await open()
  for (const payload of [
    named("new", "1700000300.000100"),
    said({ ts: "1700000400.000100", text: "hello" }),
    named("old", "1700000200.000100"),
  ]) {
    await bench.accept([payload])
    await bench.turn("normalize")
  }
  expect(await bench.rows("select key, name, privacy, live from scopes")).toEqual([
    { key: openChannel, name: "#new", privacy: "org", live: true },
  ])
  expect(await bench.rows("select title from knowledge_documents where kind = 'channel'")).toEqual([{ title: "#new" }])
})

test("of two names said at one time the same stands, whether they come together or one by one", async () => {
  const named = (name: string) =>
    slackEvent({ type: "channel_rename", channel: { id: openChannel, name }, event_ts: "1700000300.000100" })
  // By UTF-16 the second is the greater one, by code point the first.
  const names = [named("\u{1F600}"), named("\u{FF5E}")]
  const together = await after(names)
  const apart = await after(names.slice(0, 1))
  await apart.accept(names.slice(1))
  await apart.drain()
  const stands = [{ name: "#\u{1F600}" }]
  expect(await together.rows("select name from scopes")).toEqual(stands)
  expect(await apart.rows("select name from scopes")).toEqual(stands)
})

test("leaving a channel ends the edge that joining it began", async () => {
  const member = (type: string, at: string) =>
    slackEvent({ type, user: "U0BOB00002", channel: openChannel, channel_type: "C", team, event_ts: at })
  const bench = await after([
    member("member_left_channel", "1700000200.000100"),
    member("member_joined_channel", "1700000100.000100"),
    slackEvent({ type: "channel_rename", channel: { id: openChannel, name: "ops" }, event_ts: "1700000000.000100" }),
  ])
  const edges = await bench.rows(
    `select f.value as "from", t.value as "to", r.since, r.until from relationships r
     join entity_aliases f on f.id = r.from_alias_id join entity_aliases t on t.id = r.to_alias_id where r.type = 'MEMBER_OF'`,
  )
  expect(edges).toEqual([
    {
      from: `${team}:U0BOB00002`,
      to: openChannel,
      since: new Date(1_700_000_100_000),
      until: new Date(1_700_000_200_000),
    },
  ])
})
