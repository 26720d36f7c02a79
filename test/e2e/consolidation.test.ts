import fc from "fast-check"
import { afterEach, describe, expect, test } from "vitest"
import { examplePayloads } from "../examples.ts"
import { consolidated, night, summariesOf } from "../nights.ts"
import { moment, scope, tell, told } from "../told.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

let bench: Workbench
afterEach(async () => bench?.close())

const open = () => createWorkbench({ sources: { told } })

/** Five decisions about one repository in the week of 16 November 2026. */
const decisions = ["Use Postgres", "Drop Mongo", "Cache in Redis", "Sign every webhook", "Keep raw bytes"].map(
  (text, at) =>
    moment({
      day: `2026-11-${16 + at}`,
      text: `${text} for the ingest service.`,
      about: ["ingest"],
      tags: ["decision"],
    }),
)
const week = tell("week", { scopes: [scope("open", "org")], moments: decisions })

describe("a night over what was observed", () => {
  test("turns the real payloads into summaries that cite, and profiles; the next has nothing to do", async () => {
    bench = await createWorkbench()
    await bench.accept(examplePayloads)
    await bench.drain()
    const run = await night(bench, "2026-11-21")
    expect(run).toMatchObject({ state: "done", reason: null })
    expect(run!.report!.summariesWritten).toBeGreaterThanOrEqual(5)
    expect(run!.report!.profilesRebuilt).toBeGreaterThanOrEqual(3)

    const rows = await bench.rows<{ text: string; sentences: { text: string; cites: string[] }[]; evidence: string[] }>(
      "select text, sentences, evidence_ids as evidence from memory_summaries",
    )
    const live = new Set(
      (await bench.rows<{ id: string }>("select id from memory_observations where live")).map(({ id }) => id),
    )
    for (const { text, sentences, evidence } of rows) {
      expect(text.length).toBeLessThanOrEqual(1_200)
      expect(sentences.length).toBeGreaterThanOrEqual(3)
      expect(sentences.length).toBeLessThanOrEqual(7)
      for (const { cites } of sentences) {
        expect(cites.length).toBeGreaterThan(0)
        for (const id of cites) expect(live.has(id) && evidence.includes(id)).toBe(true)
      }
    }
    const owed =
      "select 1 from vector_entries where family in ('summaries', 'profiles') and wanted_hash is distinct from written_hash"
    expect(await bench.rows(owed)).toEqual([])

    const before = bench.calls.calls
    const second = await night(bench, "2026-11-21")
    expect(second!.reason).toBe("Nothing has changed since the last run.")
    expect(second!.report).toMatchObject({ observationsRead: 0, textsRead: 0, writerCalls: 0, embeddingCalls: 0 })
    expect(bench.calls.calls).toBe(before)
  })

  test("says of a cluster what, when and how much", async () => {
    bench = await open()
    await bench.accept([week])
    await bench.drain()
    await night(bench, "2026-11-21")
    const [store, entity] = await bench.rows(
      "select title, topic, coverage, window_kind from memory_summaries order by title",
    )
    expect(entity).toMatchObject({
      title: "Decisions around ingest, 16 to 22 November 2026",
      topic: "decisions",
      coverage: {
        observations: 5,
        sources: { told: 5 },
        kinds: { noted: 5 },
        labels: { decision: 5 },
        histogram: { "2026-11-16": 1, "2026-11-20": 1 },
      },
    })
    expect(store).toMatchObject({
      title: "Decisions across the store, fourth quarter of 2026",
      window_kind: "quarter",
      coverage: { observations: 5, labels: { decision: 5 }, histogram: { "2026-11-16": 5 } },
    })
    const [profile] = await bench.rows("select observations, summaries, descriptors from memory_profiles")
    expect(profile).toMatchObject({ observations: 5, summaries: 1 })
  })

  test("ends in the same rows in whatever order and batches things were told, and however many nights lay between", async () => {
    const names = ["ingest", "search", "octocat", "hubot"]
    const said = Array.from({ length: 40 }, (_, n) =>
      tell(`said-${n}`, {
        scopes: [scope("open", "org"), scope("closed", "private")],
        moments: [
          moment({
            day: `2026-${n % 3 === 0 ? "11" : "07"}-${String(1 + (n % 20)).padStart(2, "0")}`,
            text: `Number ${n}: ${["the build broke", "the index is faster", "we chose a queue", "the docs are new"][n % 4]}.`,
            about: [names[n % 4]!, names[(n * 7 + 1) % 4]!],
            tags: [["incident"], [], ["decision"], []][n % 4]!,
            scope: n % 5 === 0 ? "closed" : "open",
          }),
        ],
      }),
    )
    bench = await open()
    await bench.accept(said)
    await bench.drain()
    await night(bench, "2026-11-21")
    const expected = await consolidated(bench)
    expect(expected.length).toBeGreaterThan(20)

    const orders = fc.sample(fc.tuple(fc.shuffledSubarray(said, { minLength: said.length }), fc.nat(said.length)), {
      numRuns: 2,
      seed: 7,
    })
    for (const [order, cut] of orders) {
      await bench.close()
      bench = await open()
      await bench.accept(order.slice(0, cut))
      await bench.drain()
      await night(bench, "2026-11-20")
      await bench.accept([
        ...order.slice(cut),
        ...order.slice(0, 5).map((each) => ({ ...each, key: `${each.key} again` })),
      ])
      await bench.drain()
      await night(bench, "2026-11-21")
      // Profiles that moved little keep what they were built from; a month later they are built again.
      await bench.rows("update memory_profiles set rebuilt_at = '2026-01-01'")
      await night(bench, "2026-11-21", { since: "2020-01-01" })
      expect(await consolidated(bench)).toEqual(expected)
    }
  })

  test("reads again what changed, and no more", async () => {
    bench = await open()
    const months = Array.from({ length: 60 }, (_, n) =>
      moment({ day: `2026-11-0${1 + (n % 9)}`, text: `Thing ${n} happened to it.`, about: [`name-${n % 12}`] }),
    )
    await bench.accept([tell("many", { scopes: [scope("open", "org")], moments: months })])
    await bench.drain()
    await night(bench, "2026-11-21")
    await bench.accept([
      tell("one", { moments: [moment({ day: "2026-11-20", text: "One more.", about: ["name-3"] })] }),
    ])
    await bench.drain()
    const run = await night(bench, "2026-11-21")
    // The week it is in has one member; its quarter is read for its weightiest, and of the entity the vectors alone.
    expect(run!.report).toMatchObject({ profilesDue: 1, profilesRebuilt: 0, profilesUnchanged: 1, summariesWritten: 1 })
    expect(run!.report!.textsRead).toBeLessThanOrEqual(60)
  })

  test("keeps weeks while they are hot, and months of what is older", async () => {
    bench = await open()
    await bench.accept([week])
    await bench.drain()
    await night(bench, "2026-11-21")
    expect((await summariesOf(bench)).map(({ window }) => window)).toEqual(["quarter 2026-10-01", "week 2026-11-16"])
    await night(bench, "2027-02-27")
    expect((await summariesOf(bench)).map(({ window }) => window)).toEqual(["quarter 2026-10-01", "week 2026-11-16"])
    // The last of November is 90 days ago on 28 February, and the month is over since the first of March.
    await night(bench, "2027-03-01")
    expect((await summariesOf(bench)).map(({ window }) => window)).toEqual(["quarter 2026-10-01", "month 2026-11-01"])
    // A clock set back changes nothing back.
    await night(bench, "2026-12-01", { since: "2026-01-01" })
    expect((await summariesOf(bench)).map(({ window }) => window)).toEqual(["quarter 2026-10-01", "month 2026-11-01"])
  })
})

