import { setTimeout as pause } from "node:timers/promises"
import type { Config } from "@engram/config/config"
import type { Log } from "@engram/contracts/ports"
import type { SearchHit } from "@engram/contracts/search"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import { createApiKeyAdmin } from "@engram/store/api-keys"
import { createConnectionAdmin } from "@engram/store/connection-admin"
import { createSealer } from "@engram/store/sealing"
import {
  createStoreReport,
  type NamedEdge,
  type NotableObservation,
  type Outcome,
  type Owed,
  type StoreContents,
} from "@engram/store/store-report"
import { type Running, runAll } from "../run-all.ts"
import { connectAll } from "./connect-all.ts"
import { lookAround, type Surroundings } from "./look-around.ts"
import { readPayloads } from "./payloads.ts"
import { type Answers, postPayloads } from "./post-payloads.ts"
import { type DemoNight, runNight } from "./run-night.ts"
import { incident } from "./story/incident.ts"

export const demoPlace = { workspaceId: "demo", storeName: "main" } as const

const demoQueries = [
  "which change updates the README",
  "secrets disclosed in a log",
  "denial of service by a regular expression",
  "why did Postgres refuse connections at checkout",
]

/** Asked before and after the night: of what happened over weeks no single document tells. */
const nightQuery = "incidents around engineering in March 2026"

/** On a slow machine it takes half a minute; after this long something is wrong. */
const deadlineMs = 180_000

/** What the demo is doing, as it goes. */
export type Progress =
  | { readonly step: "started"; readonly running: Running; readonly stream: Stream }
  | { readonly step: "posting"; readonly answers: Answers; readonly of: number }
  | { readonly step: "working"; readonly owed: Owed; readonly of: number }
  | { readonly step: "night" }

/** What is sent: real payloads of GitHub, and the story that four sources tell. */
interface Stream {
  readonly payloads: number
  /** Distinct types of events, a source's own each. */
  readonly events: number
  readonly recorded: number
  readonly told: number
}

export interface DemoResult {
  readonly posted: Stream & Answers
  readonly outcomes: readonly Outcome[]
  readonly contents: StoreContents
  /** Rows of the workspace, by table. */
  readonly tables: { readonly [table: string]: number }
  readonly notable: readonly NotableObservation[]
  readonly edges: readonly NamedEdge[]
  readonly embedding: { readonly calls: number; readonly texts: number }
  readonly seconds: { readonly setUp: number; readonly accepting: number; readonly total: number }
  readonly searches: readonly { readonly query: string; readonly ms: number; readonly hits: readonly SearchHit[] }[]
  readonly night: DemoNight
  /** One question before the night, and after it. */
  readonly before: DemoResult["searches"][number]
  readonly after: DemoResult["searches"][number]
  readonly surroundings: Surroundings
}

/** Connects, posts every payload, waits until nothing is owed, and looks at what became of it: all as in production. */
export async function runDemo(
  parts: { readonly config: Config; readonly lifecycle: Lifecycle; readonly log: Log; readonly queuePrefix?: string },
  onProgress: (progress: Progress) => void,
): Promise<DemoResult> {
  const opened = performance.now()
  const running = await runAll({ ...parts, memoryPlugin: false })
  const { database } = running.platform
  const recorded = readPayloads()
  const payloads = [...recorded, ...incident]
  const events = new Set(payloads.map(({ source, event }) => `${source} ${event}`)).size
  const stream = { payloads: payloads.length, events, recorded: recorded.length, told: incident.length }
  onProgress({ step: "started", running, stream })

  const admin = createConnectionAdmin({ database, sealer: createSealer(running.secretKey) })
  const { doors, place } = await connectAll(admin, demoPlace, running.urls.ingest)

  const started = performance.now()
  const answers = await postPayloads(payloads, doors, (soFar) =>
    onProgress({ step: "posting", answers: soFar, of: payloads.length }),
  )
  const accepted = performance.now()
  const report = createStoreReport({ database })
  const untilSearchable = () =>
    nothingOwed(
      () => report.owed(place),
      (owed) => onProgress({ step: "working", owed, of: payloads.length }),
    )
  await untilSearchable()
  const done = performance.now()
  const searches = await askAll(running, demoQueries)
  const [before] = await askAll(running, [nightQuery])
  onProgress({ step: "night" })
  const night = await runNight(running.platform, place, parts.log, untilSearchable)
  const [after] = await askAll(running, [nightQuery])

  return {
    posted: { ...stream, ...answers },
    outcomes: await report.outcomes(place),
    contents: await report.contents(place),
    tables: await report.rows(place.workspaceId),
    notable: await report.notable(place, 8),
    edges: await report.edges(place.workspaceId, 2),
    embedding: await embeddingOf(running),
    seconds: { setUp: seconds(opened, started), accepting: seconds(started, accepted), total: seconds(started, done) },
    searches,
    night,
    before: before!,
    after: after!,
    surroundings: await lookAround(running.platform, place.workspaceId),
  }
}

/** Resolves when search can find everything that was accepted. */
async function nothingOwed(ask: () => Promise<Owed>, onOwed: (owed: Owed) => void): Promise<void> {
  const deadline = Date.now() + deadlineMs
  for (;;) {
    const owed = await ask()
    onOwed(owed)
    if (owed.deliveries + owed.vectors + owed.bodies === 0) return
    if (Date.now() > deadline) {
      const left = `${owed.deliveries} deliveries, ${owed.vectors} vectors and ${owed.bodies} bodies`
      throw new Error(`after ${deadlineMs / 1_000} seconds ${left} are still owed; LOG_LEVEL=info says what happens`)
    }
    await pause(100)
  }
}

/** By HTTP, with a key that may only search and that ends with the demo. */
async function askAll({ platform, urls }: Running, queries: readonly string[]): Promise<DemoResult["searches"]> {
  const keys = createApiKeyAdmin(platform)
  const { id, key } = await keys.create({ ...demoPlace, name: "demo", actions: ["search"] })
  const answers: DemoResult["searches"][number][] = []
  for (const query of queries) answers.push(await ask(`${urls.search}/v1/search`, key, query))
  await keys.revoke(id)
  return answers
}

async function ask(url: string, key: string, query: string): Promise<DemoResult["searches"][number]> {
  const started = performance.now()
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, limit: 2 }),
    signal: AbortSignal.timeout(30_000),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`the search door answered ${response.status} to "${query}": ${text.slice(0, 200)}`)
  const { hits } = JSON.parse(text) as { hits: SearchHit[] }
  return { query, ms: Math.round(performance.now() - started), hits }
}

async function embeddingOf({ metrics }: Running): Promise<DemoResult["embedding"]> {
  const sum = async (counter: { get(): Promise<{ values: { value: number }[] }> }): Promise<number> =>
    (await counter.get()).values.reduce((total, { value }) => total + value, 0)
  return { calls: await sum(metrics.embeddingCalls), texts: await sum(metrics.embeddingTexts) }
}

const seconds = (from: number, to: number): number => Math.round(to - from) / 1_000
