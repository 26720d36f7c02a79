import { expect, test } from "vitest"
import { visitStructure } from "../src/json-structure.ts"

const structureOf = (json: string) => {
  const seen: string[] = []
  visitStructure(json, (token, depth, at) => seen.push(`${token}${depth}@${at}`))
  return seen.join(" ")
}

test("brackets, braces and commas are visited with the levels that are open at them", () => {
  expect(structureOf('[1, {"a": []}]')).toBe("[1@0 ,1@2 {2@4 [3@10 ]3@11 }2@12 ]1@13")
})

test("what stands in a string is text, whatever is escaped in it", () => {
  expect(structureOf('{"[,\\"]": "\\\\", "b": "}"}')).toBe("{1@0 ,1@14 }1@24")
  expect(structureOf('["\\u005b,\\\\\\"["]')).toBe("[1@0 ]1@15")
})

test("no depth is too much, and what is not JSON is visited as far as it goes", () => {
  let deepest = 0
  visitStructure("[".repeat(1_000_000), (_, depth) => {
    deepest = Math.max(deepest, depth)
  })
  expect(deepest).toBe(1_000_000)
  expect(structureOf(']]"[')).toBe("]0@0 ]-1@1")
})
