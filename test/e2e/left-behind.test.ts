import { RetryLater } from "@engram/contracts/errors"
import type { Lane } from "@engram/contracts/ports"
import { createMetrics } from "@engram/observability/metrics"
import { sweep } from "@engram/pipeline/sweep"
import { createLaneQueue } from "@engram/queue/lane-queue"
import { createDeliveryAdmin } from "@engram/store/delivery-admin"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import { silentLog } from "@engram/testkit/silent-log"
import { waitUntil } from "@engram/testkit/wait-until"
import { createMeters } from "@engram/worker/meters"
import { afterEach, describe, expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { issue, paragraphs, variedPayloads } from "../payloads.ts"
import { createWorkbench, type Workbench, type WorkbenchOptions } from "../workbench.ts"

const benches: Workbench[] = []
const workbench = async (options?: WorkbenchOptions): Promise<Workbench> => {
  const bench = await createWorkbench(options)
  benches.push(bench)
  return bench
}
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

/** What was put off is due again, as once its time has come. */
const makeDue = (bench: Workbench) => bench.rows("update ingest_deliveries set due_at = now() where state = 'received'")

const sweepOf = (bench: Workbench, wake: (lane: Lane) => Promise<void>) =>
  sweep({ ledger: createSweepLedger(bench.database), queue: { wake }, log: silentLog })

test("the sweep wakes each lane that has work, whatever the queue forgot, and no other", async () => {
  const bench = await workbench()
  await bench.addStore("globex", "idle")
  const woken: string[] = []
  const run = sweepOf(bench, async (lane) => void woken.push(`${lane.stage} ${lane.storeId}`))
  const lanes = async () => {
    woken.length = 0
    await run()
    return woken.map((each) => each.replace(` ${bench.lane.storeId}`, ""))
  }
  expect(await lanes()).toEqual([])
  await bench.accept([issue({ number: 1 })])
  expect(await lanes()).toEqual(["normalize"])
  await bench.turn("normalize")
  expect((await lanes()).sort()).toEqual(["archive", "embed"])
  await bench.drain()
  expect(await lanes()).toEqual([])
})

describe("what keeps deliveries from being read for now is never why they are parked, however often it does", () => {
  const tryOften = async (bench: Workbench) => {
    for (let at = 0; at < 8; at++) {
      await expect(bench.turn("normalize")).rejects.toThrow(RetryLater)
      await makeDue(bench)
    }
    return bench.rows<{ state: string; reason: string }>("select state, reason from ingest_deliveries")
  }

  test("a disk that is full", async () => {
    const bench = await workbench()
    await bench.rows(`create function refuse() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$`)
    await bench.rows(
      "create trigger full_disk before insert on knowledge_chunks for each row execute function refuse()",
    )
    await bench.accept([issue({ number: 1 }), issue({ number: 2 })])
    const full = { state: "received", reason: expect.stringContaining("No space left") }
    expect(await tryOften(bench)).toEqual([full, full])
    await bench.rows("drop trigger full_disk on knowledge_chunks")
    await bench.drain()
    expect(await bench.rows("select distinct state, attempts < 3 as few from ingest_deliveries")).toEqual([
      { state: "processed", few: true },
    ])
  })

  test("a worker that has not the key under which something was forgotten", async () => {
    const bench = await workbench()
    await bench.rows(`insert into suppressions (workspace_id, kind, hash, key_id, forgetting_id)
                      values ('acme', 'alias', 'a hash', 'of another key', 'f')`)
    await bench.accept([issue({ number: 1 })])
    expect(await tryOften(bench)).toEqual([{ state: "received", reason: expect.stringContaining("ENGRAM_SECRET_KEY") }])
  })
})

test("a delivery that always takes Postgres too long is put off by itself, and holds up no other", async () => {
  const bench = await workbench()
  await bench.rows(`create function time_out() returns trigger language plpgsql as $$
    begin raise exception 'canceling statement due to statement timeout' using errcode = 'query_canceled'; end $$`)
  await bench.rows(
    "create trigger slow before insert on knowledge_documents for each row when (new.title like '%forever%') execute function time_out()",
  )
  await bench.accept([issue({ number: 1, title: "takes forever" }), issue({ number: 2 })])
  for (let at = 0; at < 8; at++) {
    await bench.turn("normalize")
    await makeDue(bench)
  }
  await bench.turn("normalize")
  expect(
    await bench.rows(
      "select state, attempts, reason, due_at > now() + interval '9 minutes' as later from ingest_deliveries order by state",
    ),
  ).toMatchObject([
    { state: "processed" },
    { state: "received", attempts: 1, reason: expect.stringContaining("took too long"), later: true },
  ])
  await bench.rows("drop trigger slow on knowledge_documents")
  await makeDue(bench)
  await bench.drain()
  expect(await bench.rows("select distinct state from ingest_deliveries")).toEqual([{ state: "processed" }])
})

test("the gauge of what waits goes back to zero, and so does that of what was parked", async () => {
  const bench = await workbench()
  const metrics = createMetrics()
  const { totals } = createMeters(metrics)
  const ledger = createSweepLedger(bench.database)
  const run = sweep({ ledger, queue: { wake: async () => {} }, log: silentLog, onTotals: totals })
  const shown = async () => {
    await run()
    const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("engram_deliveries{"))
    return lines.map((line) => line.replace(/^.*state="(\w+)".* (\d+)$/, "$1 $2")).sort()
  }
  await bench.accept([issue({ number: 1 }), { ...issue({ number: 2 }), payload: "{" }])
  expect(await shown()).toEqual(["parked 0", "received 2"])
  await bench.drain()
  expect(await shown()).toEqual(["parked 1", "received 0"])
  await bench.rows("delete from ingest_deliveries where state = 'parked'")
  expect(await shown()).toEqual(["parked 0", "received 0"])
})

