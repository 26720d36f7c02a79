import { documentId } from "@engram/core/ids"
import { waitUntil } from "@engram/testkit/wait-until"
import { waitingForLocks } from "@engram/testkit/waiting-for-locks"
import { expect, test } from "vitest"
import { expectSameInAnyOrder } from "../any-order.ts"
import { issue } from "../payloads.ts"
import { createWorkbench, type Payload } from "../workbench.ts"

const opened = issue({ number: 77 }).payload as { issue: object; repository: { id: number } }
/** Of the past; it says what happened to an issue, and nothing else of it. */
const reopened: Payload = {
  key: "reopened",
  event: "import.closing",
  payload: {
    repository: opened.repository,
    event: { event: "reopened", created_at: "2024-01-01T00:05:00Z", issue: { ...opened.issue, state: "open" } },
  },
}
const deleted = issue({ number: 77, action: "deleted", minute: 9 })

test.each([1, 2])(
  "what happened to an issue is hidden with it, whichever is told first, %i at a time",
  async (batch) => {
    await expectSameInAnyOrder([reopened, deleted], { batch, numRuns: 4, seed: 3 })
  },
)

test("what happened to a thing that is removed at this moment is hidden too", async () => {
  const bench = await createWorkbench()
  const other = await bench.database.pool.connect()
  try {
    await bench.accept([issue({ number: 77 })])
    await bench.drain()
    const id = documentId(bench.lane.workspaceId, bench.lane.storeId, "github", `repository:${opened.repository.id}#77`)
    await other.query("begin")
    await other.query("update knowledge_documents set live = false where id = $1", [id])
    await bench.accept([reopened])
    const turn = bench.turn("normalize")
    await waitUntil("the turn waits", async () => (await waitingForLocks(bench.rows)) > 0)
    await other.query("commit")
    await turn
    const [row] = await bench.rows("select live from memory_observations where kind = 'reopened'")
    expect(row).toEqual({ live: false })
  } finally {
    other.release()
    await bench.close()
  }
})

test("a statement is of the scope that its document is of, wherever that was before", async () => {
  const inScope = (scope: string): Payload => ({
    key: scope,
    event: "doc",
    source: "events",
    payload: {
      idempotencyKey: scope,
      source: "runbooks",
      sourceId: "failover",
      kind: "doc",
      occurredAt: "2024-01-01T00:00:00Z",
      title: "Failover",
      body: "Decision: the standby takes over.",
      scope: { id: scope, name: scope, privacy: "private" },
    },
  })
  const bench = await createWorkbench()
  try {
    for (const scope of ["db", "ops", "all"]) {
      await bench.accept([inScope(scope)])
      await bench.drain()
    }
    const rows = await bench.rows<{ same: boolean }>(
      "select distinct o.scope_id = d.scope_id as same from memory_observations o join knowledge_documents d on d.id = o.document_id",
    )
    expect(rows).toEqual([{ same: true }])
  } finally {
    await bench.close()
  }
})
