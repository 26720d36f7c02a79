import { createCohereEmbedder } from "@engram/cohere/cohere-embedder"
import { RetryLater } from "@engram/contracts/errors"
import type { VectorIndex } from "@engram/contracts/ports"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { createPineconeIndex } from "@engram/pinecone/pinecone-index"
import { archivedGraceMs, dropArchived } from "@engram/pipeline/reindex/drop-archived"
import { refreshStale } from "@engram/pipeline/reindex/refresh-stale"
import { createVersionLedger } from "@engram/store/versions/version-ledger"
import { startCohereServer } from "@engram/testkit/cohere-server"
import { onlyEmbedders } from "@engram/testkit/only-embedders"
import { startPineconeServer } from "@engram/testkit/pinecone-server"
import { silentLog } from "@engram/testkit/silent-log"
import { waitUntil } from "@engram/testkit/wait-until"
import { afterEach, expect, test } from "vitest"
import { issue, paragraphs } from "../payloads.ts"
import { createReindexBench, expectWhole, local, reindexTo, versionsOf, wantedIn } from "../reindexing.ts"
import { find } from "../search-door.ts"
import type { Workbench, WorkbenchOptions } from "../workbench.ts"

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const patience = { timeoutMs: 2_000, retryBaseMs: 5, restMs: 100 }
const cohere256 = { provider: "cohere", model: "embed-v4.0", dimension: 256 }
const hour = archivedGraceMs

const about = (number: number) =>
  issue({ number, title: `Lighthouse ${number}`, body: paragraphs(3, `lamp ${number}`).join("\n\n") })

async function filled(
  issues: number,
  options: WorkbenchOptions = {},
  more: Parameters<typeof createReindexBench>[1] = [],
) {
  const bench = await createReindexBench(options, more)
  closing.push(bench.close)
  await bench.accept(Array.from({ length: issues }, (_, at) => about(at + 1)))
  await bench.drain()
  return bench
}

async function withCohere(
  issues: number,
  given: { readonly refuse?: (text: string) => boolean; readonly indexesMax?: number } = {},
) {
  const cohere = await startCohereServer(given.refuse ? { refuse: given.refuse } : {})
  const pinecone = await startPineconeServer({
    staleReads: 3,
    ...(given.indexesMax && { indexesMax: given.indexesMax }),
  })
  closing.push(cohere.close, pinecone.close)
  const { apiKey, url: baseUrl } = cohere
  const embedder = createCohereEmbedder({ apiKey, baseUrl, model: "embed-v4.0", dimension: 256, ...patience })
  const index = createPineconeIndex({ apiKey: pinecone.apiKey, controllerHostUrl: pinecone.url, ...patience })
  const bench = await filled(issues, { index: () => index }, [embedder])
  return { cohere, pinecone, bench }
}

const statuses = async (bench: Workbench) =>
  (await versionsOf(bench)).map(({ model, status }) => `${model.provider}:${model.dimension} ${status}`)

/** The title of a document, or of what is remembered of it. */
const naming = (number: number) => expect.stringMatching(new RegExp(`Lighthouse ${number}$`))

const activeOf = async (bench: Workbench) => (await versionsOf(bench)).find(({ status }) => status === "active")!

const drop = (bench: Workbench, afterMs: number, index: VectorIndex = bench.index) =>
  dropArchived({ ledger: createVersionLedger(bench.database), index })({
    workspaceId: bench.lane.workspaceId,
    now: new Date(Date.now() + afterMs),
  })

/** Everything that says a vector of this version ever was. */
async function traces(
  bench: Workbench,
  version: { readonly id: string; readonly model: { readonly dimension: number } },
) {
  const [row] = await bench.rows<{ entries: number; values: number; versions: number }>(
    `select (select count(*)::int from vector_entries where embedding_version_id = $1) as entries,
       (select count(*)::int from embedding_values where model like '%:' || $2) as values,
       (select count(*)::int from embedding_versions where id = $1) as versions`,
    [version.id, String(version.model.dimension)],
  )
  return row!
}