test("one process sweeps at a time", async () => {
  const bench = await workbench()
  await bench.accept([issue({ number: 1 })])
  const begun = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const slow = sweepOf(bench, () => {
    begun.resolve()
    return go.promise
  })()
  await begun.promise
  expect(await sweepOf(bench, async () => {})()).toBeUndefined()
  go.resolve()
  expect(await slow).toBe(1)
  expect(await sweepOf(bench, async () => {})()).toBe(1)
})

test("a workspace with 2,000 vectors owed delays another by one batch", async () => {
  const bench = await workbench()
  const small = await bench.addStore("globex", "main")
  await bench.accept(
    Array.from({ length: 50 }, (_, i) => issue({ number: i, body: paragraphs(40, `volume ${i}`).join("\n\n") })),
  )
  while ((await bench.turn("normalize")) === "more");
  await bench.accept([issue({ number: 1 })], small)
  while ((await bench.turn("normalize", small)) === "more");
  expect((await bench.rows("select 1 from vector_entries where workspace_id = 'acme'")).length).toBeGreaterThan(2_000)

  const queue = await createLaneQueue({ databaseUrl: bench.databaseUrl }, silentLog, { prefix: "fair" })
  const turns: string[] = []
  try {
    const place = { acme: bench.lane, globex: small }
    const smallLane: Lane = { ...small, stage: "embed" }
    await queue.wake({ ...bench.lane, stage: "embed" })
    await queue.run("embed", 1, async (lane) => {
      // The small workspace asks while a batch of the large one is under way.
      if (turns.push(lane.workspaceId) === 2) await queue.wake(smallLane)
      return bench.turn("embed", place[lane.workspaceId as keyof typeof place])
    })
    await waitUntil("the small workspace had its turn", () => turns.includes("globex"), 30_000)
    expect(turns.slice(0, 4)).toEqual(expect.arrayContaining(["acme", "acme", "globex"]))
    await waitUntil(
      "its vectors are written",
      async () =>
        (
          await bench.rows(
            "select 1 from vector_entries where workspace_id = 'globex' and wanted_hash is distinct from written_hash",
          )
        ).length === 0,
    )
    // The large one is far from done.
    expect(turns.filter((each) => each === "acme").length).toBeLessThan(8)
  } finally {
    await queue.close()
  }
})

test("raw bytes leave Postgres once they are stored, and a replay reads them from there", async () => {
  const bench = await workbench()
  const payloads = variedPayloads(5)
  await bench.accept(payloads.map((payload) => ({ ...payload, receivedAt: 1_700_000_000_000 })))
  await bench.drain()
  const state = await currentState(bench)
  const kept = await bench.rows<{ key: string; bytes: number }>(
    "select artifact_key as key, body_bytes as bytes from ingest_deliveries where body is null",
  )
  expect(kept).toHaveLength(payloads.length)
  for (const { key, bytes } of kept) expect(bench.artifacts.get(key)?.byteLength).toBe(bytes)

  const calls = bench.calls.calls
  const replayed = await createDeliveryAdmin({ database: bench.database }).replay({ workspaceId: "acme" })
  expect(replayed.deliveries).toBe(payloads.length)
  await bench.drain()
  expect(await currentState(bench)).toEqual(state)
  expect(bench.calls.calls).toBe(calls)
})

test("artifacts that are away delay their own replay, however long, and nobody else", async () => {
  let away = false
  const bench = await workbench({
    artifacts: (real) => ({
      ...real,
      get: async (key) => {
        if (away) throw new RetryLater("artifacts are away", { afterMs: 1 })
        return real.get(key)
      },
    }),
  })
  await bench.accept([issue({ number: 1 })])
  await bench.drain()
  await createDeliveryAdmin({ database: bench.database }).replay({ workspaceId: "acme" })
  away = true
  const takes = 12
  for (let number = 2; number < 2 + takes; number++) {
    await bench.accept([issue({ number })])
    await waitUntil("the replay is due", async () => {
      const rows = await bench.rows("select 1 from ingest_deliveries where body is null and due_at <= now()")
      return rows.length > 0
    })
    await bench.turn("normalize")
  }
  const states = "select state, count(*)::int as n from ingest_deliveries group by 1 order by 1"
  expect(await bench.rows(states)).toEqual([
    { state: "processed", n: takes },
    { state: "received", n: 1 },
  ])
  away = false
  await waitUntil("the replay is read", async () => {
    await bench.turn("normalize")
    const rows = await bench.rows("select 1 from ingest_deliveries where state = 'received'")
    return rows.length === 0
  })
  expect(await bench.rows(states)).toEqual([{ state: "processed", n: takes + 1 }])
})

test("an edge to a thing not seen yet points at it once it arrives, in either order", async () => {
  const referring = issue({ number: 1, body: "This is blocked by #2." })
  const referred = issue({ number: 2 })
  const edges = async (order: readonly (typeof referring)[]) => {
    const bench = await workbench()
    for (const each of order) {
      await bench.accept([each])
      await bench.drain()
    }
    return bench.rows(
      `select r.type, f.title as from, t.title as to from relationships r
       join knowledge_documents f on f.alias_id = r.from_alias_id join knowledge_documents t on t.alias_id = r.to_alias_id
       where r.live and t.live order by 1, 2, 3`,
    )
  }
  const late = await edges([referring, referred])
  expect(late).toContainEqual({ type: "BLOCKED_BY", from: "Issue 1", to: "Issue 2" })
  expect(await edges([referred, referring])).toEqual(late)
})
