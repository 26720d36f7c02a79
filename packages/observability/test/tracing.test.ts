import { setTimeout as delay } from "node:timers/promises"
import { RetryLater } from "@engram/contracts/errors"
import { type SpanSaid, traced } from "@engram/contracts/spans"
import { silentLog } from "@engram/testkit/silent-log"
import { startTraceCollector } from "@engram/testkit/trace-collector"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, onTestFinished, test } from "vitest"
import { startTracing } from "../src/tracing.ts"

const span = (name: string, more: Partial<SpanSaid> = {}): SpanSaid => {
  return { name, kind: "internal", attributes: {}, ...more }
}

async function tracing(log = silentLog) {
  const collector = await startTraceCollector()
  onTestFinished(collector.close)
  const { close } = startTracing({ endpoint: `${collector.url}/`, service: "engram-test", log })
  onTestFinished(close)
  return { collector, close }
}

test("what is begun in a span is its child, however late; what is done beside it is not", async () => {
  const { collector, close } = await tracing()
  await Promise.all(
    ["a", "b"].map((each) =>
      traced(span(each, { kind: "consumer", attributes: { rows: 3 } }), async () => {
        await delay(1)
        await traced(span(`${each} asks`, { kind: "client" }), () => delay(1))
      }),
    ),
  )
  await close()
  const named = (name: string) => collector.spans.find((each) => each.name === name)!
  for (const each of ["a", "b"]) {
    const [parent, child] = [named(each), named(`${each} asks`)]
    expect(parent).toMatchObject({ service: "engram-test", kind: 5, attributes: { rows: 3 } })
    expect(parent.parentSpanId).toBeUndefined()
    expect(child).toMatchObject({ kind: 3, traceId: parent.traceId, parentSpanId: parent.spanId })
  }
  expect(named("a").traceId).not.toBe(named("b").traceId)
})

test("what fails is an error in its span and for its caller, without its secrets; what is busy is none", async () => {
  const { collector, close } = await tracing()
  const lost = new Error("cannot reach postgres://engram:hunter2@db/engram")
  await expect(traced(span("lost"), () => Promise.reject(lost))).rejects.toBe(lost)
  const busy = new RetryLater("Cohere answered 429", { afterMs: 10 })
  await expect(traced(span("busy"), () => Promise.reject(busy))).rejects.toBe(busy)
  await close()
  expect(collector.spans).toMatchObject([
    { name: "lost", status: { code: 2, message: "cannot reach postgres://engram:[secret]@db/engram" } },
    { name: "busy", status: { code: 0 }, attributes: { "engram.retry_later": "Cohere answered 429" } },
  ])
})

test("a span goes on the trace that came with its request; nonsense and what was not to be kept do not count", async () => {
  const { collector, close } = await tracing()
  const [traceId, parentSpanId] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]
  const withParent = (traceparent: string) => traced(span("asked", { kind: "server", traceparent }), async () => {})
  await withParent(`00-${traceId}-${parentSpanId}-01`)
  await withParent("00-nonsense-01")
  await withParent(`00-${traceId}-${parentSpanId}-00`)
  await close()
  expect(collector.spans).toHaveLength(2)
  expect(collector.spans[0]).toMatchObject({ traceId, parentSpanId })
  expect(collector.spans[1]!.traceId).not.toBe(traceId)
})

test("a collector that is away is logged once, delays no work and no end, and is sent what comes once it is back", async () => {
  const lines: string[] = []
  const write = (level: string) => (_fields: object, message: string) => void lines.push(`${level}: ${message}`)
  const { collector, close } = await tracing({ ...silentLog, warn: write("warn"), info: write("info") })
  collector.failNext({ status: 400 }, 2)
  // A full batch is sent at once.
  const batch = () => Promise.all(Array.from({ length: 512 }, (_, at) => traced(span(`work ${at}`), async () => {})))
  for (const sent of [1, 2, 3]) {
    await batch()
    await waitUntil(`batch ${sent} is sent`, () => collector.requests.length === sent)
  }
  await waitUntil("it is back", () => lines.length === 2)
  expect(lines).toEqual(["warn: traces are lost: their collector does not take them", "info: traces are taken again"])
  expect(collector.spans).toHaveLength(512)

  collector.failNext({ hang: true }, 10)
  await traced(span("the last"), async () => {})
  const before = performance.now()
  await close()
  expect(performance.now() - before).toBeLessThan(5_000)
})

test("without anybody listening the work is done, and nothing else", async () => {
  expect(await traced(span("alone"), async () => 7)).toBe(7)
})
