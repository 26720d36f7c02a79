import { expect, test } from "vitest"
import { fuse } from "../src/rank.ts"

test("what several lists rank well comes first; scores are sums of 1 / (60 + rank)", () => {
  expect(
    fuse([
      ["a", "b"],
      ["b", "c"],
    ]),
  ).toEqual([
    { id: "b", score: 1 / 62 + 1 / 61 },
    { id: "a", score: 1 / 61 },
    { id: "c", score: 1 / 62 },
  ])
})

test("ties are in the order of ids, whatever the order of the lists", () => {
  expect(fuse([["b"], ["a"]])).toEqual(fuse([["a"], ["b"]]))
  expect(fuse([["b"], ["a"]]).map((hit) => hit.id)).toEqual(["a", "b"])
})

test("a repeated id counts once, at its best rank, and takes no place from others", () => {
  expect(fuse([["a", "a", "b"]])).toEqual(fuse([["a", "b"]]))
  expect(fuse([])).toEqual([])
})
