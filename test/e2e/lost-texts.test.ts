import type { ChunkId, DocumentId } from "@engram/contracts/ids"
import type { ChunkRow, EmbeddingVersion, VectorFamily, WantedVector } from "@engram/contracts/knowledge"
import type { NewMemory } from "@engram/contracts/memory-ledger"
import { callersModel } from "@engram/core/callers-model"
import { createKnowledge } from "@engram/store/knowledge"
import { createVectorLedger } from "@engram/store/vector-ledger"
import { silentLog } from "@engram/testkit/silent-log"
import { afterEach, beforeEach, expect, test } from "vitest"
import { issue } from "../payloads.ts"
import {
  createReindexBench,
  expectWhole,
  local,
  memory,
  openMemories,
  reindexTo,
  untilWaiting,
  versionOf,
  versionsOf,
} from "../reindexing.ts"
import type { Workbench } from "../workbench.ts"

let bench: Workbench
beforeEach(async () => {
  bench = await createReindexBench({ log: silentLog })
  await bench.accept([issue({ number: 1, body: "A version to write to." })])
  await bench.drain()
})
afterEach(() => bench.close())

const laneOf = () => ({ ...bench.lane, stage: "embed" }) as const
const versionIn = async (status: EmbeddingVersion["status"]): Promise<EmbeddingVersion> =>
  (await createVectorLedger(bench.database).versions(laneOf())).find((version) => version.status === status)!

/** Vectors wanted of nothing: no path leaves any, so they are written to the table. */
async function plant(family: VectorFamily, { id }: EmbeddingVersion, count: number): Promise<void> {
  await bench.rows(
    `insert into vector_entries (store_id, family, ref_id, view, embedding_version_id, workspace_id, text_hash, metadata, wanted_hash)
     select $1, $2, 'lost ' || n, 'body', $3, $4, 'text ' || n, '{"documentId":"doc_none"}', 'wanted ' || n from generate_series(1, $5) n`,
    [bench.lane.storeId, family, id, bench.lane.workspaceId, count],
  )
}

const left = () =>
  bench.rows(
    "select ref_id from vector_entries where wanted_hash is distinct from written_hash or ref_id like 'lost %' and wanted_hash is not null",
  )

/** Without the wait for company. */
const turns = async (): Promise<void> => {
  while ((await bench.turn("embed")) !== "idle");
}

const brought = (id: string): NewMemory => ({ ...memory(id, "brought"), embedding: Float32Array.of(0.6, 0.8) })

for (const family of ["chunks", "observations", "summaries", "profiles", "memories"] as const) {
  test(`600 vectors of ${family} that have neither text nor values keep nothing behind them from being embedded`, async () => {
    const active = await versionIn("active")
    await plant(family, active, 600)
    await bench.accept([issue({ number: 2, body: "Said behind them." })])
    await bench.turn("normalize")
    await turns()
    expect(await left()).toEqual([])
    await expectWhole(bench, (await versionsOf(bench))[0]!)
  })
}

test("1,100 vectors whose brought values are lost keep nothing behind them from the index", async () => {
  const memories = await openMemories(bench)
  await memories.writeFirst(bench.lane, brought("first"), versionOf(bench, callersModel(2)))
  const caller = await versionIn("caller")
  await plant("memories", caller, 1_100)
  await memories.write(bench.lane, [brought("behind")])
  await turns()
  expect(await left()).toEqual([])
  const target = { index: caller.indexName, namespace: `memories-${caller.id}` }
  expect(await bench.index.present(target, ["behind"])).toEqual(["behind"])
})

test("a vector whose brought values are lost is not made of the memory's text, and is wanted again when they are brought again", async () => {
  const memories = await openMemories(bench)
  await memories.writeFirst(bench.lane, brought("m"), versionOf(bench, callersModel(2)))
  const caller = await versionIn("caller")
  await bench.rows("delete from embedding_values where model = 'caller:2'")
  await turns()
  expect(await left()).toEqual([])
  const target = { index: caller.indexName, namespace: `memories-${caller.id}` }
  await memories.write(bench.lane, [brought("m")])
  await turns()
  expect(await bench.index.present(target, ["m"])).toEqual(["m"])
})

