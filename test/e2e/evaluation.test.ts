import { createBraintrustBoard } from "@engram/braintrust/braintrust-board"
import { RetryLater } from "@engram/contracts/errors"
import type { EvaluationRun } from "@engram/contracts/evaluation"
import type { Lane, Log } from "@engram/contracts/ports"
import { documentId, evalQueryId } from "@engram/core/ids"
import { createMetrics } from "@engram/observability/metrics"
import { evaluateAfterConsolidation } from "@engram/pipeline/evaluation/ask-for-evaluation"
import { createEvaluationLedger } from "@engram/store/evaluation/evaluation-ledger"
import { type BraintrustServer, startBraintrustServer } from "@engram/testkit/braintrust-server"
import { silentLog } from "@engram/testkit/silent-log"
import { waitUntil } from "@engram/testkit/wait-until"
import { createMeters } from "@engram/worker/meters"
import { afterEach, expect, test } from "vitest"
import { issue } from "../payloads.ts"
import { createSystem } from "../system.ts"
import { createWorkbench, type Workbench, type WorkbenchOptions } from "../workbench.ts"

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const birds = ["nightingale", "kingfisher", "woodpecker", "lapwing", "goldcrest", "bullfinch", "dunnock", "fieldfare"]
const issueOf = (at: number) =>
  issue({ number: at + 1, title: `The ${birds[at]} counter`, body: `Counts each ${birds[at]}.` })

/** Issues about birds, and a question about each. Every run is far enough from the last. */
async function aviary(options: WorkbenchOptions = {}) {
  const runs: EvaluationRun[] = []
  const onEvaluated = (run: EvaluationRun): void => void runs.push(run)
  const bench = await createWorkbench({ evaluateEveryMs: 1, onEvaluated, ...options })
  closing.push(bench.close)
  await bench.accept(birds.map((_, at) => issueOf(at)))
  await bench.drain()
  for (const [at, bird] of birds.entries()) await expectIssue(bench, `which issue counts the ${bird}?`, at + 1)
  return { bench, runs, ledger: createEvaluationLedger(bench.database) }
}

async function expectIssue(bench: Workbench, query: string, number: number): Promise<void> {
  const ledger = createEvaluationLedger(bench.database)
  const url = `https://github.com/Codertocat/Hello-World/issues/${number}`
  const [document] = await ledger.documentsNamed(bench.lane, url)
  const id = evalQueryId(bench.lane.storeId, query, document!.id)
  expect(await ledger.add(bench.lane, { id, query, documentId: document!.id }, 500)).toBe("added")
}

/** Search no longer finds these issues, though they are there. */
async function hide(bench: Workbench, numbers: readonly number[]): Promise<void> {
  const urls = numbers.map((number) => `https://github.com/Codertocat/Hello-World/issues/${number}`)
  const hidden = "select id from knowledge_documents where url = any($1)"
  await bench.rows(`update knowledge_chunks set version_to = version_from where document_id in (${hidden})`, [urls])
  await bench.rows(`delete from memory_observations where document_id in (${hidden})`, [urls])
  await bench.rows("update knowledge_documents set updated_at = now() where url = any($1)", [urls])
}

test("a planted fall of recall is seen against the runs before, counted, and said", async () => {
  const said: string[] = []
  const log: Log = { ...silentLog, warn: (fields, message) => void said.push(`${message} ${JSON.stringify(fields)}`) }
  const { bench, runs } = await aviary({ log })
  for (let run = 0; run < 3; run++) await bench.turn("evaluate")
  expect(runs.map(({ figures }) => figures.recallAt10)).toEqual([1, 1, 1])
  expect(runs.flatMap(({ drops }) => drops)).toEqual([])

  await hide(bench, [2, 5])
  await bench.turn("evaluate")
  const fell = runs[3]!
  expect(fell.figures.recallAt10).toBe(0.75)
  expect(fell.drops).toContainEqual({ measure: "recallAt10", from: 1, to: 0.75 })
  expect(said.filter((line) => line.startsWith("evaluation fell") && line.includes("recallAt10"))).toHaveLength(1)

  const metrics = createMetrics()
  for (const run of runs) createMeters(metrics).evaluated(run)
  const shown = await metrics.text()
  expect(shown).toContain(`engram_eval_recall{store="${bench.lane.storeId}",k="10"} 0.75`)
  expect(shown).toMatch(/engram_eval_mrr\{store="sto_\w+"\} 0\.\d+/)
  expect(shown).toContain('engram_eval_drops_total{measure="recallAt10"} 1')
})

test("a document that its source removed, or a harder question, is no fall", async () => {
  const { bench, runs } = await aviary()
  await bench.turn("evaluate")
  await bench.accept([issue({ number: 3, action: "deleted", minute: 5, title: `The ${birds[2]} counter` })])
  await bench.drain()
  await expectIssue(bench, "zebra crossing quartz", 1)
  await bench.turn("evaluate")
  expect(runs).toHaveLength(2)
  expect(runs[1]).toMatchObject({ skipped: 1, drops: [] })
  expect(runs[1]!.results).toHaveLength(birds.length)
})

