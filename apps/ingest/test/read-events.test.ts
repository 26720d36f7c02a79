import { execFile } from "node:child_process"
import { valuesMax } from "@engram/contracts/envelope"
import { expect, test } from "vitest"
import { readEvents } from "../src/read-events.ts"

const bodyBytes = 25 * 1024 * 1024
const eventsMax = 10_000
const lines = "application/x-ndjson"
const json = "application/json"

/** An event of so many characters, most of them values of its metadata. */
const event = (chars: number, value = "{}") => {
  const [head, tail] = [
    '{"idempotencyKey":"x","source":"jira","sourceId":"1","kind":"t","occurredAt":"2026-01-02T03:04:05Z","metadata":{"a":[',
    "]}}",
  ]
  const values = Math.floor((chars - head.length - tail.length + 1) / (value.length + 1))
  return `${head}${Array(values).fill(value).join(",")}${tail}`
}

const program = `
  import { readEvents } from "${new URL("../src/read-events.ts", import.meta.url)}"
  const body = Buffer.concat(await Array.fromAsync(process.stdin))
  const said = await readEvents(body, { type: process.argv[1], eventsMax: ${eventsMax} }).catch((error) => error)
  console.log(said.message ?? said.length + " events")`

/** What becomes of a body where there is little memory beside its bytes: three times as much. */
function readInLittleMemory(text: string, type: string): Promise<string> {
  const flags = ["--max-old-space-size=75", "--disable-warning=ExperimentalWarning", "--input-type=module"]
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...flags, "--eval", program, type], (_, said) => resolve(said.trim()))
    child.stdin!.on("error", () => {}).end(text)
  })
}

test.each([
  ["lines", "1\n".repeat(bodyBytes / 2), lines],
  ["items", `[${"1,".repeat(bodyBytes / 2 - 1)}1]`, json],
  ["items of an array that does not end", `[${"1,".repeat(bodyBytes / 2)}`, json],
])("millions of %s are too many before anything is made of them", async (_, text, type) => {
  expect(await readInLittleMemory(text, type)).toBe("a request may have 10000 events and no more")
})

test("millions of blank lines are no events", async () => {
  expect(await readInLittleMemory("\n \n".repeat(bodyBytes / 3), lines)).toBe("the body has no events")
})

test.each([
  ["lines", Array(eventsMax).fill(event(2_600)).join("\n"), lines],
  ["items", `[${Array(eventsMax).fill(event(2_600)).join(",")}]`, json],
])(
  "as many %s as a request may have, as large as they may be, take little more memory than their bytes",
  async (_, text, type) => {
    expect(text.length).toBeGreaterThan(bodyBytes * 0.95)
    expect(text.length).toBeLessThan(bodyBytes)
    expect(await readInLittleMemory(text, type)).toBe("10000 events")
  },
)

test("an event of many values is refused before they are made, alone and among others", async () => {
  const said = `may hold ${valuesMax} values and no more`
  expect(await readInLittleMemory(event(bodyBytes), json)).toBe(`event 0: ${said}`)
  expect(await readInLittleMemory(`[${event(200)},${event(bodyBytes - 1_000)}]`, json)).toBe(`event 1: ${said}`)
  const most = event(2 * (valuesMax - 100), "7")
  expect(await readEvents(Buffer.from(most), { type: json, eventsMax })).toHaveLength(1)
})

test("others get their turn while a large body is read", async () => {
  const body = Buffer.from(Array(1_000).fill(event(2_600)).join("\n"))
  let turns = 0
  let reading = true
  const take = () => {
    turns++
    if (reading) setImmediate(take)
  }
  setImmediate(take)
  await readEvents(body, { type: lines, eventsMax })
  reading = false
  expect(turns).toBeGreaterThan(100)
})

test.each([
  ['{"a":1}{"b":2}', "event 0 is not JSON"],
  ["[1,]", "event 0: "],
  ["[,1]", "event 0 is not JSON"],
  ["[1][2]", "the body is not JSON"],
  ["[1]]", "the body is not JSON"],
  ["[1}", "the body is not JSON"],
  ["[1", "the body is not JSON"],
  ['["]', "the body is not JSON"],
  ["[1] 2", "the body is not JSON"],
  ["[{]}", "the body is not JSON"],
  ["[ \n]", "the body has no events"],
])("%j is refused", async (text, said) => {
  await expect(readEvents(Buffer.from(text), { type: json, eventsMax })).rejects.toThrow(said)
})

test("items and lines keep their own bytes, without the white space around them", async () => {
  const [one, two] = [`${event(200).slice(0, -1)}, "title": "[,]\\"\\\\ ä"}`, event(300)]
  for (const [text, type] of [
    [`\ufeff [ ${one} ,\n${two}\t]\n`, json],
    [`\ufeff\n ${one} \r\n\n${two}`, lines],
  ] as const) {
    const read = await readEvents(Buffer.from(text), { type, eventsMax })
    expect(read.map(({ body }) => body.toString())).toEqual([one, two])
  }
})

test("an unknown field is named, and not repeated however long its name is", async () => {
  const wrong = { author: { id: "1", ["y".repeat(1_000_000)]: 1 } }
  const known = JSON.parse(event(200))
  await expect(
    readEvents(Buffer.from(JSON.stringify({ ...known, ...wrong })), { type: json, eventsMax }),
  ).rejects.toThrow(`event 0, author.${"y".repeat(100)}: there is no such field`)
})
