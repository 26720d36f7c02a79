import { createPool } from "@engram/store/database"
import { waitUntil } from "@engram/testkit/wait-until"
import { afterEach, expect, test } from "vitest"
import { examplePayloads } from "../examples.ts"
import { night } from "../nights.ts"
import { createSystem, type System } from "../system.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A workspace with something to summarise whose last night nobody did. */
async function missedNight(): Promise<{ readonly system: System; readonly bench: Workbench }> {
  const bench = await createWorkbench()
  closing.push(bench.close)
  await bench.accept(examplePayloads)
  await bench.drain()
  const environment = { EMBEDDING_DIMENSION: "64", WORKER_LEASE_MS: "2000" }
  const system = await createSystem(environment, { databaseUrl: bench.databaseUrl })
  closing.push(system.close)
  await system.rows("update workspaces set created_at = now() - interval '10 days'")
  return { system, bench }
}

const runs = (system: System) =>
  system.rows<{ kind: string; state: string; reason: string | null }>(
    "select kind, state, reason from consolidation_runs order by started_at",
  )
const isDone = async (system: System) => (await runs(system)).some(({ state }) => state === "done")
const halves = `select s.id from memory_summaries s left join vector_entries v on v.ref_id = s.id and v.family = 'summaries'
  where v.ref_id is null or cardinality(s.cited_ids) = 0`

test("two nightly processes that start at once make up for a missed night once, and are asked how they are", async () => {
  const { system } = await missedNight()
  const both = await Promise.all([system.start("nightly"), system.start("nightly")])
  await waitUntil("the night is done", () => isDone(system), 60_000)
  for (const nightly of both) {
    expect((await fetch(`${nightly.url}/health/ready`)).status).toBe(200)
    const metrics = await (await fetch(`${nightly.url}/metrics`)).text()
    expect(metrics).toContain("engram_oldest_night_seconds")
  }
  for (const nightly of both) expect(await nightly.stop()).toBe(0)
  expect(await runs(system)).toEqual([{ kind: "night", state: "done", reason: null }])
  expect((await system.rows("select from memory_summaries")).length).toBeGreaterThan(0)
  await system.start("nightly")
  expect(await runs(system)).toHaveLength(1)
}, 240_000)

/** What a run has done, and is about to do, where it waits for each of these. */
const moments = [
  ["before it wrote anything", "embedding_values", "later"],
  ["with no summary written", "memory_summaries", "beside it"],
  ["with summaries and no profile", "memory_profiles", "later"],
  ["with everything written and nothing marked done", "consolidation_marks", "later"],
] as const

test.each(moments)(
  "the night of a process killed %s is taken over when its lease ends, and done once",
  async (_, table, next) => {
    const { system, bench } = await missedNight()
    const pool = createPool(system.environment.DATABASE_URL!, { connectionsMax: 1, applicationName: "held" })
    closing.push(() => pool.end())
    const held = await pool.connect()
    await held.query(`begin; lock table ${table} in exclusive mode`)
    const first = await system.start("nightly")
    const waits = `select from pg_locks where relation = '${table}'::regclass and not granted`
    await waitUntil("a run waits to write", async () => (await system.rows(waits)).length > 0, 60_000)
    // One that is there already looks again within a minute, one that comes looks at once.
    const beside = next === "beside it" ? await system.start("nightly") : undefined
    expect(await runs(system)).toMatchObject([{ kind: "night", state: "running" }])
    await first.kill()
    await held.query("rollback")
    held.release()
    const lapsed = "select from consolidation_runs where leased_until < now()"
    if (!beside) await waitUntil("its lease is over", async () => (await system.rows(lapsed)).length > 0, 60_000)
    const second = beside ?? (await system.start("nightly"))
    await waitUntil("the night is done", () => isDone(system), 240_000)
    expect(await runs(system)).toEqual([
      { kind: "night", state: "abandoned", reason: "Its process ended before it did." },
      { kind: "night", state: "done", reason: null },
    ])
    expect(await system.rows(halves)).toEqual([])
    expect(second.isRunning()).toBe(true)
    expect(await second.stop()).toBe(0)
    // Built again from nothing but evidence, each summary is what it was.
    const written = () => system.rows("select id, evidence_hash, text, written_at from memory_summaries order by id")
    const before = await written()
    expect(before.length).toBeGreaterThan(0)
    const again = await night(bench, new Date().toISOString().slice(0, 10), { since: "2000-01-01" })
    expect(again!.report).toMatchObject({
      summariesUnchanged: before.length,
      summariesWritten: 0,
      summariesWithdrawn: 0,
    })
    expect(await written()).toEqual(before)
    expect(await system.rows("select from consolidation_marks")).toEqual([])
  },
  420_000,
)
