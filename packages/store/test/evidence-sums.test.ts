import type { EvidenceRow, KnowledgeWrite } from "@engram/contracts/knowledge"
import * as ids from "@engram/core/ids"
import fc from "fast-check"
import { expect, test } from "vitest"
import { sumEvidence } from "../src/knowledge/evidence-sums.ts"
import { createKnowledge } from "../src/knowledge.ts"
import { useDatabase } from "./store-fixture.ts"

const context = useDatabase()
const workspace = "acme"

interface Said {
  readonly edge: number
  readonly document: number
  readonly confidence: number
  readonly since: number
  readonly until: number | null
  readonly live: boolean
}

const said: fc.Arbitrary<Said> = fc.record({
  edge: fc.nat(2),
  document: fc.nat(4),
  confidence: fc.constantFrom(0.5, 0.75, 1),
  since: fc.nat(9),
  until: fc.option(fc.integer({ min: 10, max: 19 })),
  live: fc.boolean(),
})

test("a relationship is the sum of its evidence, however that came and went", async () => {
  const knowledge = createKnowledge(context.database)
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(said, { maxLength: 4 }), { minLength: 1, maxLength: 6 }), async (batches) => {
      run++
      for (const batch of batches) await knowledge.write(workspace, (write) => save(write, run, batch))
      const kept = await edges(run)
      const again = kept.map(({ id }) => id)
      await context.database.inWorkspace(workspace, (tx) => sumEvidence(tx, again))
      expect(kept).toEqual(await edges(run))
    }),
    { numRuns: 60 },
  )
})

/** What each document of the batch says now, in place of what it said. */
async function save(write: KnowledgeWrite, run: number, batch: readonly Said[]): Promise<void> {
  const documents = [...new Set(batch.map(({ document }) => document))]
  const byKey = new Map(batch.map((one) => [`${one.edge} ${one.document}`, rowOf(run, one)]))
  await write.saveEvidence({
    documentIds: documents.map((n) => documentOf(run, n)),
    rows: [...byKey.values()],
    moments: [],
  })
}

const aliasOf = (run: number, n: number) => ids.aliasId(workspace, { type: "github:thing", value: `${run}#${n}` })
const documentOf = (run: number, n: number) => ids.documentId(workspace, "store", "github", `${run} ${n}`)

function rowOf(run: number, { edge, document, confidence, since, until, live }: Said): EvidenceRow {
  const [fromAliasId, toAliasId] = [aliasOf(run, 0), aliasOf(run, edge + 1)]
  const type = "REFERENCES"
  return {
    relationshipId: ids.relationshipId(workspace, type, fromAliasId, toAliasId),
    evidenceId: documentOf(run, document),
    type,
    fromAliasId,
    toAliasId,
    confidence,
    since: new Date(since * 1_000),
    until: until === null ? null : new Date(until * 1_000),
    live,
    requiresAliasId: null,
  }
}

async function edges(run: number): Promise<{ id: string }[]> {
  const { rows } = await context.database.pool.query(
    "select id, live, since, until, confidence from relationships where from_alias_id = $1 order by id",
    [aliasOf(run, 0)],
  )
  return rows
}