describe("what may be read", () => {
  const secret = decisions.map((each) => ({
    ...each,
    text: `${each.text} (between us)`,
    scope: "closed",
    thing: { ...each.thing, value: `${each.thing.value}!` },
  }))

  test("what is private is summed up for its own readers only, and profiles know nothing of it", async () => {
    bench = await open()
    await bench.accept([week])
    await bench.drain()
    await night(bench, "2026-11-21")
    const profiles = () => bench.rows("select observations, summaries, descriptors from memory_profiles")
    const before = await profiles()
    expect(before).toMatchObject([{ observations: 5, summaries: 1 }])
    await bench.accept([tell("secret", { scopes: [scope("closed", "private")], moments: secret })])
    await bench.drain()
    await night(bench, "2026-11-21", { since: "2020-01-01" })
    const rows = await summariesOf(bench)
    expect(rows.length).toBe(4)
    for (const { text, scopeId } of rows) expect(text.includes("between us")).toBe(scopeId !== null)
    // Not even how common a word is tells of it.
    expect(await profiles()).toEqual(before)
  })

  test("a scope made private takes its summaries back at the next night, and one opened again gives them", async () => {
    bench = await open()
    await bench.accept([week])
    await bench.drain()
    await night(bench, "2026-11-21")
    await bench.accept([tell("closing", { scopes: [scope("open", "private", 2)] })])
    await bench.drain()
    await night(bench, "2026-11-21")
    expect((await summariesOf(bench)).map(({ scopeId }) => scopeId !== null)).toEqual([true, true])
    expect(await bench.rows("select from memory_profiles")).toEqual([])
    await bench.accept([tell("opening", { scopes: [scope("open", "org", 3)] })])
    await bench.drain()
    await night(bench, "2026-11-21")
    expect((await summariesOf(bench)).map(({ scopeId }) => scopeId)).toEqual([null, null])
    expect(await bench.rows("select observations from memory_profiles")).toEqual([{ observations: 5 }])
  })
})

describe("who it is about", () => {
  test("names joined to one entity are one cluster, and two again when they part", async () => {
    bench = await open()
    const about = (name: string, n: number) =>
      moment({ day: `2026-11-1${6 + n}`, text: `${name} did number ${n}.`, about: [name] })
    const both = [0, 1].flatMap((n) => [about("one", n), about("two", n)])
    await bench.accept([tell("both", { scopes: [scope("open", "org")], moments: both })])
    await bench.drain()
    await night(bench, "2026-11-21")
    expect((await summariesOf(bench)).map(({ title }) => title)).toEqual([
      "Work across the store, fourth quarter of 2026",
    ])

    const claims = (aliases: readonly string[], at: number) => ({
      kind: "repository" as const,
      alias: { type: "told:id", value: "1" },
      aliases: aliases.map((value) => ({ type: "told:name", value })),
      fields: { name: "one-and-two" },
      at,
    })
    await bench.accept([tell("joined", { entities: [claims(["one", "two"], 5)] })])
    await bench.drain()
    await night(bench, "2026-11-21")
    expect((await summariesOf(bench)).map(({ title, evidence }) => [title, evidence])).toEqual([
      ["Work across the store, fourth quarter of 2026", 4],
      ["Work on one-and-two, 16 to 22 November 2026", 4],
    ])
    // Another thing takes one of the names.
    await bench.accept([
      tell("parted", {
        entities: [{ ...claims(["two"], 9), alias: { type: "told:id", value: "2" }, fields: { name: "two" } }],
      }),
    ])
    await bench.drain()
    await night(bench, "2026-11-21")
    expect((await summariesOf(bench)).map(({ title }) => title)).toEqual([
      "Work across the store, fourth quarter of 2026",
    ])
  })
})
