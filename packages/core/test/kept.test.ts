import { expect, test } from "vitest"
import { kept } from "../src/kept.ts"

function counting(charsMax: number) {
  const asked: string[] = []
  const lengthOf = kept((text) => {
    asked.push(text)
    return text.length
  }, charsMax)
  return { asked, lengthOf }
}

test("an answer is computed once, and is the function's own", () => {
  const { asked, lengthOf } = counting(100)
  expect(["a", "bb", "a", "", ""].map(lengthOf)).toEqual([1, 2, 1, 0, 0])
  expect(asked).toEqual(["a", "bb", ""])
})

test("no more characters are kept than asked for, and what was not asked for longest goes first", () => {
  const { asked, lengthOf } = counting(4)
  for (const text of ["aa", "bb", "aa", "cc", "aa", "bb", "too long"]) lengthOf(text)
  expect(asked).toEqual(["aa", "bb", "cc", "bb", "too long"])
  lengthOf("too long")
  expect(asked.at(-1)).toBe("too long")
  expect(asked).toHaveLength(6)
})
