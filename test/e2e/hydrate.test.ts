import { RetryLater } from "@engram/contracts/errors"
import type { Hydrator } from "@engram/contracts/fetches"
import { createNotionHydrator } from "@engram/notion/notion-hydrator"
import { notionId, said } from "@engram/testkit/notion-workspace"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { event, type NotionBench, notionBench } from "../notion-bench.ts"

const page = notionId(0x100)

interface Fetch {
  readonly owed: boolean
  readonly answer: string | null
  readonly reason: string | null
  readonly attempts: number
  readonly failures: number
  readonly due: boolean
}
const fetches = (bench: NotionBench): Promise<Fetch[]> =>
  bench.rows<Fetch>(
    `select (covered_at is null or covered_at < wanted_at) as owed, answer, reason, attempts, failures, due_at <= now() as due
     from wanted_fetches order by thing_id`,
  )
const readings = (bench: NotionBench): number =>
  bench.notion.requests.filter(({ path }) => path === `/v1/pages/${page}`).length
const titles = (bench: NotionBench) =>
  bench.rows<{ title: string }>("select title from knowledge_documents where live order by title")
const dueNow = (bench: NotionBench) => bench.rows("update wanted_fetches set due_at = now()")

/** Normalizes what was accepted, so that its fetches are wanted. */
async function want(bench: NotionBench, ...events: Parameters<NotionBench["accept"]>[0]): Promise<void> {
  await bench.accept(events)
  while ((await bench.turn("normalize")) === "more");
}

test("a burst of edits of one page is one reading of it", async () => {
  const bench = await notionBench()
  bench.notion.workspace.write({ id: page, title: "Plans" })
  const types = ["page.created", "page.content_updated", "page.properties_updated", "page.locked", "page.moved"]
  // The newest first: events come in any order.
  const burst = Array.from({ length: 40 }, (_, n) => event(types[n % types.length]!, page, 40 - n))
  for (let n = 0; n < 40; n += 8) await want(bench, ...burst.slice(n, n + 8))
  await bench.drain()
  expect(readings(bench)).toBe(1)
  // The burst once more, as Notion's retries or a replay bring it: all of it was before the reading.
  await want(bench, ...burst.map((each) => ({ ...each, key: `${each.key}-again` })))
  await bench.drain()
  expect(readings(bench)).toBe(1)
})

test("a page waits for its burst to settle, and no longer than the limit", async () => {
  const bench = await notionBench({ settling: { settleMs: 60_000, settleMaxMs: 60_100 } })
  bench.notion.workspace.write({ id: page, title: "Plans" })
  const waitMs = async () => {
    const [row] = await bench.rows<{ ms: number }>(
      "select (extract(epoch from due_at - owed_since) * 1000)::float8 as ms from wanted_fetches",
    )
    return row!.ms
  }
  await want(bench, event("page.created", page, 1))
  expect(await waitMs()).toBeCloseTo(60_000, -2)
  const end = await bench.turn("hydrate")
  expect(end).toEqual({ afterMs: expect.closeTo(60_000, -4) })
  expect(bench.notion.requests).toEqual([])

  await bench.rows("update wanted_fetches set owed_since = owed_since - interval '1 minute'")
  await want(bench, event("page.content_updated", page, 2))
  expect(await waitMs()).toBeCloseTo(60_100, 0)
  await waitUntil("it is due", async () => (await fetches(bench))[0]!.due)
  expect(await bench.turn("hydrate")).toBe("idle")
  expect(readings(bench)).toBe(1)
})

test("a page that is edited while it is read is read again", async () => {
  const bench: NotionBench = await notionBench({ hydrators: {} })
  const real = createNotionHydrator({ baseUrl: bench.notion.url, timeoutMs: 2_000, requestsPerSecond: 1_000 })
  bench.notion.workspace.write({ id: page, title: "Before" })
  const edited: Hydrator = {
    fetch: async (...given) => {
      const answer = await real.fetch(...given)
      if (readings(bench) === 1) {
        bench.notion.workspace.write({ id: page, title: "After" })
        await want(other, event("page.content_updated", page, 2))
      }
      return answer
    },
  }
  const other = await notionBench({ databaseUrl: bench.databaseUrl, hydrators: {} })
  const reader = await notionBench({
    databaseUrl: bench.databaseUrl,
    hydrators: { notion: edited },
    credentials: { token: bench.notion.token },
  })
  await want(bench, event("page.created", page, 1))
  expect(await reader.turn("hydrate")).toBe("idle")
  await reader.drain()
  expect(readings(bench)).toBe(2)
  expect(await titles(bench)).toEqual([{ title: "After" }])
})