test("a change of dimension: search answers right through, ingestion goes on, and both end whole", async () => {
  const bench = await filled(60)
  let changing = true
  let answers = 0
  const asking = async () => {
    while (changing) {
      const [hit] = await find(bench, { query: "Lighthouse 7 lamp 7" })
      expect(hit).toMatchObject({ title: naming(7), foundBy: expect.arrayContaining(["vector"]) })
      answers++
    }
  }
  const ingesting = async () => {
    for (let number = 100; changing; number++) {
      await bench.accept([about(number)])
      while ((await bench.turn("normalize")) === "more");
      await bench.turn("embed")
    }
  }
  const steps: string[] = []
  const others = Promise.all([asking(), ingesting()])
  others.catch(() => {})
  const done = await reindexTo(bench, local(128), { onProgress: ({ step }) => void steps.push(step) }).finally(() => {
    changing = false
  })
  await others
  expect(answers).toBeGreaterThan(3)
  expect([...new Set(steps)]).toEqual(["copying", "filling", "verifying", "switching"])
  expect(done).toMatchObject({ begun: "new", active: { status: "active" }, verified: { refused: 0 } })
  expect(done.verified.recallAt10).toBeGreaterThanOrEqual(0.95)
  expect(await statuses(bench)).toEqual(["local:64 archived", "local:128 active"])

  await bench.drain()
  await expectWhole(bench, await activeOf(bench))
  expect((await wantedIn(bench, done.active.id)).length).toBeGreaterThan(
    (await wantedIn(bench, done.archived.id)).length - 1,
  )
  const [hit] = await find(bench, { query: "Lighthouse 100 lamp 100" })
  expect(hit).toMatchObject({ title: naming(100), foundBy: ["text", "vector"] })
}, 120_000)

test("another provider's model on an index that trails its writes; going back costs nothing", async () => {
  const { bench, cohere, pinecone } = await withCohere(20)
  const done = await reindexTo(bench, cohere256)
  expect(done.verified).toMatchObject({ recallAt10: 1, refused: 0 })
  const texts = cohere.calls.filter(({ inputType }) => inputType === "search_document").flatMap((call) => call.texts)
  expect(new Set(texts).size).toBe(texts.length)
  const known = await bench.rows("select distinct text_hash from vector_entries where wanted_hash is not null")
  expect(texts).toHaveLength(known.length)
  const wanted = await bench.rows<{ namespace: string; n: number }>(
    `select family || '-' || embedding_version_id as namespace, count(*)::int as n from vector_entries
     where embedding_version_id = $1 group by 1`,
    [done.active.id],
  )
  expect(pinecone.namespaces(done.active.indexName)).toEqual(
    Object.fromEntries(wanted.map(({ namespace, n }) => [namespace, n])),
  )
  const [hit] = await find(bench, { query: "Lighthouse 7 lamp 7" })
  expect(hit).toMatchObject({ title: naming(7), foundBy: ["text", "vector"] })

  await bench.accept([about(21)])
  await bench.drain()
  const back = await reindexTo(bench, local(64))
  expect(back).toMatchObject({ begun: "again", archived: { id: done.active.id } })
  // Only what came since had to be embedded again.
  const since = await bench.rows(
    "select 1 from embedding_values where model = 'local:local-hash-v1:64' and created_at > $1",
    [done.archived.archivedAt],
  )
  expect(since.length).toBeLessThan(10)
  expect(await statuses(bench)).toEqual(["local:64 active", "cohere:256 archived"])
  expect((await find(bench, { query: "Lighthouse 21 lamp 21" }))[0]).toMatchObject({ title: naming(21) })
}, 120_000)

