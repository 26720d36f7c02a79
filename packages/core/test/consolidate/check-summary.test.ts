import type { SummarySentence } from "@engram/contracts/consolidation"
import type { ObservationId } from "@engram/contracts/ids"
import { expect, test } from "vitest"
import { summaryFault } from "../../src/consolidate/check-summary.ts"

const known = new Set<ObservationId>(["obs_1", "obs_2"])
const right = (count: number): SummarySentence[] =>
  Array.from({ length: count }, (_, i) => ({ text: `Sentence ${i} is right.`, cites: ["obs_1"] }))
const withFirst = (first: Partial<SummarySentence>): SummarySentence[] => {
  const [one, ...others] = right(3)
  return [{ ...one!, ...first }, ...others]
}
const faultOf = (sentences: readonly SummarySentence[]) => summaryFault({ sentences }, known)

test("3 to 7 sentences of 1,200 characters that cite what there is are right, to the last character", () => {
  expect(faultOf(right(3))).toBeUndefined()
  expect(faultOf(right(7))).toBeUndefined()
  const others = right(3)
    .slice(1)
    .reduce((sum, { text }) => sum + text.length + 1, 0)
  expect(faultOf(withFirst({ text: "x".repeat(1_200 - others) }))).toBeUndefined()
  expect(faultOf(withFirst({ text: "x".repeat(1_201 - others) }))).toBe("it has 1201 characters, more than 1200")
})

test.each([
  ["none", [], "it has 0 sentences, fewer than 3"],
  ["two", right(2), "it has 2 sentences, fewer than 3"],
  ["eight", right(8), "it has 8 sentences, more than 7"],
  ["an empty one", withFirst({ text: "" }), "sentence 1 is empty"],
  ["white space", withFirst({ text: " \u00a0" }), "sentence 1 is empty"],
  ["no word", withFirst({ text: "🎉…" }), "sentence 1 holds no word"],
  ["a line break", withFirst({ text: "One\ntwo." }), "sentence 1 holds line breaks or control characters"],
  ["a NUL", withFirst({ text: "One\0two." }), "sentence 1 holds line breaks or control characters"],
  ["turned text", withFirst({ text: "One \u202etwo." }), "sentence 1 holds line breaks or control characters"],
  ["half an emoji", withFirst({ text: "One \ud83d two." }), "sentence 1 holds half a surrogate pair"],
  ["space around it", withFirst({ text: "One. " }), "sentence 1 begins or ends with white space"],
  ["no citation", withFirst({ cites: [] }), "sentence 1 cites nothing"],
  [
    "a citation of nothing",
    withFirst({ cites: ["obs_1", "obs_9"] }),
    'sentence 1 cites "obs_9", which is not among the evidence',
  ],
  ["a citation twice", withFirst({ cites: ["obs_1", "obs_1"] }), "sentence 1 cites an observation twice"],
  ["a repetition", withFirst({ text: "sentence 1 is RIGHT!" }), "sentence 2 says what sentence 1 says"],
] as const)("%s is told in words", (_, sentences, fault) => {
  expect(faultOf(sentences)).toBe(fault)
})