test("a turn that dies between reading and keeping loses nothing, and what it still says is late", async () => {
  const bench: NotionBench = await notionBench({ hydrators: {} })
  const real = createNotionHydrator({ baseUrl: bench.notion.url, timeoutMs: 2_000, requestsPerSecond: 1_000 })
  bench.notion.workspace.write({ id: page, title: "Read by the dead" })
  const read = Promise.withResolvers<void>()
  const wake = Promise.withResolvers<void>()
  const sleeper: Hydrator = {
    fetch: async (...given) => {
      const answer = await real.fetch(...given)
      read.resolve()
      await wake.promise
      return answer
    },
  }
  const reader = (notion: Hydrator) =>
    notionBench({
      databaseUrl: bench.databaseUrl,
      hydrators: { notion },
      credentials: { token: bench.notion.token },
    })
  const dying = await reader(sleeper)
  const next = await reader(real)
  await want(bench, event("page.created", page, 1))
  const dead = dying.turn("hydrate")
  await read.promise
  // As if its lease had run out: it no longer renews it.
  await bench.rows(
    "update lanes set holder = 'the dead', leased_until = now() - interval '1 second' where stage = 'hydrate'",
  )
  bench.notion.workspace.write({ id: page, title: "Read by the living" })
  await want(bench, event("page.content_updated", page, 2))
  expect(await next.turn("hydrate")).toBe("idle")
  expect(await fetches(bench)).toMatchObject([{ owed: false, answer: "found", attempts: 0 }])
  wake.resolve()
  await dead
  await next.drain()
  expect(await titles(bench)).toEqual([{ title: "Read by the living" }])
  expect(await fetches(bench)).toMatchObject([{ owed: false }])
  expect(readings(bench)).toBe(2)
})

test("a page that ends its worker each time is given up, and read again when it changes", async () => {
  const bench = await notionBench({ hydrateLimits: { attemptsMax: 3 } })
  bench.notion.workspace.write({ id: page, title: "Plans" })
  await want(bench, event("page.created", page, 1))
  await bench.rows("update wanted_fetches set attempts = 3")
  expect(await bench.turn("hydrate")).toBe("idle")
  expect(await fetches(bench)).toMatchObject([
    { owed: false, answer: "gave_up", reason: expect.stringMatching(/taken 3 times/) },
  ])
  expect(bench.notion.requests).toEqual([])
  await want(bench, event("page.content_updated", page, 2))
  await bench.drain()
  expect(await titles(bench)).toEqual([{ title: "Plans" }])
})

test.each([
  [404, /not shared with the integration/],
  [403, /lacks the capability/],
] as const)(
  "a page answered %i is recorded as such, and not asked for again before it changes",
  async (status, reason) => {
    const bench = await notionBench()
    const { workspace } = bench.notion
    workspace.write({ id: page, title: "Plans" })
    await want(bench, event("page.created", page, 1))
    await bench.drain()
    workspace.unseen.set(page, status)
    await want(bench, event("page.content_updated", page, 2))
    await bench.drain()
    await bench.turn("hydrate")
    expect(readings(bench)).toBe(2)
    expect(await fetches(bench)).toMatchObject([
      { owed: false, answer: "missing", reason: expect.stringMatching(reason) },
    ])
    // Not to be seen is not to be gone: only Notion's own word removes.
    expect(await titles(bench)).toEqual([{ title: "Plans" }])
    workspace.unseen.delete(page)
    workspace.write({ id: page, title: "Plans, shared" })
    await want(bench, event("page.content_updated", page, 3))
    await bench.drain()
    expect(await titles(bench)).toEqual([{ title: "Plans, shared" }])
  },
)

test("Retry-After is honoured by the whole connection, whoever works on it", async () => {
  const bench = await notionBench()
  const { notion } = bench
  notion.workspace.write({ id: page, title: "Plans" })
  notion.workspace.write({ id: notionId(0x101), title: "Other plans" })
  notion.failNext({ status: 429, retryAfterSeconds: 60 })
  await want(bench, event("page.created", page, 1), event("page.created", notionId(0x101), 1))
  expect(await bench.turn("hydrate")).toEqual({ afterMs: expect.closeTo(60_000, -4) })
  expect(notion.requests).toHaveLength(1)
  const rows = await fetches(bench)
  expect(rows.map(({ answer }) => answer).sort()).toEqual([null, "later"].sort())
  expect(rows.every(({ owed, due }) => owed && !due)).toBe(true)
  await dueNow(bench)
  await bench.drain()
  expect(await titles(bench)).toHaveLength(2)
})

test.each([
  ["a failing Notion", { status: 503 }],
  ["a Notion that breaks off", { tear: true }],
  ["a Notion that does not answer", { hang: true }],
] as const)("%s delays, and loses nothing", async (_, failure) => {
  const bench: NotionBench = await notionBench({ hydrators: {} })
  const impatient = createNotionHydrator({
    baseUrl: bench.notion.url,
    timeoutMs: 100,
    requestsPerSecond: 1_000,
    retryBaseMs: 1,
    restMs: 1,
  })
  const reader = await notionBench({
    databaseUrl: bench.databaseUrl,
    hydrators: { notion: impatient },
    credentials: { token: bench.notion.token },
  })
  bench.notion.workspace.write({ id: page, title: "Plans" })
  bench.notion.failNext(failure, 4)
  await want(bench, event("page.created", page, 1))
  expect(await reader.turn("hydrate")).toHaveProperty("afterMs")
  expect(await fetches(bench)).toMatchObject([
    { owed: true, answer: "later", attempts: 0, failures: 1, reason: expect.stringMatching(/Notion/) },
  ])
  await dueNow(bench)
  await reader.drain()
  expect(await titles(bench)).toEqual([{ title: "Plans" }])
})

