import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ArtifactStore, VectorIndex, VectorRecord } from "@engram/contracts/ports"
import { createFileArtifacts } from "@engram/files/file-artifacts"
import { createPineconeIndex } from "@engram/pinecone/pinecone-index"
import { sweep } from "@engram/pipeline/sweep"
import { createS3Artifacts } from "@engram/s3/s3-artifacts"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import { startPineconeServer } from "@engram/testkit/pinecone-server"
import { startS3 } from "@engram/testkit/s3"
import { silentLog } from "@engram/testkit/silent-log"
import { afterEach, describe, expect, test } from "vitest"
import { comment, issue, paragraphs, variedPayloads } from "../payloads.ts"
import { depsOf, inAnHour, reconcileBench, targetOf } from "../reconciling.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Stores {
  readonly index?: VectorIndex
  readonly artifacts: ArtifactStore
}

async function embedded(): Promise<Stores> {
  const root = await mkdtemp(join(tmpdir(), "engram-reconcile-"))
  closing.push(() => rm(root, { recursive: true, force: true }))
  return { artifacts: createFileArtifacts(root) }
}

async function production(): Promise<Stores> {
  const [pinecone, s3] = await Promise.all([startPineconeServer({ staleReads: 0 }), startS3()])
  closing.push(pinecone.close, s3.stop)
  const { bucket, endpoint, accessKeyId, secretAccessKey } = s3
  const artifacts = createS3Artifacts({
    ...{ bucket, endpoint, region: "us-east-1" },
    credentials: { accessKeyId, secretAccessKey },
  })
  closing.push(artifacts.close)
  const { apiKey, url: controllerHostUrl } = pinecone
  return { index: createPineconeIndex({ apiKey, controllerHostUrl, timeoutMs: 5_000, retryBaseMs: 5 }), artifacts }
}

async function open(stores: Stores): Promise<Workbench> {
  const bench = await createWorkbench({
    ...(stores.index ? { index: () => stores.index! } : {}),
    artifacts: () => stores.artifacts,
  })
  closing.push(bench.close)
  return bench
}

const listed = async (bench: Workbench, family: string): Promise<string[]> => {
  const ids: string[] = []
  for await (const page of bench.index.list(await targetOf(bench, family))) ids.push(...page)
  return ids.sort()
}
const wrong: Omit<VectorRecord, "id"> = {
  values: Float32Array.from({ length: 64 }, (_, i) => (i === 0 ? 1 : 0)),
  metadata: { source: "github", hash: "0123456789abcdef" },
}
const keys = async (bench: Workbench): Promise<string[]> =>
  (
    await bench.rows<{ key: string }>(
      "select artifact_key as key from ingest_deliveries where artifact_key is not null order by 1",
    )
  ).map(({ key }) => key)
const agree = { findings: 0, repaired: 0 }