test("stopped midway it goes on, and embeds no text twice", async () => {
  const slow = { ...createLocalEmbedder({ dimension: 128 }), textsMax: 8 }
  const asked: string[] = []
  const counting = {
    ...slow,
    embed: (texts: readonly string[], use: "search_document" | "search_query") => {
      if (use === "search_document") asked.push(...texts)
      return slow.embed(texts, use)
    },
  }
  const bench = await filled(60, { embedderOf: onlyEmbedders(createLocalEmbedder({ dimension: 64 }), counting) })
  const stop = new AbortController()
  let turns = 0
  const stopped = reindexTo(bench, local(128), {
    signal: stop.signal,
    onProgress: ({ step }) => {
      if (step === "filling" && ++turns === 3) stop.abort()
    },
  })
  await expect(stopped).rejects.toMatchObject({ name: "AbortError" })
  const left = await createVersionLedger(bench.database).owed(bench.lane, (await versionsOf(bench))[1]!.id)
  expect(left).toBeGreaterThan(0)
  expect(await statuses(bench)).toEqual(["local:64 active", "local:128 canary"])
  // What is edited between the two is written to both.
  await bench.accept([issue({ number: 1, action: "edited", title: "Lighthouse 1", body: "Dark now.", minute: 5 })])
  await bench.turn("normalize")
  expect(await reindexTo(bench, local(128))).toMatchObject({ begun: "again" })
  expect(new Set(asked).size).toBe(asked.length)
  await bench.drain()
  await expectWhole(bench, await activeOf(bench))
})

test("what cannot be done is refused before anything is changed", async () => {
  const { bench } = await withCohere(2, { indexesMax: 1 })
  const refused = async (model: Parameters<typeof reindexTo>[1], code: string) => {
    await expect(reindexTo(bench, model)).rejects.toMatchObject({ name: "Rejected", code })
    expect(await statuses(bench)).toEqual(["local:64 active"])
  }
  await refused(local(64), "already_active")
  await refused({ provider: "cohere", model: "embed-english-v3.0", dimension: 1024 }, "embedder_missing")
  await refused(cohere256, "index_quota")
  const empty = await createReindexBench()
  closing.push(empty.close)
  await expect(reindexTo(empty, local(128))).rejects.toMatchObject({ code: "no_version" })
})

test("one at a time: another version is refused until the first is given up", async () => {
  const bench = await filled(2)
  const ledger = createVersionLedger(bench.database)
  const stop = AbortSignal.abort()
  await expect(reindexTo(bench, local(128), { signal: stop })).rejects.toThrow()
  await expect(reindexTo(bench, local(96))).rejects.toMatchObject({ code: "another_canary" })
  expect(await ledger.abandon(bench.lane)).toMatchObject({ model: local(128), status: "archived" })
  expect(await ledger.abandon(bench.lane)).toBeUndefined()
  await reindexTo(bench, local(96))
  expect(await statuses(bench)).toEqual(["local:64 archived", "local:128 archived", "local:96 active"])
})

test("a new model that is away delays nobody but itself", async () => {
  const known = createLocalEmbedder({ dimension: 64 })
  const real = createLocalEmbedder({ dimension: 128 })
  let away = true
  const unreliable = {
    ...real,
    embed: async (...asked: Parameters<typeof real.embed>) => {
      if (away && asked[1] === "search_document") throw new RetryLater("the model is away", { afterMs: 20 })
      return real.embed(...asked)
    },
  }
  const bench = await filled(5, { embedder: known, embedderOf: onlyEmbedders(known, unreliable), log: silentLog })
  const changing = reindexTo(bench, local(128))
  await waitUntil("it is being filled", async () => (await statuses(bench)).includes("local:128 canary"))
  await bench.accept([about(50)])
  while ((await bench.turn("normalize")) === "more");
  await waitUntil("what came is found by its vectors", async () => {
    await bench.turn("embed")
    return (await find(bench, { query: "Lighthouse 50 lamp 50" })).some(
      ({ title, foundBy }) => title.endsWith("Lighthouse 50") && foundBy.includes("vector"),
    )
  })
  expect(await statuses(bench)).toEqual(["local:64 active", "local:128 canary"])
  away = false
  expect(await changing).toMatchObject({ begun: "new" })
  await bench.drain()
  await expectWhole(bench, await activeOf(bench))
})

/** An index that does something else with what is written to the new version. */
const spoilt = (bench: Workbench, spoil: Partial<VectorIndex>): VectorIndex => ({ ...bench.index, ...spoil })

