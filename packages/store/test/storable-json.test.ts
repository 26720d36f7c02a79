import fc from "fast-check"
import { expect, test } from "vitest"
import { storableJson } from "../src/storable-json.ts"
import { useDatabase } from "./store-fixture.ts"

const context = useDatabase()

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

test("a row is inserted whatever its texts are", async () => {
  const { pool } = context.database
  await pool.query("create table texts (text text, labels text[], metadata jsonb); grant all on texts to engram_app")
  const row = { text: "half \ud83d", labels: ["\ude00 half"], metadata: { title: "half\ud83d\0" } }
  await context.database.inWorkspace("acme", (tx) => tx.insert("texts", [row]))
  expect((await pool.query("select * from texts")).rows).toEqual([
    { text: "half \ufffd", labels: ["\ufffd half"], metadata: { title: "half\ufffd\ufffd" } },
  ])
})
