import { RetryLater } from "@engram/contracts/errors"
import { afterEach, expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { examplePayloads } from "../examples.ts"
import { issue, paragraphs, variedPayloads } from "../payloads.ts"
import { createWorkbench, type Workbench, type WorkbenchOptions } from "../workbench.ts"

const benches: Workbench[] = []
const workbench = async (options?: WorkbenchOptions): Promise<Workbench> => {
  const bench = await createWorkbench(options)
  benches.push(bench)
  return bench
}
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

test("the same deliveries under new delivery ids cost no embedding call and change nothing", async () => {
  const bench = await workbench()
  // A payload without a time of its own is dated by its acceptance.
  const payloads = variedPayloads(10).map((payload) => ({ ...payload, receivedAt: 1_700_000_000_000 }))
  await bench.accept(payloads)
  await bench.drain()
  const state = await currentState(bench)
  const versions = await bench.rows("select id, version from knowledge_documents order by id")
  const { calls } = bench.calls
  expect(calls).toBeGreaterThan(0)

  await bench.accept(payloads.map((payload) => ({ ...payload, key: `again-${payload.key}` })))
  await bench.drain()
  expect(bench.calls.calls).toBe(calls)
  expect(await currentState(bench)).toEqual(state)
  expect(await bench.rows("select id, version from knowledge_documents order by id")).toEqual(versions)
})

test("a team that was deleted stays so when an older word of it comes later, under a new id", async () => {
  const bench = await workbench()
  const said = (action: string) =>
    examplePayloads.find((each) => each.event === "team" && (each.payload as { action: string }).action === action)!
  await bench.accept([{ ...said("deleted"), receivedAt: 1_700_000_000_000 }])
  await bench.drain()
  await bench.accept([{ ...said("created"), receivedAt: 1_700_000_900_000 }])
  await bench.drain()
  expect(await bench.rows("select 1 from knowledge_documents where live and source_id like '%/team:%'")).toEqual([])
  expect(await bench.rows("select 1 from knowledge_chunks where text like '# Team%'")).toEqual([])
})

test("one paragraph changed in a document of 40 chunks embeds at most 3", async () => {
  const bench = await workbench()
  const told = paragraphs(40, "chronicle")
  await bench.accept([issue({ number: 1, title: "Chronicle", body: told.join("\n\n") })])
  await bench.drain()
  const [row] = await bench.rows<{ n: number }>("select count(*)::int as n from knowledge_chunks")
  expect(row!.n).toBeGreaterThanOrEqual(40)
  const before = bench.calls.texts

  const edited = told.with(20, told[20]!.replace("sentence 5 says", "sentence 5, corrected, says"))
  await bench.accept([issue({ number: 1, action: "edited", title: "Chronicle", body: edited.join("\n\n"), minute: 1 })])
  await bench.drain()
  expect(bench.calls.texts - before).toBeGreaterThan(0)
  expect(bench.calls.texts - before).toBeLessThanOrEqual(3)
})

test("a text embedded for one store costs nothing in another of the workspace, and is paid for in another workspace", async () => {
  const bench = await workbench()
  const payload = issue({ number: 1, body: "The same words everywhere." })
  await bench.accept([payload])
  await bench.drain()
  const { texts } = bench.calls
  expect(texts).toBeGreaterThan(0)

  const second = await bench.addStore("acme", "second")
  await bench.accept([payload], second)
  await bench.drain(second)
  expect(bench.calls.texts).toBe(texts)
  const owed = "select count(*)::int as n from vector_entries where store_id = $1 and wanted_hash = written_hash"
  expect(await bench.rows(owed, [second.storeId])).toEqual(await bench.rows(owed, [bench.lane.storeId]))

  const other = await bench.addStore("globex", "main")
  await bench.accept([payload], other)
  await bench.drain(other)
  expect(bench.calls.texts).toBe(texts * 2)
})

test("a label rewrites the document's vectors and embeds nothing", async () => {
  const written: { id: string; labels: unknown }[] = []
  const bench = await workbench({
    index: (real) => ({
      ...real,
      upsert: async (target, records) => {
        for (const { id, metadata } of records) written.push({ id, labels: metadata.labels })
        await real.upsert(target, records)
      },
    }),
  })
  await bench.accept([issue({ number: 1, body: paragraphs(3, "label").join("\n\n") })])
  await bench.drain()
  const { texts } = bench.calls
  const chunks = (await bench.rows<{ id: string }>("select id from knowledge_chunks")).map(({ id }) => id)
  written.length = 0

  await bench.accept([
    issue({ number: 1, action: "labeled", body: paragraphs(3, "label").join("\n\n"), labels: ["urgent"], minute: 1 }),
  ])
  await bench.drain()
  expect(bench.calls.texts).toBe(texts)
  const rewritten = written.filter(({ id }) => chunks.includes(id))
  expect(rewritten.map(({ id }) => id).sort()).toEqual(chunks.sort())
  expect(rewritten.every(({ labels }) => JSON.stringify(labels) === '["urgent"]')).toBe(true)
})

test("values that were saved before the index failed are not paid for again", async () => {
  let failures = 2
  const bench = await workbench({
    index: (real) => ({
      ...real,
      upsert: async (target, records) => {
        if (failures-- > 0) throw new RetryLater("the index is away", { afterMs: 1 })
        await real.upsert(target, records)
      },
    }),
  })
  await bench.accept([issue({ number: 1 })])
  await bench.turn("normalize")
  await expect(bench.turn("embed")).rejects.toThrow("the index is away")
  const { texts } = bench.calls
  await expect(bench.turn("embed")).rejects.toThrow("the index is away")
  await bench.drain()
  expect(bench.calls.texts).toBe(texts)
  expect(await bench.rows("select 1 from vector_entries where wanted_hash is distinct from written_hash")).toEqual([])
})
