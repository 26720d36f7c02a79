import { Rejected } from "@engram/contracts/errors"
import type { LegacyBatch, LegacyMemories, LegacyMemory } from "@engram/store/legacy-memories"
import type { UnidentifiedMemories } from "@engram/store/unidentified-memories"
import { expect, test } from "vitest"
import { applyBackfill, type Failed } from "../../src/backfill/apply.ts"
import type { MemoryPlugin } from "../../src/backfill/memory-plugin.ts"
import { createNamespaceTree } from "../../src/backfill/namespace-tree.ts"

const workspace = { id: "w", parentId: null, name: "w", removed: false }
const row = (id: string): LegacyMemory => ({ id, workspaceId: "w", content: id, scope: "LOCAL" })
const batch = (...ids: string[]): LegacyBatch => ({
  rows: ids.map(row),
  position: { createdAt: "2026-01-01", id: ids.at(-1)! },
})

/** Two batches of two rows, copied by three lanes into a plugin whose writes end when they are told to. */
function start(failed?: Failed, unidentified: readonly UnidentifiedMemories[] = []) {
  const writes = new Map<string, { resolve(): void; reject(error: Error): void }>()
  const told: string[] = []
  const failures: string[][] = []
  let wake = (): void => {}
  const legacy = {
    async *read() {
      yield batch("a", "b")
      yield batch("c", "d")
    },
    unidentified: async () => unidentified,
  } as unknown as LegacyMemories
  const plugin = {
    write: (_: string, { id }: { readonly id: string }) =>
      new Promise<boolean>((resolve, reject) => {
        writes.set(id, { resolve: () => resolve(true), reject })
        wake()
      }),
  } as unknown as MemoryPlugin
  const ended = applyBackfill({
    ...{ legacy, plugin, tree: createNamespaceTree([workspace]), selection: {}, failed, rowsMax: 100, lanes: 3 },
    signal: new AbortController().signal,
    async onBatch({ id }, applied) {
      told.push(id)
      failures.push(applied.failures.map(({ id }) => id))
    },
  })
  /** Resolves when the plugin has been asked for all of these. */
  const asked = async (...ids: string[]): Promise<void> => {
    while (!ids.every((id) => writes.has(id))) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { writes, told, failures, ended, asked }
}

test("lanes go on with the next batch, and a batch has ended when all before it have", async () => {
  const { writes, told, ended, asked } = start()
  await asked("a", "b", "c")
  writes.get("b")!.resolve()
  await asked("d")
  writes.get("c")!.resolve()
  writes.get("d")!.resolve()
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual([])
  writes.get("a")!.resolve()
  expect(await ended).toMatchObject({ rows: 4, written: 4 })
  expect(told).toEqual(["b", "d"])
})

test("an outage ends the run, and no batch after it is said to have ended", async () => {
  const { writes, told, ended, asked } = start()
  await asked("a", "b", "c")
  writes.get("a")!.reject(new Error("away"))
  for (const id of ["b", "c"]) writes.get(id)!.resolve()
  await expect(ended).rejects.toThrow("away")
  expect(writes.has("d")).toBe(false)
  expect(told).toEqual([])
})

test("with a batch is told what failed up to it, in the run it goes on from too, and nothing of the batches after it", async () => {
  const before = { failedRows: 1_500, failures: [{ id: "z", reason: "odd" }] }
  const { writes, failures, ended, asked } = start(before)
  await asked("a", "b", "c")
  writes.get("c")!.reject(new Rejected("bad_request", "no"))
  await asked("d")
  writes.get("d")!.resolve()
  writes.get("b")!.reject(new Rejected("bad_request", "no"))
  await new Promise((resolve) => setImmediate(resolve))
  expect(failures).toEqual([])
  writes.get("a")!.resolve()
  expect(await ended).toMatchObject({ rows: 4, written: 2, failedRows: 1_502 })
  expect(failures).toEqual([
    ["z", "b"],
    ["z", "b", "c"],
  ])
})

test("what no id identifies is a failure of each run, and is told with no batch: a run that goes on finds it again", async () => {
  const rows = { id: null, workspaceId: "w", scope: "LOCAL", blank: false, rows: 3, sharing: 0 }
  const { writes, failures, ended, asked } = start(undefined, [rows])
  await asked("a", "b", "c")
  for (const id of ["a", "b", "c"]) writes.get(id)!.resolve()
  await asked("d")
  writes.get("d")!.resolve()
  expect(await ended).toMatchObject({
    ...{ rows: 7, written: 4, failedRows: 3 },
    failures: [{ id: "(none)", reason: "3 rows of workspace w have no id" }],
  })
  expect(failures).toEqual([[], []])
})
