import { expect, test } from "vitest"
import { wantedHash } from "../src/vector-hash.ts"

test("the order of keys does not matter; any change of text or metadata does", () => {
  const hash = wantedHash("t", { a: 1, labels: ["x", "y"] })
  expect(wantedHash("t", { labels: ["x", "y"], a: 1 })).toBe(hash)
  for (const other of [
    wantedHash("u", { a: 1, labels: ["x", "y"] }),
    wantedHash("t", { a: 2, labels: ["x", "y"] }),
    wantedHash("t", { a: 1, labels: ["y", "x"] }),
    wantedHash("t", { a: "1", labels: ["x", "y"] }),
    wantedHash("t", { a: 1 }),
  ]) {
    expect(other).not.toBe(hash)
  }
})