test("however much is persisted, the store's evaluation is woken once, run once an interval, and once more at its end", async () => {
  const woken: Lane[] = []
  const hear = (lane: Lane): Promise<void> => {
    woken.push(lane)
    return new Promise(() => {})
  }
  // A queue that never answers delays nothing.
  const queue = { wake: (lane: Lane) => (lane.stage === "evaluate" ? hear(lane) : Promise.resolve()) }
  const { bench, runs } = await aviary({ queue, evaluateEveryMs: 3_600_000 })
  expect(woken).toEqual([{ stage: "evaluate", ...bench.lane }])

  const later = expect.objectContaining({ afterMs: expect.any(Number) })
  for (let turn = 0; turn < 20; turn++) expect(await bench.turn("evaluate")).toEqual(later)
  expect(runs).toHaveLength(1)
  await bench.rows("update eval_runs set started_at = now() - interval '2 hours'")
  expect(await bench.turn("evaluate")).toEqual(later)
  expect(runs).toHaveLength(2)

  // Nothing has changed since: the follow-up finds nothing to do, and asks for no other.
  await bench.rows("update eval_runs set started_at = now() + interval '2 minutes'")
  expect(await bench.turn("evaluate")).toBe("idle")
  expect(runs).toHaveLength(2)
})

test("an index that is away is no bad figure: nothing is recorded, and the turn is taken later", async () => {
  let away = false
  const { bench, runs } = await aviary({
    index: (real) => ({
      ...real,
      query: async (...asked) => {
        if (away) throw new RetryLater("the index is away", { afterMs: 1_000 })
        return real.query(...asked)
      },
    }),
  })
  await bench.turn("evaluate")
  away = true
  await bench.rows("update knowledge_documents set updated_at = now()")
  await expect(bench.turn("evaluate")).rejects.toBeInstanceOf(RetryLater)
  expect(await bench.rows("select id from eval_runs")).toHaveLength(1)
  away = false
  await bench.turn("evaluate")
  expect(runs.map(({ figures }) => figures.recallAt10)).toEqual([1, 1])
})

async function braintrust(): Promise<{ server: BraintrustServer; board: ReturnType<typeof createBraintrustBoard> }> {
  const server = await startBraintrustServer()
  closing.push(server.close)
  const { apiKey, url: appUrl } = server
  return { server, board: createBraintrustBoard({ apiKey, appUrl, project: "engram", timeoutMs: 10_000 }) }
}

test("an outage of Braintrust changes nothing but a log line, and what it missed is sent later", async () => {
  const said: string[] = []
  const log: Log = { ...silentLog, warn: (_, message) => void said.push(message) }
  const { server, board } = await braintrust()
  const { bench, runs } = await aviary({ board, log, evaluateEveryMs: 3_600_000 })
  server.failNext({ status: 503 }, 3)
  expect(await bench.turn("evaluate")).toEqual({ afterMs: 300_000 })
  expect(runs).toHaveLength(1)
  expect(said).toEqual(["evaluation not sent to its board, later again"])
  expect(await bench.rows("select sent_at from eval_runs")).toEqual([{ sent_at: null }])

  const asked = server.requests.length
  await waitUntil("it was sent", async () => {
    await bench.turn("evaluate")
    return server.experiments.size === 1
  })
  expect(runs).toHaveLength(1)
  expect(server.requests.length).toBeGreaterThan(asked)
  expect([...server.experiments.get(runs[0]!.id)!.values()].map(({ scores }) => scores?.recall_at_10)).toEqual(
    birds.map(() => 1),
  )
  const [row] = await bench.rows<{ sent_at: Date | null }>("select sent_at from eval_runs")
  expect(row!.sent_at).toBeInstanceOf(Date)
  const sent = server.requests.length
  await bench.turn("evaluate")
  expect(server.requests.length).toBe(sent)
})

test("Braintrust is sent figures and ids: no question, title, name or text, of private scopes or open ones", async () => {
  const { server, board } = await braintrust()
  const { bench, runs } = await aviary({ board })
  await bench.rows("update scopes set privacy = 'private', name = 'moonshot-room'")
  const [observation] = await bench.rows<{ id: string; scopeId: string }>(
    `select id, scope_id as "scopeId" from memory_observations where live limit 1`,
  )
  await addSummary(bench, {
    text: "Everybody counts a moonshot kingfisher.",
    cites: [observation!.id],
    scopeId: observation!.scopeId,
  })
  await bench.turn("evaluate")
  expect(runs[0]!.figures.recallAt10).toBe(1)
  expect(server.experiments.size).toBe(1)
  const sent = server.requests
    .map(({ path, body }) => `${path} ${body}`)
    .join("\n")
    .toLowerCase()
  for (const word of [
    ...birds,
    "which issue",
    "counts each",
    "counts each",
    "moonshot",
    "codertocat",
    "hello-world",
    '"acme"',
  ]) {
    expect(sent).not.toContain(word)
  }
  // All of it, so that a field that is added has to be looked at.
  const rows = [...server.experiments.get(runs[0]!.id)!.values()]
  expect(new Set(rows.flatMap((row) => Object.keys(row)))).toEqual(
    new Set([
      ...["id", "experiment_id", "span_id", "root_span_id", "created", "context"],
      ...["span_attributes", "metrics", "input", "output", "scores", "_is_merge"],
    ]),
  )
})

