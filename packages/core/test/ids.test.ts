import fc from "fast-check"
import { expect, test } from "vitest"
import { deriveId, momentId, relationshipId, statementId, textHash } from "../src/ids.ts"

test("an id is its prefix and 32 hex characters, the same every time", () => {
  expect(deriveId("doc", "a", "bc")).toMatch(/^doc_[0-9a-f]{32}$/)
  expect(deriveId("doc", "a", "bc")).toBe(deriveId("doc", "a", "bc"))
  expect(textHash("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
})

test("different parts never make the same id, wherever the cuts are", () => {
  const parts = fc.array(fc.stringMatching(/^[0-3:a]{0,3}$/), { maxLength: 4 })
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      expect(deriveId("x", ...a) === deriveId("x", ...b)).toBe(JSON.stringify(a) === JSON.stringify(b))
    }),
    { numRuns: 2000 },
  )
})

test("an edge has a direction", () => {
  expect(relationshipId("w", "RESOLVES", "als_1", "als_2")).not.toBe(relationshipId("w", "RESOLVES", "als_2", "als_1"))
})

test("a moment and a statement of the same parts are two observations", () => {
  const moment = momentId("a", "b", { type: "c", value: "d" }, "e", 0)
  expect(moment).not.toBe(statementId("a", "b", "c", "d", 0))
})