test("a connection without a token, or with a wrong one, says so and waits for one", async () => {
  for (const [credentials, reason] of [
    [{}, /engram connect notion … --token/],
    [{ token: "ntn_wrong" }, /refused the token/],
  ] as const) {
    const bench = await notionBench({ credentials })
    bench.notion.workspace.write({ id: page, title: "Plans" })
    await want(bench, event("page.created", page, 1), event("page.created", notionId(0x101), 1))
    expect(await bench.turn("hydrate")).toEqual({ afterMs: expect.closeTo(60_000, -4) })
    expect(bench.notion.requests.length).toBeLessThanOrEqual(1)
    const owed = (await fetches(bench)).filter((each) => each.owed && !each.due)
    expect(owed).toHaveLength(2)
    expect(owed.find(({ answer }) => answer === "later")?.reason).toMatch(reason)
  }
})

test("a bug in a reader is tried a few times and then given up with its stack", async () => {
  const broken: Hydrator = {
    fetch: () => Promise.reject(new TypeError("cannot read properties of undefined")),
  }
  const bench = await notionBench({ hydrators: { notion: broken }, hydrateLimits: { attemptsMax: 3 } })
  await want(bench, event("page.created", page, 1))
  for (let n = 0; n < 3; n++) {
    await bench.turn("hydrate")
    await dueNow(bench)
  }
  expect(await fetches(bench)).toMatchObject([
    { owed: false, answer: "gave_up", reason: expect.stringMatching(/bug: TypeError/) },
  ])
})

test("a sender that is away for long is asked ever more rarely, and never given up", async () => {
  const away: Hydrator = { fetch: () => Promise.reject(new RetryLater("away", { afterMs: 0 })) }
  const bench = await notionBench({ hydrators: { notion: away } })
  await want(bench, event("page.created", page, 1))
  for (let n = 0; n < 12; n++) {
    await bench.turn("hydrate")
    await dueNow(bench)
  }
  const end = await bench.turn("hydrate")
  expect(end).toEqual({ afterMs: expect.closeTo(525_000, -6) })
  expect(await fetches(bench)).toMatchObject([{ owed: true, answer: "later", failures: 13 }])
})

test("a page of 100,000 blocks is read to the limit, says so, and nothing loops", async () => {
  const bench = await notionBench()
  bench.notion.workspace.write({ id: page, title: "The long page", paragraphs: 100_000 })
  await want(bench, event("page.created", page, 1))
  const before = process.memoryUsage().rss
  await bench.turn("hydrate")
  const grownMb = (process.memoryUsage().rss - before) / 1_048_576
  const [row] = await bench.rows<{ bytes: number }>(
    "select body_bytes as bytes from ingest_deliveries where event = 'page.fetched'",
  )
  process.stdout.write(
    `100,000 blocks: ${bench.notion.requests.length} requests, ${row!.bytes} bytes, ${grownMb.toFixed(0)} MB\n`,
  )
  expect(bench.notion.requests.length).toBeLessThan(110)
  expect(row!.bytes).toBeLessThan(16_000_000)
  await bench.drain()
  const [document] = await bench.rows<{ cut: object; last: string }>(
    `select d.metadata -> 'cut' as cut, (select text from knowledge_chunks c where c.document_id = d.id order by position desc limit 1) as last
     from knowledge_documents d`,
  )
  expect(document!.cut).toEqual({ limit: "blocks", blocks: 10_000 })
  expect(document!.last).toContain("This page is longer than what was read of it: 10000 blocks")
}, 60_000)

test("blocks within blocks without end are read to a depth", async () => {
  const bench = await notionBench()
  const nested = (depth: number): ReturnType<typeof said> =>
    said("bulleted_list_item", `Level ${depth}`, depth < 40 ? { children: [nested(depth + 1)] } : {})
  bench.notion.workspace.write({ id: page, title: "Deep", blocks: [nested(1), said("paragraph", "The end.")] })
  await want(bench, event("page.created", page, 1))
  await bench.drain()
  const [row] = await bench.rows<{ text: string; cut: object }>(
    `select string_agg(c.text, '' order by c.position) as text, (array_agg(d.metadata -> 'cut'))[1] as cut
     from knowledge_chunks c join knowledge_documents d on d.id = c.document_id`,
  )
  expect(row!.text).toContain("Level 16")
  expect(row!.text).not.toContain("Level 17")
  expect(row!.text).toContain("The end.")
  expect(row!.cut).toEqual({ limit: "depth", blocks: 17 })
})
