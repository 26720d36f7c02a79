import fc from "fast-check"
import { expect, test } from "vitest"
import { compareText } from "../src/compare-text.ts"

/** Of each length of UTF-8 and from both sides of the halves of pairs, so that texts begin alike. */
const text = fc.string({ unit: fc.constantFrom("a", "b", "é", "\u{D7FF}", "\u{FF5E}", "\u{1F600}", "\u{1F601}") })

test("texts are ordered as their bytes in UTF-8 are, which is how Postgres orders by code point", () => {
  expect(["\u{1F600}", "\u{FF5E}", "a", ""].sort(compareText)).toEqual(["", "a", "\u{FF5E}", "\u{1F600}"])
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(compareText(a, b)).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
  )
})
