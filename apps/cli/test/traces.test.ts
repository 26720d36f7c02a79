import { startTraceCollector } from "@engram/testkit/trace-collector"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, onTestFinished, test } from "vitest"
import { install, start } from "./cli-fixture.ts"
import { type Door, issue, post, started } from "./door.ts"

test("with a collector named, requests and turns are traced with all they ask of others, and no text is in it", async () => {
  const collector = await startTraceCollector()
  onTestFinished(collector.close)
  const engram = await install()
  const up = start(["up", "--json"], { ...engram.environment, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  const urls = await started(up)
  const door: Door = await engram.json("connect", "github", "--workspace", "acme", "--store", "main")
  expect(await post(urls.ingest, door, "issues", issue)).toBe(202)
  const [traceId, spanId] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]
  const searched = await fetch(`${urls.memory}/v1/search`, {
    method: "POST",
    headers: { "content-type": "application/json", traceparent: `00-${traceId}-${spanId}-01` },
    body: JSON.stringify({ namespaces: ["team:a"], query: "lighthouse" }),
  })
  expect(searched.status).toBe(200)
  const named = (name: string) => collector.spans.filter((each) => each.name === name)
  await waitUntil("the vectors are written", () => named("index upsert").length > 0, 60_000)
  up.process.kill("SIGTERM")
  expect(await up.ended).toMatchObject({ code: 0 })

  const parentOf = ({ parentSpanId }: { parentSpanId?: string | undefined }) =>
    collector.spans.find((each) => each.spanId === parentSpanId)
  const [search] = named("POST /v1/search")
  expect(search).toMatchObject({ traceId, parentSpanId: spanId, kind: 2, service: "engram" })
  expect(search!.attributes["http.response.status_code"]).toBe(200)
  expect(named("postgres").map(parentOf)).toContain(search)
  expect(named("POST /v1/webhooks/:source/:connectionId")).toMatchObject([{ kind: 2 }])
  const [turn] = named("turn normalize")
  expect(turn!.attributes).toMatchObject({ "engram.workspace": "acme" })
  expect(named("postgres").map(parentOf)).toContain(turn)
  expect(named("index upsert").map((each) => parentOf(each)?.name)).toContain("turn embed")
  expect(JSON.stringify(collector.spans)).not.toMatch(/lighthouse|parser/i)
}, 120_000)