test("an index that lost vectors stops the switch, and the same call succeeds once they are there", async () => {
  const bench = await filled(20)
  const losing = spoilt(bench, {
    upsert: (target, records) =>
      bench.index.upsert(target, target.namespace.startsWith("chunks") ? records.slice(1) : records),
  })
  await expect(reindexTo(bench, local(128), { index: losing, trailMs: 300 })).rejects.toMatchObject({
    code: "not_as_the_old",
    message: expect.stringMatching(/of chunks its index holds \d+ vectors where \d+ were written/),
  })
  expect(await statuses(bench)).toEqual(["local:64 active", "local:128 canary"])
  expect((await find(bench, { query: "Lighthouse 7 lamp 7" }))[0]).toMatchObject({ foundBy: ["text", "vector"] })

  await bench.rows(
    "update vector_entries set written_hash = 'lost' where embedding_version_id = $1 and family = 'chunks'",
    [(await versionsOf(bench))[1]!.id],
  )
  expect(await reindexTo(bench, local(128))).toMatchObject({ begun: "again" })
  expect(await statuses(bench)).toEqual(["local:64 archived", "local:128 active"])
})

test("an index that finds the wrong neighbours stops the switch", async () => {
  const bench = await filled(30)
  const wrong = spoilt(bench, {
    query: (target, values, options) =>
      bench.index.query(
        target,
        values.map((value) => -value),
        options,
      ),
  })
  await expect(reindexTo(bench, local(128), { index: wrong })).rejects.toMatchObject({
    code: "not_as_the_old",
    message: expect.stringMatching(/finds \d+\.\d % of the ten nearest, less than 95\.0 %/),
  })
  expect(await statuses(bench)).toEqual(["local:64 active", "local:128 canary"])
})

test("texts that the new model refuses stop the switch, unless they are accepted", async () => {
  const { bench } = await withCohere(6, { refuse: (text) => text.includes("lamp 3") })
  await expect(reindexTo(bench, cohere256)).rejects.toMatchObject({
    code: "not_as_the_old",
    message: expect.stringMatching(/refuses \d+ texts that the old one takes.*--accept-refused/),
  })
  expect(await statuses(bench)).toEqual(["local:64 active", "cohere:256 canary"])
  const done = await reindexTo(bench, cohere256, { acceptRefused: true })
  expect(done.verified.refused).toBeGreaterThan(0)
  // By its words it is found all the same.
  expect(await find(bench, { query: "Lighthouse 3" })).toContainEqual(expect.objectContaining({ title: naming(3) }))
})

test("an archived version goes after the grace period and not before, with its index, its values and its row", async () => {
  const { bench, pinecone } = await withCohere(5)
  const { archived, active } = await reindexTo(bench, cohere256)
  expect(await drop(bench, hour - 60_000)).toMatchObject({
    dropped: [],
    kept: [{ version: { id: archived.id } }],
    failed: [],
  })
  expect(await traces(bench, archived)).toMatchObject({ versions: 1 })
  expect(Object.values(pinecone.namespaces(archived.indexName))).not.toEqual([])

  const before = await traces(bench, archived)
  expect(await drop(bench, hour + 1)).toMatchObject({
    dropped: [{ version: { id: archived.id }, vectors: before.entries, values: before.values }],
    kept: [],
  })
  expect(await traces(bench, archived)).toEqual({ entries: 0, values: 0, versions: 0 })
  expect(() => pinecone.namespaces(archived.indexName)).toThrow(/not found/)
  expect(await statuses(bench)).toEqual(["cohere:256 active"])
  await expectWhole(bench, active)
  expect((await find(bench, { query: "Lighthouse 2 lamp 2" }))[0]).toMatchObject({ foundBy: ["text", "vector"] })
  // And it can be made once more.
  expect(await reindexTo(bench, local(64))).toMatchObject({ begun: "new" })
}, 120_000)

test("what others use stays: an index of the same dimension, values of the same model in another store", async () => {
  const other256 = {
    ...createLocalEmbedder({ dimension: 64 }),
    model: { provider: "local", model: "other", dimension: 64 },
  }
  const bench = await filled(5, {}, [other256])
  const second = await bench.addStore("acme", "second")
  await bench.accept([about(1), about(900)], second)
  await bench.drain(second)
  const { archived, active } = await reindexTo(bench, other256.model)
  expect(archived.indexName).toBe(active.indexName)
  await drop(bench, hour + 1)
  await expectWhole(bench, active)
  for (const family of ["chunks", "observations"]) {
    expect(await bench.index.count({ index: archived.indexName, namespace: `${family}-${archived.id}` })).toBe(0)
  }
  const needed = await bench.rows(
    "select distinct text_hash as hash from vector_entries where store_id = $1 order by 1",
    [second.storeId],
  )
  const left = await bench.rows(
    "select text_hash as hash from embedding_values where model = 'local:local-hash-v1:64' order by 1",
  )
  expect(left).toEqual(needed)
})

