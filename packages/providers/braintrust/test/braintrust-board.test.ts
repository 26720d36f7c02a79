import { Rejected, RetryLater } from "@engram/contracts/errors"
import type { EvaluationRun } from "@engram/contracts/evaluation"
import { type BraintrustServer, startBraintrustServer } from "@engram/testkit/braintrust-server"
import { afterEach, expect, test } from "vitest"
import { createBraintrustBoard } from "../src/braintrust-board.ts"

const servers: BraintrustServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function board(apiKey?: string) {
  const server = await startBraintrustServer()
  servers.push(server)
  const options = { apiKey: apiKey ?? server.apiKey, project: "engram", appUrl: server.url, timeoutMs: 2_000 }
  return { server, board: createBraintrustBoard(options) }
}

const run: EvaluationRun = {
  id: "evr_1",
  storeId: "sto_1",
  startedBy: "worker",
  startedAt: new Date("2026-11-21T02:00:00Z"),
  ms: 120,
  results: [
    { queryId: "evq_a", rank: 1 },
    { queryId: "evq_b", rank: 7 },
    { queryId: "evq_c", rank: null },
  ],
  skipped: 0,
  figures: { recallAt5: 1 / 3, recallAt10: 2 / 3, mrr: 0.381, summaryCoverage: 0.8, faithfulness: 1 },
  coverage: { hot: { live: 8, covered: 7 }, old: { live: 2, covered: 1 } },
  sentences: { checked: 12, faithful: 12 },
  drops: [],
}

test("a run becomes an experiment of scores, and the same run again replaces it", async () => {
  const { server, board: braintrust } = await board()
  await braintrust.check()
  await braintrust.send(run)
  await braintrust.send(run)
  expect([...server.experiments.keys()]).toEqual(["evr_1"])
  const rows = [...server.experiments.get("evr_1")!.values()]
  expect(rows.map(({ input, output, scores }) => ({ input, output, scores }))).toEqual([
    {
      input: { queryId: "evq_a" },
      output: { rank: 1 },
      scores: { recall_at_5: 1, recall_at_10: 1, reciprocal_rank: 1 },
    },
    {
      input: { queryId: "evq_b" },
      output: { rank: 7 },
      scores: { recall_at_5: 0, recall_at_10: 1, reciprocal_rank: 1 / 7 },
    },
    {
      input: { queryId: "evq_c" },
      output: { rank: null },
      scores: { recall_at_5: 0, recall_at_10: 0, reciprocal_rank: 0 },
    },
    {
      input: { summariesOf: "sto_1" },
      output: { observations: 10, covered: 8, sentences: 12, faithful: 12 },
      scores: { summary_coverage: 0.8, faithfulness: 1 },
    },
  ])
})

test("nothing of the directory it runs in is sent: no commits, no branch, no remote", async () => {
  const { server, board: braintrust } = await board()
  await braintrust.send(run)
  const registered = server.requests
    .filter(({ path }) => path.endsWith("/register"))
    .map(({ body }) => JSON.parse(body))
  expect(registered.length).toBeGreaterThan(0)
  for (const body of registered) {
    expect(body.ancestor_commits).toBeUndefined()
    expect(body.repo_info).toBeUndefined()
  }
})

test.for([{ status: 500 }, { status: 503, retryAfterSeconds: 90 }, { tear: true }, { hang: true }] as const)(
  "an outage is later: %o",
  async (failure) => {
    const { server, board: braintrust } = await board()
    server.failNext(failure, 20)
    const refused = await braintrust.send(run).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(RetryLater)
    if ("status" in failure && failure.status === 503) expect((refused as RetryLater).afterMs).toBe(90_000)
  },
)

test("rows that it loses after the experiment is there are later too, and are written by the next try", async () => {
  const { server, board: braintrust } = await board()
  server.loseRows(true)
  await expect(braintrust.send(run)).rejects.toBeInstanceOf(RetryLater)
  expect(server.experiments.get("evr_1")!.size).toBe(0)
  server.loseRows(false)
  await braintrust.send(run)
  expect(server.experiments.get("evr_1")!.size).toBe(4)
})

test("a wrong key is refused, in words that name the setting and not the key", async () => {
  const { board: braintrust } = await board("wrong-key-1234")
  for (const attempt of [() => braintrust.send(run), () => braintrust.check()]) {
    const refused = await attempt().catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Rejected)
    expect((refused as Error).message).toMatch(/BRAINTRUST_API_KEY/)
    expect((refused as Error).message).not.toContain("wrong-key-1234")
  }
})
