import { readConfig } from "@engram/config/config"
import type { Evidence, SummarySubject } from "@engram/contracts/consolidation"
import type { Log } from "@engram/contracts/ports"
import { type CohereServer, startCohereServer } from "@engram/testkit/cohere-server"
import { summaryWriterPromises } from "@engram/testkit/summary-writer-promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { openSummaryWriter } from "../src/open-ports.ts"

let cohere: CohereServer
beforeAll(async () => {
  cohere = await startCohereServer()
})
afterAll(() => cohere.close())

const subject: SummarySubject = {
  entity: null,
  topic: "work",
  window: { kind: "quarter", from: "2026-04-01", until: "2026-07-01" },
  observations: 3,
}
const evidence: Evidence[] = ["The cache was dropped.", "Login moved to a service.", "Deploys wait."].map((text, i) => {
  const rest = { title: null, source: "slack", kind: "message", occurredAt: i, importance: 0.5, values: null }
  return { id: `obs_${i}`, text, ...rest }
})

function open(given: Record<string, string> = {}) {
  const warned: object[] = []
  const quiet = () => {}
  const log: Log = { debug: quiet, info: quiet, error: quiet, warn: (fields) => warned.push(fields) }
  return openSummaryWriter(readConfig(given), log).then((port) => ({ ...port, warned }))
}
const withKey = () => ({ COHERE_API_KEY: cohere.apiKey, COHERE_BASE_URL: cohere.url })

summaryWriterPromises("what the settings choose with a key", async () => open(withKey()))

test("without a key summaries are extracts, and nobody is asked", async () => {
  const asked = cohere.requests.length
  const { writer, check } = await open()
  await check()
  expect(await writer.write(subject, evidence)).toMatchObject({ writer: "extract:1" })
  expect(writer.name).toBe("extract:1")
  expect(cohere.requests).toHaveLength(asked)
})

test("with a key Cohere writes, and an extract stands in for an answer that breaks a rule, which is told", async () => {
  const { writer, check, warned } = await open(withKey())
  await check()
  const name = "cohere:command-a-03-2025:1"
  expect(writer.name).toBe(name)
  expect(await writer.write(subject, evidence)).toMatchObject({ writer: name })
  expect(warned).toEqual([])

  cohere.trickNext("unknown ids")
  const written = await writer.write(subject, evidence)
  expect(written).toMatchObject({ writer: "extract:1", standIn: "refused" })
  expect(written?.sentences.map(({ text }) => text)).toEqual(evidence.map(({ text }) => text))
  expect(warned).toEqual([{ standIn: "refused", reason: expect.stringContaining('cites "obs_invented"') }])
})

test("a wrong key costs no summary, and the check says what to do", async () => {
  const { writer, check } = await open({ ...withKey(), COHERE_API_KEY: "wrong" })
  expect(await writer.write(subject, evidence)).toMatchObject({ writer: "extract:1", standIn: "away" })
  await expect(check()).rejects.toThrow(/COHERE_API_KEY/)
})
