import type { CitedObservation } from "@engram/contracts/evaluation"
import { expect, test } from "vitest"
import { isFaithful } from "../../src/evaluation/faithful.ts"

const observation = (id: string, text: string, title: string | null = null): CitedObservation => ({
  id,
  title,
  text,
  occurredAt: new Date("2026-03-09T10:00:00Z"),
})
const evidence = [
  observation("obs_1", "We decided to drop the old parser, since it loses 12 of 100 documents.", "Drop the parser"),
  observation("obs_2", "The importer now retries after a timeout of 30 seconds."),
]
const judged = (text: string, cites: readonly string[], title = "Mona: decisions, March 2026") =>
  isFaithful({ text, cites }, { title, evidence })

test.for([
  ["the source's own words", "We decided to drop the old parser.", ["obs_1"]],
  ["other forms of them", "Dropping the parser was decided because documents were lost.", ["obs_1"]],
  ["with whom and when, as the title says", "Mona decided in March 2026 to drop the parser.", ["obs_1"]],
  ["with the date of what is cited", "On 9 March the parser was dropped.", ["obs_1"]],
  ["resting on two", "The parser was dropped, and the importer retries after timeouts.", ["obs_1", "obs_2"]],
  ["with how many are cited", "2 changes: parser dropped, importer retries.", ["obs_1", "obs_2"]],
] as const)("borne out: %s", ([, text, cites]) => {
  expect(judged(text, cites)).toBe(true)
})

test.for([
  ["nothing cited", "We decided to drop the old parser.", []],
  ["cited, and gone or not to be read", "We decided to drop the old parser.", ["obs_9"]],
  ["one of two cited gone", "We decided to drop the old parser.", ["obs_1", "obs_9"]],
  ["another observation's words", "The importer retries after a timeout.", ["obs_1"]],
  ["invented", "Customers praised a redesigned billing dashboard.", ["obs_1"]],
  ["a number that the source does not have", "The old parser loses 21 of 100 documents.", ["obs_1"]],
  ["nothing but the title", "Mona: decisions.", ["obs_1"]],
] as const)("not borne out: %s", ([, text, cites]) => {
  expect(judged(text, cites)).toBe(false)
})

test("numbers are compared by value, accents and case not at all", () => {
  const given = { title: "", evidence: [observation("obs_1", "Café Müller ships build 007")] }
  expect(isFaithful({ text: "cafe muller ships Build 7", cites: ["obs_1"] }, given)).toBe(true)
})
