import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { expect, test } from "vitest"
import { examplePayloads } from "../examples.ts"
import { find } from "../search-door.ts"
import { createWorkbench } from "../workbench.ts"

/** Written by hand: what a person might ask of GitHub's example payloads, and the document that answers. */
const questions: readonly (readonly [question: string, sourceId: string])[] = [
  ["symlink lets someone read files outside the project directory", "advisory:GHSA-6fmm-47qc-p4m4"],
  ["is harp safe to serve files with?", "advisory:GHSA-6fmm-47qc-p4m4"],
  ["arbitrary code execution through template literals", "advisory:GHSA-8v27-2fg9-7h62"],
  ["static eval exploit with esprima", "advisory:GHSA-8v27-2fg9-7h62"],
  ["which django versions leak data in the authentication form?", "advisory:GHSA-rf4j-j272-fj86"],
  ["ansible prints credentials in the console log", "repository:1296269/dependabot:1"],
  ["secrets not protected by no_log", "repository:1296269/dependabot:1"],
  ["who is a member of Octocoders?", "organization:38302899"],
  ["what is patched in rack 2.0.6?", "repository:186853002/vulnerability:91095730"],
  ["many_versioned_gem dismissed", "repository:186853002/vulnerability:7649605"],
  ["SQL injection from user controlled input", "repository:337911632/code-scanning:10"],
  ["ReDoS in semver range parsing", "repository:512875663/dependabot:20"],
  ["regular expression denial of service before 7.5.2", "repository:512875663/dependabot:20"],
  ["add the frozen string literal comment", "repository:186853002/code-scanning:10"],
  ["pull request that changes the README", "repository:186853002#2"],
  ["a pretty simple change we need to pull into master", "repository:186853002#2"],
  ["welcome everybody to discussions", "repository:17273051/discussion#90"],
  ["someone has many questions to ask", "repository:17273051/discussion#90"],
  [
    "comment saying this is a really good change",
    "repository:186853002/commit:6113728f27ae82c7b1a177c8d03f9e96e0adf246",
  ],
  ["wiki home page", "repository:186853002/wiki:Home"],
  ["test of issue comments in octo-repo", "repository:280886604#118"],
  ["vulnerble dependancy in rak", "repository:186853002/vulnerability:91095730"],
]

test("questions about the real payloads find their document", async () => {
  const bench = await createWorkbench({ embedder: createLocalEmbedder() })
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
  } finally {
    await bench.close()
  }
})
