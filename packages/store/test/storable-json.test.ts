import fc from "fast-check"
import { expect, test } from "vitest"
import { storableJson } from "../src/storable-json.ts"

test("rows are JSON as ever, but for what Postgres refuses in a text", () => {
  expect(JSON.parse(storableJson([{ text: "a\ud83d b\0", labels: ["\ude00", "😀"], n: 1, none: null }]))).toEqual([
    { text: "a\ufffd b\ufffd", labels: ["\ufffd", "😀"], n: 1, none: null },
  ])
  const rows = [{ text: "\\ud83d and \\u0000 as they are written", at: new Date(0) }]
  expect(storableJson(rows)).toBe(JSON.stringify(rows))
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(JSON.parse(storableJson([{ text }]))).toEqual([{ text: text.replaceAll("\0", "\ufffd") }])
    }),
  )
})
