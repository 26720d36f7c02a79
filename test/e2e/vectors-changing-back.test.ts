import type { MemoryLedger } from "@engram/contracts/memory-ledger"
import type { VectorIndex } from "@engram/contracts/ports"
import { writtenAs } from "@engram/pipeline/embed"
import { createVersionLedger } from "@engram/store/versions/version-ledger"
import { afterEach, beforeEach, expect, test } from "vitest"
import { issue } from "../payloads.ts"
import {
  createReindexBench,
  expectWhole,
  local,
  memory,
  openMemories,
  reindexTo,
  versionOf,
  versionsOf,
} from "../reindexing.ts"
import type { Workbench } from "../workbench.ts"

let bench: Workbench
/** Done once, when something of a family is on its way to the index and has not arrived. */
let meanwhile: { readonly of: string; readonly work: () => Promise<unknown> } | undefined

const arriving = async (namespace: string): Promise<void> => {
  if (meanwhile === undefined || !namespace.startsWith(meanwhile.of)) return
  const { work } = meanwhile
  meanwhile = undefined
  await work()
}
const slow = (real: VectorIndex): VectorIndex => ({
  ...real,
  upsert: async (target, records) => {
    await arriving(target.namespace)
    return real.upsert(target, records)
  },
  remove: async (target, ids) => {
    if (ids.length > 0) await arriving(target.namespace)
    return real.remove(target, ids)
  },
})

beforeEach(async () => {
  bench = await createReindexBench({ index: slow })
})
afterEach(async () => {
  await bench.close()
})

/** What the index holds of a version is what Postgres wants there. */
async function expectTrue(status = "active"): Promise<void> {
  expect(meanwhile).toBeUndefined()
  await bench.drain()
  const version = (await versionsOf(bench)).find((each) => each.status === status)
  await expectWhole(bench, version!)
  const rows = await bench.rows<{ family: string; id: string; wanted: string }>(
    `select family, ref_id as id, wanted_hash as wanted from vector_entries
     where embedding_version_id = '${version!.id}' and view = 'body' and wanted_hash is not null`,
  )
  for (const { family, id, wanted } of rows) {
    const target = { index: version!.indexName, namespace: `${family}-${version!.id}` }
    expect([id, (await bench.index.hashes(target, [id])).get(id)]).toEqual([id, writtenAs(wanted)])
  }
}

const nine = memory("m", "the door opens at nine")

/** With a memory that is in the index. */
async function knowNine(): Promise<MemoryLedger> {
  await bench.accept([issue({ number: 1, body: "A version to write to." })])
  await bench.drain()
  const memories = await openMemories(bench)
  await memories.write(bench.lane, [nine])
  await bench.drain()
  return memories
}

async function edit(body: string, minute: number): Promise<void> {
  await bench.accept([issue({ number: 1, action: "edited", body, minute })])
  while ((await bench.turn("normalize")) === "more");
}

test("a passage that comes back while its removal is on its way is in the index in the end", async () => {
  await edit("Postgres it is.", 1)
  await bench.drain()
  await edit("Redis it is.", 2)
  // Writes the new passage, and so shows it; the old one's removal is owed from here on.
  await bench.turn("embed")
  meanwhile = { of: "chunks", work: () => edit("Postgres it is.", 3) }
  await bench.turn("embed")
  await expectTrue()
})

test("a memory that is put back while its change is on its way reads in the index as it was", async () => {
  const memories = await knowNine()
  await memories.write(bench.lane, [{ ...nine, content: "the door opens at ten" }])
  meanwhile = { of: "memories", work: () => memories.write(bench.lane, [nine]) }
  await bench.turn("embed")
  await expectTrue()
})

test("a memory that is written again while its removal is on its way is in the index in the end", async () => {
  const memories = await knowNine()
  await memories.remove(bench.lane, "m", "team:a")
  meanwhile = { of: "memories", work: () => memories.write(bench.lane, [nine]) }
  await bench.turn("embed")
  await expectTrue()
})

test("a version that is taken up again while a removal is on its way there has the vector in the end", async () => {
  const memories = await knowNine()
  await reindexTo(bench, local(128))
  await memories.remove(bench.lane, "m", "team:a")
  const [from, to] = [versionOf(bench, local(128)), versionOf(bench, local(64))]
  const takeUp = async () => {
    await memories.write(bench.lane, [nine])
    const ledger = createVersionLedger(bench.database)
    await ledger.create(bench.lane, to)
    await ledger.copy(bench.lane, { from: from.id, to: to.id }, { after: undefined, max: 1_000 })
  }
  meanwhile = { of: `memories-${to.id}`, work: takeUp }
  await bench.turn("embed")
  await expectTrue("canary")
})