describe.each([
  ["sqlite-vec and files", embedded],
  ["Pinecone and S3", production],
] as const)("on %s", (_, stores) => {
  test("missing, stale and orphaned vectors are found, told, repaired by the lane, and then there are none", async () => {
    const bench = await open(await stores())
    await bench.accept(variedPayloads(8))
    await bench.drain()
    expect(await reconcileBench(bench)).toMatchObject(agree)
    const before = { chunks: await listed(bench, "chunks"), observations: await listed(bench, "observations") }
    const texts = bench.calls.texts

    const [missing, stale, bare] = before.chunks as [string, string, string]
    const titled = before.observations.find((id) => id.endsWith("#title"))!
    const chunks = await targetOf(bench, "chunks")
    const observations = await targetOf(bench, "observations")
    await bench.index.remove(chunks, [missing])
    await bench.index.remove(observations, [titled])
    await bench.index.upsert(chunks, [
      { id: stale, ...wrong },
      { id: bare, ...wrong, metadata: { source: "github" } },
      { id: "chk_never", ...wrong },
    ])
    await bench.index.upsert(observations, [{ id: "obs_never#title", ...wrong }])

    const verified = await reconcileBench(bench)
    expect(verified).toMatchObject({ findings: 6, repaired: 0, repair: false })
    const of = (family: string) => verified.vectors.find((space) => space.family === family)
    expect(of("chunks")).toMatchObject({ missing: 1, stale: 2, orphaned: 1, fresh: 0, store: "main" })
    expect(of("chunks")!.examples).toEqual(
      expect.arrayContaining([
        { what: "missing", id: missing },
        { what: "stale", id: stale },
        { what: "stale", id: bare },
        { what: "orphaned", id: "chk_never" },
      ]),
    )
    expect(of("observations")).toMatchObject({ missing: 1, stale: 0, orphaned: 1 })
    // Looking changes nothing.
    expect(await reconcileBench(bench)).toEqual(verified)

    expect(await reconcileBench(bench, { repair: true })).toMatchObject({ findings: 6, repaired: 6 })
    // What is owed already is no finding again.
    expect(await reconcileBench(bench, { repair: true })).toMatchObject(agree)
    await bench.drain()
    expect(await reconcileBench(bench)).toMatchObject(agree)
    expect(await listed(bench, "chunks")).toEqual(before.chunks)
    expect(await listed(bench, "observations")).toEqual(before.observations)
    expect(bench.calls.texts).toBe(texts)

    // An orphan is removed as everything is: once more after the longest timeout; then its row goes.
    await sweep({
      ledger: createSweepLedger(bench.database),
      queue: { wake: async () => {} },
      log: silentLog,
      longestTimeoutMs: -1,
    })()
    await bench.drain()
    expect(await bench.rows("select from vector_entries where wanted_hash is null")).toEqual([])
  })

  test("artifacts missing, damaged and unknown are found, and repaired where their bytes are still somewhere", async () => {
    const bench = await open(await stores())
    await bench.accept([
      issue({ number: 1, title: "Kept", body: "One." }),
      issue({ number: 2, title: "Lost", body: "Two." }),
      issue({ number: 3, title: "Twisted", body: "Three." }),
      issue({ number: 4, title: "Shortened", body: "Four." }),
    ])
    await bench.drain()
    expect(await reconcileBench(bench, { readShare: 1 })).toMatchObject({ ...agree, artifacts: { looked: 4, read: 4 } })

    const [kept, lost, twisted, shortened] = (await keys(bench)) as [string, string, string, string]
    const store = bench.artifactStore
    const bytes = new Map(
      await Promise.all([kept, lost, twisted].map(async (key) => [key, (await store.get(key))!] as const)),
    )
    const turned = Uint8Array.from(bytes.get(twisted)!)
    turned[9]! ^= 1
    await store.remove(lost)
    await store.put(twisted, turned)
    await store.put(shortened, bytes.get(kept)!.subarray(0, 10))
    const unknown = `workspaces/acme/knowledge/raw/ff/${"f".repeat(64)}`
    await store.put(unknown, Buffer.from("nobody's"))
    await store.put("workspaces/acme-2/knowledge/raw/ff/ff", Buffer.from("another workspace's"))

    // Too young, by the clock as it is.
    const young = await reconcileBench(bench, { now: new Date() })
    expect(young.artifacts).toMatchObject({ orphaned: 0, fresh: 1 })
    // By length alone the twisted one passes.
    const shallow = await reconcileBench(bench)
    expect(shallow.artifacts).toMatchObject({ missing: 1, damaged: 1, orphaned: 1, read: 0, orphans: [unknown] })
    const deep = await reconcileBench(bench, { readShare: 1 })
    expect(deep.artifacts).toMatchObject({ missing: 1, damaged: 2, orphaned: 1 })
    const told = deep.artifacts.lost.find(({ key }) => key === lost)!
    const [delivery] = await bench.rows<{ id: string; document: string }>(
      `select d.id, l.document_id as document from ingest_deliveries d join document_deliveries l on l.delivery_id = d.id
       where d.artifact_key = $1 order by 2 limit 1`,
      [lost],
    )
    expect(told).toMatchObject({ what: "missing", deliveries: [delivery!.id] })
    expect(told.documents).toContain(delivery!.document)

    // Other deliveries brought two of them too, and still have the bytes in their rows.
    for (const key of [lost, twisted]) {
      await bench.rows(
        `insert into ingest_deliveries (id, workspace_id, store_id, connection_id, delivery_key, source, event, headers, body, body_bytes, body_hash, state)
         select id || '-again', workspace_id, store_id, connection_id, delivery_key || '-again', source, event, headers, $2, body_bytes, body_hash,
                case when $3 then 'received' else 'skipped' end
         from ingest_deliveries where artifact_key = $1`,
        [key, Buffer.from(bytes.get(key)!), key === lost],
      )
    }
    const repaired = await reconcileBench(bench, { repair: true, readShare: 1 })
    expect(repaired).toMatchObject({
      findings: 4,
      repaired: 2,
      artifacts: { restored: 2, removed: 0, orphans: [unknown] },
    })
    expect(repaired.artifacts.lost.map(({ key }) => key)).toEqual([shortened])
    for (const key of [lost, twisted])
      expect(Buffer.from((await store.get(key))!)).toEqual(Buffer.from(bytes.get(key)!))

    // Orphans go when it is said how old they are to be.
    const orphansBefore = (at: Date) => reconcileBench(bench, { repair: true, orphansBefore: at })
    expect((await orphansBefore(new Date(Date.now() - 3_600_000))).artifacts).toMatchObject({ orphaned: 1, removed: 0 })
    expect((await orphansBefore(inAnHour())).artifacts).toMatchObject({ orphaned: 1, removed: 1 })
    expect(await store.get(unknown)).toBeUndefined()
    expect(await store.get("workspaces/acme-2/knowledge/raw/ff/ff")).toBeDefined()
    expect((await reconcileBench(bench)).artifacts).toMatchObject({ missing: 0, damaged: 1, orphaned: 0 })
  })
})

