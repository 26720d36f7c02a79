import { cutText } from "@engram/contracts/cut-text"
import fc from "fast-check"
import { expect, it } from "vitest"

const emoji = fc.constantFrom("😀", "👩‍👩‍👧", "🇫🇷", "𝕏", "é", "a", " ", "\n")

it("cuts to the limit, or one short of it where a surrogate pair would be split", () => {
  fc.assert(
    fc.property(fc.string({ unit: emoji, maxLength: 60 }), fc.integer({ min: 0, max: 80 }), (text, max) => {
      const short = cutText(text, max)
      expect(text.startsWith(short)).toBe(true)
      expect(short.isWellFormed()).toBe(true)
      const wanted = Math.min(max, text.length)
      expect([wanted, wanted - 1]).toContain(short.length)
      if (short.length < wanted) expect(text.slice(0, wanted).isWellFormed()).toBe(false)
    }),
  )
})

it("leaves a text that fits as it is, and what was never a pair too", () => {
  expect(cutText("abc😀", 5)).toBe("abc😀")
  expect(cutText("abc😀", 4)).toBe("abc")
  expect(cutText("abc\ud83d", 4)).toBe("abc\ud83d")
  expect(cutText("😀", 0)).toBe("")
})
