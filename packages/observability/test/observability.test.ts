import { channel } from "node:diagnostics_channel"
import { type BreakerSaid, breakerChannel } from "@engram/contracts/breakers"
import { expect, test } from "vitest"
import { createLog } from "../src/log.ts"
import { createMetrics } from "../src/metrics.ts"

function lines(level = "info") {
  const written: string[] = []
  const log = createLog({ level, name: "ingest", destination: { write: (line) => void written.push(line) } })
  return { log, written }
}

test("a line is JSON with its name, time, level, fields and message", () => {
  const { log, written } = lines()
  log.info({ rows: 3 }, "batch written")
  log.debug({}, "too quiet")
  expect(written).toHaveLength(1)
  const line = JSON.parse(written[0]!)
  expect(line).toMatchObject({ level: "info", name: "ingest", rows: 3, msg: "batch written" })
  expect(Date.parse(line.time)).toBeGreaterThan(0)
})

test("no secret gets into a line, by field, in a URL, or in a message", () => {
  const { log, written } = lines()
  log.error({ secret: "hunter2", request: { authorization: "hunter2" }, apiKey: "hunter2" }, "fields")
  log.error({ error: "cannot reach postgres://engram:hunter2@db:5432/engram" }, "redis://:hunter2@cache is away")
  log.error({}, "key engram_sk_hunter2hunter2 is not known")
  expect(written.join()).not.toContain("hunter2")
  expect(written[1]).toContain("postgres://engram:[secret]@db:5432/engram")
  for (const line of written) JSON.parse(line)
})

test("metrics are counted apart in each registry, and read as Prometheus reads them", async () => {
  const [one, other] = [createMetrics(), createMetrics({ processMetrics: true })]
  one.accepted.inc({ source: "github" }, 2)
  one.turnSeconds.observe({ stage: "embed", outcome: "idle" }, 0.2)
  expect(await one.text()).toContain('engram_accepted_total{source="github"} 2')
  expect(await one.text()).toContain('engram_turn_seconds_count{stage="embed",outcome="idle"} 1')
  expect(await other.text()).not.toContain('source="github"')
  expect(await other.text()).toContain("process_resident_memory_bytes")
})

test("each breaker of the process shows as its service, and a new one does not hide what another has seen", async () => {
  const metrics = createMetrics()
  const say = (said: BreakerSaid) => channel(breakerChannel).publish(said)
  const shown = async () =>
    (await metrics.text()).split("\n").filter((line) => line.startsWith("engram_breaker_state{"))
  say({ dependency: "cohere", state: "closed", fresh: true })
  say({ dependency: "github", state: "open", fresh: false })
  say({ dependency: "github", state: "closed", fresh: true })
  expect(await shown()).toEqual([
    'engram_breaker_state{dependency="cohere"} 0',
    'engram_breaker_state{dependency="github"} 2',
  ])
  say({ dependency: "github", state: "half-open", fresh: false })
  say({ dependency: "cohere", state: "open", fresh: false })
  expect(await shown()).toEqual([
    'engram_breaker_state{dependency="cohere"} 2',
    'engram_breaker_state{dependency="github"} 1',
  ])
})
