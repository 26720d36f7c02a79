import type { EvaluationRun } from "@engram/contracts/evaluation"
import { evalQueryId } from "@engram/core/ids"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { createEvaluationLedger } from "@engram/store/evaluation/evaluation-ledger"
import { expect, test } from "vitest"
import { examplePayloads } from "../examples.ts"
import { find } from "../search-door.ts"
import { searchQuestions as questions } from "../search-questions.ts"
import { createWorkbench } from "../workbench.ts"

test("questions about the real payloads find their document, and the harness measures the same", async () => {
  const runs: EvaluationRun[] = []
  const bench = await createWorkbench({ embedder: createLocalEmbedder(), onEvaluated: (run) => void runs.push(run) })
  try {
    await bench.accept(examplePayloads)
    await bench.drain()
    const { rows } = await bench.database.pool.query("select id, source_id from knowledge_documents where live")
    const sourceIds = new Map(rows.map((row) => [row.id, row.source_id]))
    const ranks: number[] = []
    for (const [query, expected] of questions) {
      const hits = await find(bench, { query, limit: 10 })
      const at = hits.findIndex((hit) => sourceIds.get(hit.documentId) === expected)
      ranks.push(at === -1 ? Number.POSITIVE_INFINITY : at + 1)
      if (at !== 0) process.stdout.write(`rank ${at + 1} for "${query}"; first: "${hits[0]?.title}"\n`)
    }
    const recallAt5 = ranks.filter((rank) => rank <= 5).length / ranks.length
    const mrr = ranks.reduce((sum, rank) => sum + 1 / rank, 0) / ranks.length
    process.stdout.write(`${questions.length} questions: recall@5 ${recallAt5.toFixed(3)}, MRR ${mrr.toFixed(3)}\n`)
    expect(recallAt5).toBeGreaterThanOrEqual(0.95)
    expect(mrr).toBeGreaterThanOrEqual(0.85)

    const ledger = createEvaluationLedger(bench.database)
    for (const [query, sourceId] of questions) {
      const [document] = await ledger.documentsNamed(bench.lane, `github:${sourceId}`)
      const id = evalQueryId(bench.lane.storeId, query, document!.id)
      expect(await ledger.add(bench.lane, { id, query, documentId: document!.id }, 500)).toBe("added")
    }
    await bench.turn("evaluate")
    const { figures, results } = runs[0]!
    expect(results.map(({ rank }) => rank ?? Number.POSITIVE_INFINITY).sort()).toEqual(ranks.sort())
    expect(figures.recallAt5).toBeCloseTo(recallAt5, 10)
    expect(figures.mrr).toBeCloseTo(mrr, 10)
  } finally {
    await bench.close()
  }
})
