import { createCohereChat } from "@engram/cohere/cohere-chat"
import { extractiveWriter } from "@engram/core/consolidate/extract"
import { createModelWriter } from "@engram/core/consolidate/model-writer"
import { writeOrFallBack } from "@engram/core/consolidate/write-or-fall-back"
import { runAndFollow } from "@engram/nightly/follow"
import { createNightMeters } from "@engram/nightly/meters"
import { createMetrics } from "@engram/observability/metrics"
import { createConsolidate } from "@engram/pipeline/consolidate"
import { createConsolidationLedger } from "@engram/store/consolidation/ledger"
import { createNightLedger } from "@engram/store/consolidation/night-ledger"
import { startCohereServer } from "@engram/testkit/cohere-server"
import { silentLog } from "@engram/testkit/silent-log"
import { afterEach, expect, test } from "vitest"
import { summariesOf } from "../nights.ts"
import { moment, scope, tell, told } from "../told.ts"
import { createWorkbench } from "../workbench.ts"

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A workspace with two summaries to write, and Cohere to write them. */
async function modelNight() {
  const bench = await createWorkbench({ sources: { told } })
  closing.push(bench.close)
  const moments = ["Use Postgres", "Drop Mongo", "Cache in Redis", "Sign every webhook"].map((text, n) =>
    moment({
      day: `2026-11-1${6 + n}`,
      text: `${text} for the ingest service.`,
      about: ["ingest"],
      tags: ["decision"],
    }),
  )
  await bench.accept([tell("week", { scopes: [scope("open", "org")], moments })])
  await bench.drain()
  const server = await startCohereServer()
  closing.push(server.close)
  const { apiKey, url: baseUrl } = server
  // Longer than any test: what ends here is not ended by the request's own limit.
  const model = createCohereChat({ apiKey, baseUrl, model: "command-a-03-2025", timeoutMs: 600_000 })
  const writer = writeOrFallBack({
    primary: createModelWriter(model),
    fallback: extractiveWriter,
    onFallback: () => {},
  })
  const metrics = createMetrics()
  const night = (timeoutMs: number) => {
    const ledger = createConsolidationLedger(bench.database)
    const { embedderOf } = bench
    const queue = { wake: async () => {} }
    const parts = { ledger, writer, embedderOf, queue, log: silentLog, leaseMs: 30_000, timeoutMs }
    const deps = {
      consolidate: createConsolidate(parts),
      steps: [],
      stepTimeoutMs: timeoutMs,
      ledger: createNightLedger(bench),
      log: silentLog,
      meters: createNightMeters(metrics),
      stop: new AbortController().signal,
    }
    return runAndFollow(deps, bench.lane.workspaceId, { kind: "manual", night: null, now: Date.parse("2026-11-21") })
  }
  return { bench, server, night, text: () => metrics.text() }
}

test("what a run asks of the embedder and of the model is in its report and in the metrics, refused answers too", async () => {
  const { server, night, text } = await modelNight()
  server.trickNext("empty text")
  const done = await night(60_000)
  const report = done!.run.report!
  expect(report).toMatchObject({ modelCalls: 2, writerFallbacks: 1, inputTokens: 20, outputTokens: 20 })
  expect(server.chats).toHaveLength(report.modelCalls)
  expect(report.embeddingCalls).toBeGreaterThan(0)
  const shown = await text()
  expect(shown).toContain('engram_consolidation_calls_total{kind="manual",of="model"} 2')
  expect(shown).toContain(`engram_consolidation_calls_total{kind="manual",of="embedding"} ${report.embeddingCalls}`)
  expect(shown).toContain(`engram_consolidation_texts_total{kind="manual"} ${report.embeddedTexts}`)
  expect(shown).toContain('engram_consolidation_tokens_total{kind="manual",of="input"} 20')
  expect(shown).toContain('engram_consolidation_tokens_total{kind="manual",of="output"} 20')
})

test("a run that hangs on a server that never answers is given up: failed in words, its lease gone, its marks kept", async () => {
  const { bench, server, night } = await modelNight()
  const marks = () => bench.rows("select id from consolidation_marks order by id")
  const before = await marks()
  server.failNext({ hang: true })
  const { run } = (await night(2_000))!
  const words = `given up after 2 s, while writing summaries of store ${bench.lane.storeId}`
  expect(run).toMatchObject({ state: "failed", reason: words })
  expect(server.requests).toHaveLength(1)
  expect(await marks()).toEqual(before)
  expect(await bench.rows("select from consolidation_runs where state = 'running'")).toEqual([])
  expect(await summariesOf(bench)).toEqual([])

  expect((await night(60_000))!.run).toMatchObject({ state: "done" })
  expect((await summariesOf(bench)).length).toBe(2)
  expect(await marks()).toEqual([])
})