test("nothing is found while ingestion runs: new, edited and removed, however fresh it is", async () => {
  const bench = await open(await embedded())
  let minute = 0
  const round = async (): Promise<void> => {
    minute++
    const number = (minute % 5) + 1
    const body = paragraphs(3 + (minute % 4), `tale ${minute}`).join("\n\n")
    await bench.accept([
      issue({ number, action: minute > 5 ? "edited" : "opened", title: `Tale ${number}`, body, minute }),
      comment({ number, id: minute, text: `Decision: chapter ${minute} stays.`, minute }),
      ...(minute > 3 ? [comment({ number, id: minute - 3, text: "gone", action: "deleted", minute })] : []),
    ])
    await bench.drain()
  }
  /** All that happens to deliveries, in the middle of whatever it is asked. */
  const amid =
    <Args extends unknown[], Answer>(ask: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      await round()
      return ask(...args)
    }
  const amidPages = <Args extends unknown[], Page>(list: (...args: Args) => AsyncIterable<Page>) =>
    async function* (...args: Args) {
      for await (const page of list(...args)) {
        await round()
        yield page
      }
    }
  for (let times = 0; times < 8; times++) await round()
  const { beliefs, index, artifacts } = depsOf(bench)
  const busy = {
    beliefs: {
      ...beliefs,
      entriesOf: amid(beliefs.entriesOf),
      artifacts: amid(beliefs.artifacts),
      artifact: amid(beliefs.artifact),
      body: amid(beliefs.body),
    },
    index: { hashes: amid(index.hashes), list: amidPages(index.list) },
    artifacts: { ...artifacts, stat: amid(artifacts.stat), list: amidPages(artifacts.list) },
  }
  // As if nothing were too fresh: only looking again keeps a lane at work from making findings.
  for (let times = 0; times < 2; times++) {
    const report = await reconcileBench(bench, {}, busy)
    expect(report.findings, JSON.stringify(report)).toBe(0)
    expect(report.vectors[0]!.looked).toBeGreaterThan(20)
  }
}, 120_000)

