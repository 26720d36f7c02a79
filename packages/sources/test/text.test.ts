import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decisions } from "../src/text/decisions.ts"
import { maskCode, masked } from "../src/text/mask.ts"
import { firstParagraph, namedSection } from "../src/text/passages.ts"
import { sentences, shorten, shortenText } from "../src/text/shorten.ts"

describe("decisions", () => {
  it.each([
    ["Decision: use Postgres", ["use Postgres"]],
    ["**Decision:** use Postgres", ["use Postgres"]],
    ["**Decision**: use Postgres", ["use Postgres"]],
    ["__Resolution:__ wontfix", ["wontfix"]],
    ["- Decision: a\n- Resolution: b", ["a", "b"]],
    ["1. **Decision:** a", ["a"]],
    ["- [x] Decision: a", ["a"]],
    ["### Decision: a", ["a"]],
    ["## Decision\n\nWe use Postgres\nfor everything.\n\nMore.", ["We use Postgres\nfor everything."]],
    ["## Decision\n\n- one\n- two\n\nMore.", ["- one\n- two"]],
    ["**Decision**\nWe go.", ["We go."]],
    ["RESOLUTION : done\nand dusted\n\nOther", ["done\nand dusted"]],
    ["text\nDecision: use `x`", ["use `x`"]],
    ["Decision: same\n\nDecision: same", ["same"]],
    ["The decision: none", []],
    ["A resolution of 1080p: fine", []],
    ["> Decision: theirs", []],
    ["```\nDecision: code\n```", []],
    ["<!-- Decision: hidden -->", []],
    ["Decision:", []],
    ["Decisions: many", []],
  ])("%j", (text, expected) => {
    expect(decisions(text)).toEqual(expected)
  })
})

describe("the first paragraph", () => {
  it.each([
    ["# Title\n\nFirst\nparagraph.\n\nSecond.", "First\nparagraph."],
    ["<!-- template -->\n\n![badge](x)\n\n> quote\n\n| a | b |\n|---|---|\n\nProse here.", "Prose here."],
    ["```js\ncode\n```\n\nAfter code.", "After code."],
    ["- one\n- two\n\nProse.", "Prose."],
    ["- one\n- two", "- one\n- two"],
    ["", ""],
    ["# Only a title", ""],
    ["---\n\n***\n\nText", "Text"],
  ])("of %j", (text, expected) => {
    expect(firstParagraph(text)).toBe(expected)
  })
})

describe("a named section", () => {
  const text = "Intro\n\n## Acceptance criteria\n\n- [ ] a\n- [ ] b\n\n```sh\n# not a heading\n```\n\n## Next\n\nx"
  it("runs to the next heading, and code is part of it", () => {
    expect(namedSection(text, /^acceptance criteria$/i)).toBe("- [ ] a\n- [ ] b\n\n```sh\n# not a heading\n```")
  })
  it("may be headed by a bold line", () => {
    expect(namedSection("**Summary:**\nShort.\n\n**Test plan**\nrun", /^summary$/i)).toBe("Short.")
  })
  it("is empty when it is not there", () => {
    expect(namedSection(text, /^summary$/i)).toBe("")
  })
})

describe("masking code", () => {
  it("keeps every offset and every line, whatever the text", () => {
    const piece = fc.constantFrom(
      "`",
      "``",
      "```",
      "~~~",
      "\n",
      "\n\n",
      " ",
      "a",
      "<!--",
      "-->",
      "<code>",
      "</code>",
      "😀",
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join("")
        const seen = maskCode(text)
        expect(seen).toHaveLength(text.length)
        expect(seen.split("\n").map((line) => line.length)).toEqual(text.split("\n").map((line) => line.length))
        for (let at = 0; at < text.length; at++) expect([text[at], masked]).toContain(seen[at])
      }),
    )
  })
})

describe("limits", () => {
  it("hold for any text, without halves of characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), fc.integer({ min: 10, max: 120 }), (text, max) => {
        for (const short of [shorten(text, max), shortenText(text, max), sentences(text, max)]) {
          expect(short.length).toBeLessThanOrEqual(max)
          expect(short.isWellFormed()).toBe(true)
        }
      }),
    )
  })
  it("never halve a character behind blanks that are folded", () => {
    for (const blanks of [38, 39, 40]) expect(shorten(`${" ".repeat(blanks)}😀😀`, 10).isWellFormed()).toBe(true)
  })
  it("cut between words and say so", () => {
    expect(shorten("one two three four", 12)).toBe("one two…")
    expect(shorten("one  two\nthree", 100)).toBe("one two three")
    expect(shorten("x".repeat(1_000), 20)).toBe(`${"x".repeat(19)}…`)
  })
  it("take at most three sentences", () => {
    expect(sentences("One. Two! Three? Four.", 100)).toBe("One. Two! Three?")
  })
})
