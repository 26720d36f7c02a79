import { type AgeReport, age } from "@engram/pipeline/age"
import { createAgingLedger } from "@engram/store/consolidation/aging"
import { createForgetLedger } from "@engram/store/forget/forget-ledger"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import { silentLog } from "@engram/testkit/silent-log"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { night, summariesOf } from "../nights.ts"
import { find } from "../search-door.ts"
import { moment, scope, tell, told } from "../told.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

const today = "2026-11-21"
const now = Date.parse(today) + 3 * 3_600_000
let bench: Workbench
beforeEach(async () => {
  bench = await createWorkbench({ sources: { told } })
})
afterEach(() => bench.close())

/** Ages, and has workers remove what that owes, again after the longest timeout too. */
async function aged(at = now): Promise<AgeReport> {
  const deps = { ledger: createAgingLedger(bench.database), queue: { wake: async () => {} }, log: silentLog }
  const report = await age(deps)(bench.lane.workspaceId, at)
  await bench.drain()
  await createSweepLedger(bench.database).removeAgain(-1)
  await bench.drain()
  return report
}

const old = [
  "Ledger rows are immutable",
  "Ledger balances are sums",
  "Ledger queue has one writer",
  "Ledger is audited",
]
const oldMoments = old.map((text, n) =>
  moment({ day: `2026-03-0${2 + n}`, text: `${text}.`, about: ["ledger"], tags: ["decision"] }),
)
const others = [
  moment({ day: "2026-03-04", text: "Nobody sums up the walrus.", about: ["walrus"] }),
  moment({ day: "2026-07-01", text: "A typo in the giraffe was fixed.", about: ["giraffe"], importance: 0.1 }),
  moment({ day: "2026-07-01", text: "The flamingo was shipped.", about: ["giraffe"] }),
  moment({ day: "2026-11-10", text: "A typo in the pelican was fixed.", about: ["giraffe"], importance: 0.05 }),
]

async function fill(): Promise<void> {
  await bench.accept([tell("all", { scopes: [scope("open", "org")], moments: [...oldMoments, ...others] })])
  await bench.drain()
  expect(await night(bench, today)).toMatchObject({ state: "done", reason: null })
}

/** First words of observations that have vectors, which the index holds. */
async function indexed(): Promise<string[]> {
  const rows = await bench.rows<{ id: string; text: string; wanted: boolean; namespace: string; index: string }>(
    `select o.id, o.text, v.wanted_hash is not null as wanted, n.index_name as index, n.id as namespace
     from memory_observations o cross join embedding_versions n
     left join vector_entries v on v.family = 'observations' and v.ref_id = o.id and v.view = 'body' order by o.text`,
  )
  const [{ index = "", namespace = "" } = {}] = rows
  const ids = rows.map(({ id }) => id)
  const there = await bench.index.present({ index, namespace: `observations-${namespace}` }, ids)
  const wanted = rows.filter((row) => row.wanted).map(({ id }) => id)
  expect([...there].sort()).toEqual([...wanted].sort())
  return rows.filter((row) => row.wanted).map(({ text }) => text)
}
const values = () => bench.rows("select text_hash from embedding_values order by 1")