async function addSummary(
  bench: Workbench,
  { text, cites, scopeId = null }: { text: string; cites: readonly string[]; scopeId?: string | null },
): Promise<void> {
  const sentences = JSON.stringify([{ text, cites }])
  await bench.rows(
    `insert into memory_summaries (id, workspace_id, store_id, topic, window_kind, window_from, window_until, scope_id, title, text,
       sentences, cited_ids, coverage, evidence_ids, scope_ids, evidence_hash, writer, occurred_at, importance)
     values ('sum_' || md5($3), $1, $2, 'work', 'week', '2024-01-01', '2024-01-08', $5, 'Work', $3, $4, $6, '{}', $6, '{}', 'h', 'test', now(), 1)`,
    [bench.lane.workspaceId, bench.lane.storeId, text, sentences, scopeId, cites],
  )
}

test("coverage counts what a summary that shows rests on; a sentence counts when those who read it may read what bears it out", async () => {
  const { bench, runs } = await aviary()
  const observations = await bench.rows<{ id: string; text: string; scope_id: string }>(
    "select id, text, scope_id from memory_observations where live order by id",
  )
  const [first, second, third] = observations
  await bench.rows(
    `insert into scopes (id, workspace_id, source, key, kind, name, privacy, at)
     select 'scp_closed', workspace_id, source, 'closed', kind, 'closed', 'private', at from scopes where id = $1`,
    [first!.scope_id],
  )
  await bench.rows("update memory_observations set scope_id = 'scp_closed' where id = $1", [third!.id])

  await addSummary(bench, { text: first!.text, cites: [first!.id] })
  await addSummary(bench, { text: "Zeppelins departed unseen yesterday.", cites: [second!.id] })
  await addSummary(bench, { text: third!.text, cites: [third!.id] })
  await bench.turn("evaluate")
  expect(runs[0]!.sentences).toEqual({ checked: 3, faithful: 1 })
  expect(runs[0]!.figures.summaryCoverage).toBeCloseTo(3 / observations.length, 6)

  // What is cited is gone: the summary shows to nobody, covers nothing, and its sentence rests on nothing.
  await bench.rows("update memory_observations set live = false where id = $1", [first!.id])
  await bench.rows("update knowledge_documents set updated_at = now()")
  await bench.turn("evaluate")
  expect(runs[1]!.sentences).toEqual({ checked: 3, faithful: 0 })
  expect(runs[1]!.figures.summaryCoverage).toBeCloseTo(2 / (observations.length - 1), 6)
  expect(runs[1]!.drops.map(({ measure }) => measure)).toContain("faithfulness")
})

test("a consolidation that ends wakes the evaluation of each of the workspace's stores, and never fails for it", async () => {
  const woken: string[] = []
  const hook = evaluateAfterConsolidation({
    queue: { wake: async ({ stage, workspaceId, storeId }) => void woken.push(`${stage} ${workspaceId} ${storeId}`) },
    log: silentLog,
    storesOf: async () => ["sto_1", "sto_2"],
  })
  expect(hook.name).toBe("evaluate")
  await hook.run("acme", Date.now())
  expect(woken).toEqual(["evaluate acme sto_1", "evaluate acme sto_2"])

  const away = { wake: () => Promise.reject(new RetryLater("the queue is away", { afterMs: 5_000 })) }
  await evaluateAfterConsolidation({ queue: away, log: silentLog, storesOf: async () => ["sto_1"] }).run("acme", 0)
})

test("a worker evaluates what an accepted delivery brought, without being asked", async () => {
  const system = await createSystem()
  closing.push(system.close)
  const { workspaceId, storeId } = system.lane
  const expected = documentId(workspaceId, storeId, "github", "repository:186853002#1")
  await system.rows(
    "insert into eval_queries (id, workspace_id, store_id, query, document_id) values ('evq_1', $1, $2, 'nightingale', $3)",
    [workspaceId, storeId, expected],
  )
  const ingest = await system.start("ingest")
  await system.start("worker")
  await system.postAll(ingest.url, [issueOf(0)])
  const recorded = () =>
    system.rows<{ started_by: string; results: unknown }>("select started_by, results from eval_runs")
  await waitUntil("a run is recorded", async () => (await recorded()).length === 1, 120_000)
  expect(await recorded()).toEqual([{ started_by: "worker", results: [{ queryId: "evq_1", rank: 1 }] }])
})