test("what an eventually consistent index does not show yet is too fresh to be judged, and said so", async () => {
  const pinecone = await startPineconeServer({ staleReads: 1_000_000 })
  closing.push(pinecone.close)
  const { apiKey, url: controllerHostUrl } = pinecone
  const index = createPineconeIndex({ apiKey, controllerHostUrl, timeoutMs: 5_000, retryBaseMs: 5 })
  const bench = await open({ ...(await embedded()), index })
  await bench.accept(variedPayloads(3))
  await bench.drain()
  const report = await reconcileBench(bench, { now: new Date(), repair: true })
  expect(report).toMatchObject(agree)
  const judged = report.vectors.filter(({ looked }) => looked > 0)
  expect(judged.map(({ family }) => family)).toEqual(["chunks", "observations"])
  for (const { looked, fresh } of judged) expect(fresh).toBeGreaterThan(looked / 2)
  expect((await reconcileBench(bench)).findings).toBeGreaterThan(10)
})

test("a repair that a change overtakes gives way to it", async () => {
  const bench = await open(await embedded())
  await bench.accept([issue({ number: 1, title: "Saga", body: "First." })])
  await bench.drain()
  const chunks = await targetOf(bench, "chunks")
  const ids = await listed(bench, "chunks")
  await bench.index.remove(chunks, ids)
  await bench.index.upsert(chunks, [{ id: "chk_never", ...wrong }])
  // Deleted and removed after the repair was asked for, before the lane's turn.
  await reconcileBench(bench, { repair: true })
  await bench.accept([issue({ number: 1, action: "deleted", title: "Saga", body: "First.", minute: 9 })])
  await bench.drain()
  expect(await listed(bench, "chunks")).toEqual([])
  expect(await reconcileBench(bench)).toMatchObject(agree)
})

test("an orphan whose very bytes come while it is removed stays", async () => {
  const bench = await open(await embedded())
  const said = issue({ number: 1, title: "Twice", body: "The same." })
  await bench.accept([said])
  await bench.drain()
  const [key] = (await keys(bench)) as [string]
  const bytes = Buffer.from((await bench.artifactStore.get(key))!)
  await bench.rows("delete from ingest_deliveries")
  const deps = depsOf(bench)
  const remove = async (gone: string): Promise<void> => {
    // Accepted, read and archived by another process, a moment before the removal reaches the object store.
    await bench.accept([said])
    await bench.drain()
    await deps.artifacts.remove(gone)
  }
  const racing = { ...deps, artifacts: { ...deps.artifacts, remove } }
  const report = await reconcileBench(bench, { repair: true, orphansBefore: inAnHour() }, racing)
  expect(report.artifacts).toMatchObject({ orphaned: 1, removed: 0 })
  expect(Buffer.from((await bench.artifactStore.get(key))!)).toEqual(bytes)
  expect(await reconcileBench(bench)).toMatchObject(agree)
})

test("another workspace's stores are neither looked at nor touched", async () => {
  const bench = await open(await embedded())
  const other = await bench.addStore("globex", "main")
  await bench.accept([issue({ number: 1, title: "Ours", body: "One." })])
  await bench.accept([issue({ number: 2, title: "Theirs", body: "Two." })], other)
  await bench.drain()
  await bench.drain(other)
  for (const key of await keys(bench)) if (key.includes("globex")) await bench.artifactStore.remove(key)
  await bench.rows("update vector_entries set written_hash = 'x' where workspace_id = 'globex'")
  expect(await reconcileBench(bench, { repair: true, orphansBefore: inAnHour() })).toMatchObject(agree)
  expect(await reconcileBench(bench, { workspaceId: "globex" })).toMatchObject({
    findings: 1,
    artifacts: { missing: 1 },
  })
})
