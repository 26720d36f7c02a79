import { findCredentials } from "@engram/core/redact/credentials"
import { secretlintAnchors, secretlintLeftOut, shortName } from "@engram/core/redact/secretlint-rules"
import { vendorRules } from "@engram/core/redact/vendor-rules"
import { rules } from "@secretlint/secretlint-rule-preset-recommend"
import fc from "fast-check"
import { describe, expect, test } from "vitest"

/** What a rule looks for, by having it look at something that remembers what it was asked. */
function patternsOf(rule: (typeof rules)[number]): RegExp[] {
  const asked: RegExp[] = []
  const content = remembering(asked)
  const context = { createTranslator: () => () => ({}), report: () => {}, ignore: () => {} }
  rule.create(context as never, {}).file?.({ content, contentType: "text", ext: "" } as never)
  return asked
}

const remembering = (asked: RegExp[]) => ({
  matchAll: (pattern: RegExp) => {
    asked.push(pattern)
    return []
  },
})

/** Texts that match; what fast-check cannot say of a pattern, that it looks back or ahead, is not about what the match holds. */
const matching = (pattern: RegExp) =>
  fc.stringMatching(new RegExp(`^${pattern.source.replace(/\((?:\?<!|\?!|\?<=|\?=)[^()]*\)|\\b/g, "")}$`))

const taken = rules.filter((rule) => !Object.hasOwn(secretlintLeftOut, shortName(rule.meta.id)))

test("every rule of the preset is taken or left out, with a reason", () => {
  const names = rules.map((rule) => shortName(rule.meta.id))
  expect([...Object.keys(secretlintAnchors), ...Object.keys(secretlintLeftOut)].sort()).toEqual(names.sort())
})

describe("no text that a rule finds something in escapes the gate", () => {
  for (const rule of taken) {
    const anchors = secretlintAnchors[shortName(rule.meta.id)]!
    test(shortName(rule.meta.id), () => {
      const patterns = patternsOf(rule)
      expect(patterns.length).toBeGreaterThan(0)
      for (const pattern of patterns) {
        // A pattern for any case is met by the rules for any case.
        if (pattern.flags.includes("i")) continue
        fc.assert(
          fc.property(matching(pattern), (text) => anchors.some((anchor) => text.includes(anchor))),
          { numRuns: 200 },
        )
      }
    })
  }
  for (const rule of vendorRules) {
    test(`${rule.name} (ours)`, () => {
      const found: string[] = []
      const pattern = patternOf(rule)
      fc.assert(
        fc.property(matching(pattern), (text) => {
          // Backtracking patterns may match less than was made; what they match must have an anchor.
          if (rule.find(text).length === 0) return
          found.push(text)
          expect(text).toMatch(new RegExp(rule.gate))
          expect(findCredentials(text)).not.toEqual([])
        }),
        { numRuns: 100 },
      )
      expect(found.length).toBeGreaterThan(0)
    })
  }
})

function patternOf(rule: (typeof vendorRules)[number]): RegExp {
  const asked: RegExp[] = []
  rule.find(remembering(asked) as never)
  return asked[0]!
}
