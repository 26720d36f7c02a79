import { expect, test } from "vitest"
import { said } from "../slack.ts"
import { createWorkbench } from "../workbench.ts"

const root = "1700000000.000100"

const step = (i: number) =>
  said({
    ts: `${1_700_000_000 + i * 30}.000100`,
    thread: root,
    user: `U0USER${i % 9}`,
    text: `Step ${i}: the pool on node ${i % 17} answers again after ${i} ms, as <@U0USER${i % 7}> said`,
  })

test("a thread of 5,000 messages is one document, in time that its length accounts for", async () => {
  const bench = await createWorkbench()
  try {
    const thousands: number[] = []
    for (let start = 0; start < 5_000; start += 1_000) {
      await bench.accept(Array.from({ length: 1_000 }, (_, i) => step(start + i)))
      const before = process.cpuUsage()
      await bench.drain()
      thousands.push(process.cpuUsage(before).user / 1_000)
    }
    process.stdout.write(`slack: thousands of a thread took ${thousands.map((ms) => Math.round(ms)).join(", ")} ms\n`)
    const [document] = await bench.rows<{ messages: number; live: boolean }>(
      "select (metadata->>'messages')::int as messages, live from knowledge_documents where kind = 'thread'",
    )
    expect(document).toEqual({ messages: 5_000, live: true })
    // A batch reads the whole thread, so the last thousand, with nine times the messages, may take nine times the first.
    expect(thousands[4]! / thousands[0]!).toBeLessThan(12)

    // What was said does not have to be embedded again because more was said: only the last passage of each batch is.
    const [{ chunks } = { chunks: 0 }] = await bench.rows<{ chunks: number }>(
      "select count(*)::int as chunks from knowledge_chunks where version_to is null",
    )
    expect(chunks).toBeGreaterThan(100)
    expect(bench.calls.texts).toBeLessThan(1.5 * chunks)
  } finally {
    await bench.close()
  }
}, 240_000)
