import fc from "fast-check"
import parser from "issue-parser"
import { describe, expect, it } from "vitest"
import { references, type TextPlace } from "../src/github/references.ts"
import { labelled } from "./fixtures/references.ts"

const place = (closes = true): TextPlace => ({
  repositoryId: "7",
  fullName: "Octo/App",
  origin: "https://github.com",
  closes,
  self: { type: "github:thing", value: "7#2" },
})
const other: TextPlace = { ...place(), self: { type: "github:thing", value: "7#999" } }
const edgesOf = (text: string, where = other) =>
  references(text, where).map(({ type, to }) => `${type} ${to.type === "github:login" ? "@" : ""}${to.value}`)

describe("references in prose", () => {
  it.each(labelled)("$text", ({ text, edges, in: where }) => {
    const self = text.includes("very one")
    const read = edgesOf(text, self ? place() : { ...other, closes: where !== "issue" })
    expect(read.toSorted()).toEqual([...edges].toSorted())
  })

  it("are right at least 95 times in a hundred, and found as often", () => {
    let right = 0
    let read = 0
    let meant = 0
    for (const { text, edges, in: where } of labelled) {
      const found = edgesOf(text, { ...other, closes: where !== "issue" }).filter(
        (edge) => !text.includes("very one") || !edge.endsWith("7#2"),
      )
      read += found.length
      meant += edges.length
      right += found.filter((edge) => edges.includes(edge)).length
    }
    process.stdout.write(`references: precision ${(right / read).toFixed(3)}, recall ${(right / meant).toFixed(3)}\n`)
    expect(right / read).toBeGreaterThanOrEqual(0.95)
    expect(right / meant).toBeGreaterThanOrEqual(0.95)
  })

  it("close what a well-known parser of closing words says they close", () => {
    const parse = parser("github")
    const word = fc.constantFrom(
      "close",
      "Closes",
      "closed",
      "fix",
      "fixes",
      "Fixed",
      "RESOLVE",
      "resolves",
      "resolved",
    )
    const decoy = fc.constantFrom("see", "prefix", "fixing", "closer", "addresses", "and", "with")
    const between = fc.constantFrom(" ", ": ")
    const target = fc.constantFrom("#3", "gh-4", "other/lib#5", "https://github.com/other/lib/issues/6")
    const sentence = fc.tuple(fc.oneof(word, decoy), between, target).map((words) => words.join(""))
    fc.assert(
      fc.property(sentence, (text) => {
        const closes = (parse(text).actions.close ?? []).length > 0
        expect(edgesOf(`Well, ${text} today`).some((edge) => edge.startsWith("RESOLVES"))).toBe(closes)
      }),
    )
  })

  it("know the enterprise server that a text lives on, and only that", () => {
    const enterprise = { ...other, origin: "https://git.corp.example:8443" }
    expect(edgesOf("https://git.corp.example:8443/octo/app/issues/5", enterprise)).toEqual(["REFERENCES 7#5"])
    expect(edgesOf("https://github.com/octo/app/issues/5", enterprise)).toEqual([])
  })

  it("end at 500 distinct targets", () => {
    const text = Array.from({ length: 5_000 }, (_, at) => `#${at + 1}`).join(" ")
    expect(references(text, other)).toHaveLength(500)
  })

  // Each megabyte takes well under a second; a quadratic rule takes minutes.
  it.each([
    ["#1 ", 1],
    ["fixes #1 ", 1],
    ["`", 0],
    ["` `` ``` ", 0],
    ["a/", 0],
    ["@", 0],
    ["a1", 0],
    ["<!--", 0],
    ["```\n", 0],
    ["https://", 0],
    ["https://github.com/octo/app/issues/1 ", 1],
  ])("take linear time over a megabyte of %j", (piece, count) => {
    const started = performance.now()
    expect(references(piece.repeat(1_000_000 / piece.length), other)).toHaveLength(count)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