test("dropping that an outage or a kill ended goes on, also when the version is wanted again first", async () => {
  const bench = await filled(5)
  const { archived } = await reindexTo(bench, local(128))
  const away = spoilt(bench, {
    drop: async () => {
      throw new Error("index away")
    },
  })
  expect(await drop(bench, hour + 1, away)).toMatchObject({ dropped: [], failed: [{ reason: "index away" }] })
  expect(await statuses(bench)).toEqual(["local:64 dropping", "local:128 active"])
  expect(await drop(bench, 0)).toMatchObject({ dropped: [{ version: { id: archived.id } }] })
  expect(await traces(bench, archived)).toEqual({ entries: 0, values: 0, versions: 0 })

  await reindexTo(bench, local(64))
  await drop(bench, hour + 1, away)
  expect(await statuses(bench)).toEqual(["local:128 dropping", "local:64 active"])
  expect(await reindexTo(bench, local(128))).toMatchObject({ begun: "new" })
  await expectWhole(bench, await activeOf(bench))
})

test("what is removed leaves the version that nobody reads, before it goes", async () => {
  const bench = await filled(5)
  const { archived } = await reindexTo(bench, local(128))
  const target = { index: archived.indexName, namespace: `chunks-${archived.id}` }
  const before = await bench.index.count(target)
  await bench.accept([issue({ number: 2, action: "deleted", title: "Lighthouse 2", minute: 9 })])
  await bench.drain()
  expect(await bench.index.count(target)).toBeLessThan(before)
  expect(await bench.index.count(target)).toBe(
    (await wantedIn(bench, archived.id)).filter((key) => key.startsWith("chunks")).length,
  )
})

test("the night owes again what has no values any more and, five times, what was refused", async () => {
  const refusing = new Set<string>()
  const cohere = await startCohereServer({ refuse: (text) => [...refusing].some((word) => text.includes(word)) })
  closing.push(cohere.close)
  const { apiKey, url: baseUrl } = cohere
  const embedder = createCohereEmbedder({ apiKey, baseUrl, model: "embed-v4.0", dimension: 256, ...patience })
  refusing.add("lamp 3")
  const bench = await filled(4, { embedder, embedderOf: onlyEmbedders(embedder) })
  const woken: string[] = []
  const refresh = () =>
    refreshStale({
      ledger: createVersionLedger(bench.database),
      queue: { wake: async ({ storeId, stage }) => void woken.push(`${stage} ${storeId}`) },
      log: silentLog,
    })("acme")
  const parked = async () => (await bench.rows("select 1 from vector_entries where parked_reason is not null")).length

  const refused = await parked()
  expect(refused).toBeGreaterThan(0)
  for (let night = 1; night <= 4; night++) {
    expect(await refresh()).toEqual({ versions: 1, offeredAgain: refused, embeddedAnew: 0 })
    await bench.drain()
    expect(await parked()).toBe(refused)
  }
  expect(await refresh()).toEqual({ versions: 1, offeredAgain: 0, embeddedAnew: 0 })
  expect(woken).toEqual(Array.from({ length: 4 }, () => `embed ${bench.lane.storeId}`))

  const lost = await bench.rows<{ hash: string }>(
    "delete from embedding_values where text_hash in (select text_hash from embedding_values order by 1 limit 2) returning text_hash as hash",
  )
  const { embeddedAnew } = await refresh()
  expect(embeddedAnew).toBeGreaterThanOrEqual(lost.length)
  await bench.drain()
  expect(await refresh()).toEqual({ versions: 1, offeredAgain: 0, embeddedAnew: 0 })
  expect(
    await bench.rows("select 1 from embedding_values where text_hash = any($1)", [lost.map(({ hash }) => hash)]),
  ).toHaveLength(2)
})