test("600 vectors that came to be owed to a version when nobody wrote to it any more do not keep what is forgotten in it", async () => {
  const memories = await openMemories(bench)
  await memories.write(bench.lane, [memory("goes", "soon forgotten")])
  await bench.drain()
  await reindexTo(bench, local(128))
  const archived = await versionIn("archived")
  await plant("chunks", archived, 600)
  await memories.remove(bench.lane, "goes", "team:a")
  // Behind them: Postgres keeps a changed row near where it was.
  await bench.rows(
    `with goes as (delete from vector_entries where ref_id = 'goes' returning *) insert into vector_entries select * from goes`,
  )
  await turns()
  const target = { index: archived.indexName, namespace: `memories-${archived.id}` }
  expect(await bench.index.present(target, ["goes"])).toEqual([])
})

/** Persist's part in bringing a chunk back; it says where it is, and goes on when it may. */
async function writer() {
  const [document] = await bench.rows<{ id: DocumentId }>("select id from knowledge_documents limit 1")
  const active = await versionIn("active")
  const id = "chk_back" as ChunkId
  const chunk: ChunkRow = {
    ...{ id, storeId: bench.lane.storeId, documentId: document!.id, partId: "prt_body", position: 9, section: "" },
    ...{ text: "It is back.", textHash: "text back", tokens: 3, occurredAt: new Date(), versionFrom: 1 },
  }
  const wanted: WantedVector = {
    ...{ storeId: bench.lane.storeId, family: "chunks", refId: id, view: "body", embeddingVersionId: active.id },
    ...{ textHash: "text back", metadata: { documentId: document!.id }, wantedHash: "wanted back" },
  }
  const write = (...steps: ("save" | "want" | (() => Promise<unknown>))[]) =>
    createKnowledge(bench.database).write(bench.lane.workspaceId, async (tx) => {
      for (const step of steps) {
        if (step === "save") await tx.saveChunks([chunk])
        else if (step === "want") await tx.wantVectors([wanted])
        else await step()
      }
      // Until what was sent has been answered.
      await tx.currentChunks([])
    })
  const ledger = createVectorLedger(bench.database)
  /** As the lane saw it before the writer came. */
  await write("want")
  const lost = await ledger.owed(laneOf(), active, 10)
  expect(lost).toMatchObject([{ refId: id, text: null, values: null }])
  return { write, unwantLost: () => ledger.unwantLost(laneOf(), active, lost) }
}

async function expectBack(): Promise<void> {
  await bench.drain()
  expect(
    await bench.rows("select 1 from vector_entries where ref_id = 'chk_back' and wanted_hash = written_hash"),
  ).toHaveLength(1)
  await expectWhole(bench, (await versionsOf(bench))[0]!)
}

test("a text that is back when its vector is looked at again is embedded", async () => {
  const { write, unwantLost } = await writer()
  await write("save", "want")
  expect(await unwantLost()).toBe(0)
  await expectBack()
})

test("a text that a writer brings back and has not committed is waited for, and embedded", async () => {
  const { write, unwantLost } = await writer()
  let unwanting: Promise<number> | undefined
  await write("save", "want", async () => {
    unwanting = unwantLost()
    // Where nobody waited, what the lane does is done by now.
    await Promise.race([unwanting, untilWaiting(bench, 1)])
  })
  expect(await unwanting).toBe(0)
  await expectBack()
})

test("a text that a writer has brought back and not yet wanted a vector of is wanted and embedded", async () => {
  const { write, unwantLost } = await writer()
  await write("save", async () => expect(await unwantLost()).toBe(1), "want")
  await expectBack()
})