describe("aging", () => {
  test("takes what is old out of the index and out of nothing else, and leaves what is hot", async () => {
    await fill()
    expect((await indexed()).length).toBe(8)
    const rows = await bench.rows("select to_jsonb(o) from memory_observations o order by id")
    const chunks = await bench.rows("select v.ref_id from vector_entries v where family <> 'observations' order by 1")
    const [before, calls] = [await values(), bench.calls.calls]

    expect(await aged()).toEqual({ looked: 7, compressed: 4, tails: 1, restored: 0 })
    expect(await indexed()).toEqual([
      "A typo in the pelican was fixed.",
      "Nobody sums up the walrus.",
      "The flamingo was shipped.",
    ])
    expect(await bench.rows("select to_jsonb(o) from memory_observations o order by id")).toEqual(rows)
    expect(await bench.rows("select v.ref_id from vector_entries v where family <> 'observations' order by 1")).toEqual(
      chunks,
    )
    expect(await values()).toEqual(before)
    expect(bench.calls.calls).toBe(calls)
    // Another night has nothing to do.
    expect(await aged()).toEqual({ looked: 7, compressed: 0, tails: 0, restored: 0 })
  })

  test("leaves pruned ones to be found by their words, and compressed ones by their summary, which names them", async () => {
    await fill()
    await aged()
    const typos = await find(bench, { query: "typo in the giraffe" })
    expect(typos.find(({ passage }) => passage.includes("giraffe was fixed"))).toMatchObject({ foundBy: ["text"] })
    expect(typos.find(({ passage }) => passage.includes("pelican"))!.foundBy).toContain("vector")
    const hits = await find(bench, { query: "Ledger queue has one writer" })
    expect(hits.find(({ passage }) => passage === "Ledger queue has one writer.")).toMatchObject({ foundBy: ["text"] })
    const summary = hits.find(({ type, title }) => type === "summary" && title.includes("ledger"))
    expect(summary!.foundBy).toContain("vector")
    expect(summary!.evidence!.map(({ text }) => text)).toContain("Ledger queue has one writer.")
    const kept = await bench.rows<{ n: number }>(
      `select count(*)::int as n from memory_summaries m, unnest(m.evidence_ids) as e(id) join memory_observations o on o.id = e.id
       where m.entity_id is not null and o.text like 'Ledger%'`,
    )
    expect(kept).toEqual([{ n: 4 }])
  })

  test("puts back what a withdrawn summary stood for, without an embedding call, even after something was forgotten", async () => {
    await fill()
    await aged()
    await createForgetLedger(bench.database).dropOrphanValues(bench.lane.workspaceId)
    const calls = bench.calls.calls
    await bench.rows("update memory_observations set live = false where text ~ 'balances|audited'")
    await night(bench, today)
    expect((await summariesOf(bench)).filter(({ title }) => title.includes("around ledger"))).toEqual([])
    expect(await aged()).toMatchObject({ compressed: 0, tails: 0, restored: 2 })
    expect(await indexed()).toEqual(
      expect.arrayContaining(["Ledger rows are immutable.", "Ledger queue has one writer."]),
    )
    expect(bench.calls.calls).toBe(calls)
    expect(await aged()).toMatchObject({ compressed: 0, tails: 0, restored: 0 })
  })

  test("takes out again what was said again, and nothing that is being rewritten", async () => {
    await fill()
    await aged()
    await bench.rows("update memory_observations set content_hash = '' where text ~ 'giraffe'")
    await bench.accept([tell("again", { scopes: [scope("open", "org")], moments: others })])
    await bench.drain()
    expect(await indexed()).toContain("A typo in the giraffe was fixed.")
    const ledger = createAgingLedger(bench.database)
    const [typo] = await bench.rows<{ id: `obs_${string}` }>(
      "select id from memory_observations where text ~ 'giraffe'",
    )
    expect(await ledger.prune("acme", bench.lane.storeId, [{ id: typo!.id, contentHash: "as it read before" }])).toBe(0)
    expect(await aged()).toMatchObject({ compressed: 0, tails: 1, restored: 0 })
    expect(await indexed()).not.toContain("A typo in the giraffe was fixed.")
  })

  test("moves a profile once, to what is left and the summaries, when something new is said, and no night after", async () => {
    await fill()
    const profile = () =>
      bench.rows(
        "select p.observations, p.summaries, p.rebuilt_at from memory_profiles p where p.summaries > 0 and p.observations <> 1",
      )
    const [before] = await profile()
    expect(before).toMatchObject({ observations: 4, summaries: 1 })
    await aged()
    const unchanged = { reason: "Nothing has changed since the last run." }
    expect(await night(bench, today)).toMatchObject(unchanged)
    expect(await profile()).toEqual([before])
    const more = ["Ledger speaks protobuf", "Ledger has a canary", "Ledger is sharded"]
    const moments = more.map((text) => moment({ day: "2026-11-20", text: `${text}.`, about: ["ledger"] }))
    await bench.accept([tell("more", { moments })])
    await bench.drain()
    // A month later: built again from three observations and two summaries.
    await bench.rows("update memory_profiles set rebuilt_at = '2026-01-01'")
    expect(await night(bench, today)).toMatchObject({ state: "done", reason: null })
    expect(await profile()).toMatchObject([{ observations: 3, summaries: 2 }])
    expect(await aged()).toMatchObject({ compressed: 0, tails: 0, restored: 0 })
    expect(await night(bench, today)).toMatchObject(unchanged)
  })
})
