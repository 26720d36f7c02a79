import type { VectorEntry } from "@engram/contracts/reconcile"
import { vectorId, vectorRef, writtenAs } from "@engram/pipeline/embed"
import { judge } from "@engram/pipeline/reconcile/judge"
import { sideBySide } from "@engram/pipeline/reconcile/side-by-side"
import { expect, test } from "vitest"

const settledAt = new Date("2026-05-01T12:00:00Z")
const before = new Date(settledAt.getTime() - 1)
const wanted = "f".repeat(64)
const entry = (said: Partial<VectorEntry>): VectorEntry => ({
  refId: "chk_1",
  view: "body",
  wantedHash: wanted,
  writtenHash: wanted,
  writtenAt: before,
  removedAt: null,
  isParked: false,
  ...said,
})
const gone = { wantedHash: null, writtenHash: null, writtenAt: null }

test.each([
  ["right", entry({}), writtenAs(wanted)],
  ["missing", entry({}), undefined],
  ["stale", entry({}), writtenAs("0".repeat(64))],
  ["stale", entry({}), ""],
  ["fresh", entry({ writtenAt: settledAt }), undefined],
  ["fresh", entry({ writtenAt: null }), undefined],
  ["owed", entry({ writtenHash: null }), undefined],
  ["owed", entry({ wantedHash: null, writtenHash: "unknown" }), writtenAs(wanted)],
  ["parked", entry({ writtenHash: null, isParked: true }), undefined],
  ["right", undefined, undefined],
  ["orphaned", undefined, writtenAs(wanted)],
  ["right", entry({ ...gone, removedAt: before }), undefined],
  ["orphaned", entry({ ...gone, removedAt: before }), writtenAs(wanted)],
  ["fresh", entry({ ...gone, removedAt: settledAt }), writtenAs(wanted)],
] as const)("a vector is %s by its row and the index's hash (%#)", (verdict, row, hash) => {
  expect(judge(row, hash, settledAt)).toBe(verdict)
})

test("a vector's id leads back to its row, also where a memory is called like a view", () => {
  for (const view of ["body", "title", "summary"] as const) {
    const key = { refId: "obs_a1", view }
    expect(vectorRef("observations", vectorId(key))).toEqual(key)
  }
  for (const refId of ["note#title", "a#b", "#summary", "x\n#title"]) {
    expect(vectorRef("memories", vectorId({ refId, view: "body" }))).toEqual({ refId, view: "body" })
  }
})

async function* pages(...keys: readonly string[][]) {
  for (const page of keys) yield page.map((key) => ({ key }))
}
const paired = async (left: readonly string[][], right: readonly string[][]) => {
  const found: string[] = []
  for await (const [a, b] of sideBySide(pages(...left), pages(...right))) found.push(`${a?.key ?? ""}=${b?.key ?? ""}`)
  return found
}

test("two listings are put side by side, however their pages are cut", async () => {
  const expected = ["=a", "b=b", "c=", "d=d", "=e", "=f"]
  expect(await paired([["b", "c", "d"]], [["a", "b", "d", "e", "f"]])).toEqual(expected)
  expect(await paired([["b"], [], ["c", "d"]], [["a"], ["b", "d"], ["e", "f"]])).toEqual(expected)
  expect(await paired([], [["a"]])).toEqual(["=a"])
  expect(await paired([["a"]], [])).toEqual(["a="])
  expect(await paired([], [])).toEqual([])
})

test("a listing out of order is no difference but an error", async () => {
  await expect(paired([["a", "b"]], [["b", "a"]])).rejects.toThrow("not in order")
})
