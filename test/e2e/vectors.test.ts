import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { sweep } from "@engram/pipeline/sweep"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import { silentLog } from "@engram/testkit/silent-log"
import { waitUntil } from "@engram/testkit/wait-until"
import { afterEach, beforeEach, expect, test } from "vitest"
import { comment, issue, paragraphs } from "../payloads.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

let bench: Workbench
beforeEach(async () => {
  // Few texts a call, so that a document takes several turns.
  bench = await createWorkbench({ embedder: { ...createLocalEmbedder({ dimension: 64 }), textsMax: 4 } })
})
afterEach(() => bench.close())

const body = (count: number) => paragraphs(count, "saga").join("\n\n")
const opened = issue({ number: 1, title: "Saga", body: `${body(12)}\n\nDecision: we sail at dawn.` })
const deleted = issue({ number: 1, action: "deleted", title: "Saga", body: body(12), minute: 9 })

const target = async (family: string) => {
  const [version] = await bench.rows<{ id: string; name: string }>(
    "select id, index_name as name from embedding_versions",
  )
  return { index: version!.name, namespace: `${family}-${version!.id}` }
}
const inIndex = async (family: string): Promise<number> => bench.index.count(await target(family))
const wanted = async (family: string): Promise<number> => {
  const rows = await bench.rows("select 1 from vector_entries where family = $1 and wanted_hash is not null", [family])
  return rows.length
}
const statements = async () =>
  (
    await bench.rows<{ text: string }>(
      "select text from memory_observations where live and class = 'statement' and kind = 'decision'",
    )
  ).map(({ text }) => text)

test("a document that shrinks leaves no vector behind", async () => {
  await bench.accept([opened])
  await bench.drain()
  expect(await inIndex("chunks")).toBeGreaterThanOrEqual(12)

  await bench.accept([issue({ number: 1, action: "edited", title: "Saga", body: body(2), minute: 1 })])
  await bench.drain()
  expect(await inIndex("chunks")).toBeLessThanOrEqual(3)
  expect(await inIndex("chunks")).toBe(await wanted("chunks"))
  expect(await inIndex("observations")).toBe(await wanted("observations"))
})

test("a removal takes every vector along, and takes them again from an upsert that came late", async () => {
  await bench.accept([opened])
  await bench.drain()
  const vectors = await bench.rows<{ id: string }>("select ref_id as id from vector_entries where family = 'chunks'")
  await bench.accept([deleted])
  await bench.drain()
  expect(await inIndex("chunks")).toBe(0)
  expect(await inIndex("observations")).toBe(0)

  // An upsert that was given up on long ago lands now.
  const values = Float32Array.from({ length: 64 }, (_, i) => (i === 0 ? 1 : 0))
  await bench.index.upsert(await target("chunks"), [{ id: vectors[0]!.id, values, metadata: {} }])
  expect(await inIndex("chunks")).toBe(1)
  const sweepAfter = (longestTimeoutMs: number) =>
    sweep({
      ledger: createSweepLedger(bench.database),
      queue: { wake: async () => {} },
      log: silentLog,
      longestTimeoutMs,
    })()
  await sweepAfter(60_000)
  await bench.drain()
  expect(await inIndex("chunks")).toBe(1)
  await waitUntil("the timeout is over, the vector removed again, and its row gone", async () => {
    await sweepAfter(1)
    await bench.drain()
    return (await bench.rows("select 1 from vector_entries")).length === 0
  })
  expect(await inIndex("chunks")).toBe(0)
})

test("what was removed stays removed when its beginning comes late", async () => {
  await bench.accept([deleted])
  await bench.drain()
  await bench.accept([opened, comment({ number: 1, id: 5, text: "A late word.", minute: 2 })])
  await bench.drain()
  expect(await bench.rows("select 1 from knowledge_documents where live")).toEqual([])
  expect(await bench.rows("select 1 from knowledge_chunks")).toEqual([])
  expect(await bench.rows("select 1 from memory_observations where live and document_id is not null")).toEqual([])
  expect(await wanted("chunks")).toBe(0)
})

test("an edit supersedes a statement, and a deletion withdraws it", async () => {
  const said = (text: string, minute: number, action = "created") => comment({ number: 1, id: 6, text, minute, action })
  await bench.accept([issue({ number: 1 }), said("Decision: use pnpm.", 1)])
  await bench.drain()
  expect(await statements()).toEqual(["use pnpm."])
  await bench.accept([said("Decision: use npm after all.", 2, "edited")])
  await bench.drain()
  expect(await statements()).toEqual(["use npm after all."])
  await bench.accept([said("Decision: use npm after all.", 3, "deleted")])
  await bench.drain()
  expect(await statements()).toEqual([])
  expect(await inIndex("observations")).toBe(await wanted("observations"))
})

test("vector search sees a new version only when all of it is written, and the old one until then", async () => {
  await bench.accept([opened])
  await bench.drain()
  const versions = async () =>
    (await bench.rows("select version, indexed_version as indexed from knowledge_documents"))[0]
  expect(await versions()).toEqual({ version: 1, indexed: 1 })
  const old = await bench.rows("select 1 from knowledge_chunks")

  const retold = paragraphs(120, "another saga").join("\n\n")
  await bench.accept([issue({ number: 1, action: "edited", title: "Saga", body: retold, minute: 1 })])
  await bench.turn("normalize")
  let turns = 0
  while (
    (
      await bench.rows(
        "select 1 from vector_entries v join knowledge_chunks c on c.id = v.ref_id where c.version_to is null and wanted_hash is distinct from written_hash",
      )
    ).length > 0
  ) {
    expect(await versions()).toEqual({ version: 2, indexed: 1 })
    expect(await bench.rows("select 1 from knowledge_chunks where version_to is not null")).toHaveLength(old.length)
    await bench.turn("embed")
    turns++
  }
  expect(turns).toBeGreaterThan(2)
  expect(await versions()).toEqual({ version: 2, indexed: 2 })
  expect(await bench.rows("select 1 from knowledge_chunks where version_to is not null")).toEqual([])
  await bench.drain()
  expect(await inIndex("chunks")).toBe(await wanted("chunks"))
})
