import { sources } from "@engram/sources/registry"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { night, summariesOf } from "../nights.ts"
import { issue } from "../payloads.ts"
import { moment, scope, tell, told } from "../told.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

const today = "2026-11-21"
let bench: Workbench
beforeEach(async () => {
  bench = await createWorkbench({ sources: { ...sources, told } })
})
afterEach(() => bench.close())

interface Mark {
  readonly name: string | null
  readonly day: string | null
  readonly entity: string | null
  readonly scope: string | null
  readonly lost: boolean
}

const marksSql = `
  select distinct a.value as name, m.day::text, m.entity_id as entity, s.key as scope, m.lost
  from consolidation_marks m left join entity_aliases a on a.id = m.alias_id left join scopes s on s.id = m.scope_id
  where m.alias_id is not null or m.entity_id is not null or m.scope_id is not null order by 1, 2, 3, 4`

/** What a change marks, seen by the transaction that makes it; and that nothing of it stays where that is rolled back. */
async function marksOf(change: string): Promise<Mark[]> {
  const client = await bench.database.pool.connect()
  try {
    await client.query("begin")
    await client.query("delete from consolidation_marks")
    await client.query(change)
    const { rows } = await client.query<Mark>(marksSql)
    return rows
  } finally {
    await client.query("rollback")
    client.release()
  }
}

async function fill(): Promise<void> {
  const moments = ["Alpha", "Beta", "Gamma"].map((text, n) =>
    moment({ day: `2026-11-1${6 + n}`, text: `${text} was decided.`, about: ["one"], tags: ["decision"] }),
  )
  await bench.accept([tell("all", { scopes: [scope("open", "org"), scope("closed", "private")], moments })])
  await bench.drain()
  await night(bench, today)
  expect(await bench.rows("select from consolidation_marks")).toEqual([])
}

const day = (name: string, date: string, lost: boolean): Mark => ({ name, day: date, entity: null, scope: null, lost })
const entity = (id: string): Mark => ({ name: null, day: null, entity: id, scope: null, lost: true })
const alpha = "where text like 'Alpha%'"

describe("in the transaction that changes evidence", () => {
  test("its names and days are marked: withdrawn, restored, reworded, moved, removed", async () => {
    await fill()
    expect(await marksOf(`update memory_observations set live = false ${alpha}`)).toEqual([
      day("one", "2026-11-16", true),
    ])
    expect(await marksOf(`update memory_observations set content_hash = 'other' ${alpha}`)).toEqual([
      day("one", "2026-11-16", true),
    ])
    expect(
      await marksOf(`update memory_observations set scope_id = (select id from scopes where key = 'closed') ${alpha}`),
    ).toEqual([day("one", "2026-11-16", true)])
    expect(await marksOf(`delete from memory_observations ${alpha}`)).toEqual([day("one", "2026-11-16", true)])
    expect(await marksOf("update memory_observations set url = 'https://example.com'")).toEqual([])

    await bench.rows(`update memory_observations set live = false ${alpha}`)
    await night(bench, today)
    expect(await marksOf(`update memory_observations set live = true ${alpha}`)).toEqual([
      day("one", "2026-11-16", false),
    ])
  })

  test("what it was about and what it is about now are marked, and both days", async () => {
    await fill()
    await bench.accept([tell("two", { moments: [moment({ day: "2026-11-20", text: "Delta.", about: ["two"] })] })])
    await bench.drain()
    const change = `update memory_observations set content_hash = 'other', occurred_at = '2026-10-01T12:00:00Z',
      subject_alias_ids = (select array[id] from entity_aliases where value = 'two') ${alpha}`
    expect(await marksOf(change)).toEqual([day("one", "2026-11-16", true), day("two", "2026-10-01", false)])
  })

  test("a name that gets another owner marks both; people that join, part, come and go are marked", async () => {
    await fill()
    const [{ id } = { id: "" }] = await bench.rows<{ id: string }>("select id from entity_aliases where value = 'one'")
    expect(await marksOf("update entity_aliases set entity_id = 'ent_1' where value = 'one'")).toEqual(
      [id, "ent_1"].sort().map(entity),
    )
    const account = (account: string, person: string) =>
      `insert into accounts (id, workspace_id, alias_type, alias_value, realm, kind, verified, person_id)
       values ('${account}', 'acme', 'told:id', '${account}', 'told', 'person', true, '${person}')`
    expect(await marksOf(account("acc_1", "acc_1"))).toEqual([])
    expect(await marksOf(account("acc_2", "acc_1"))).toEqual(["acc_1", "acc_2"].map(entity))
    await bench.rows(account("acc_1", "acc_1"))
    await bench.rows(account("acc_2", "acc_2"))
    expect(await marksOf("update accounts set person_id = 'acc_1' where id = 'acc_2'")).toEqual(
      ["acc_1", "acc_2"].map(entity),
    )
    expect(await marksOf("update accounts set verified = false where id = 'acc_2'")).toEqual([])
    expect(await marksOf("delete from accounts where id = 'acc_2'")).toEqual([entity("acc_2")])
  })

  test("a scope that closes, opens or goes is marked", async () => {
    await fill()
    const open: Mark = { name: null, day: null, entity: null, scope: "open", lost: true }
    expect(await marksOf("update scopes set privacy = 'private' where key = 'open'")).toEqual([open])
    expect(await marksOf("update scopes set live = false where key = 'open'")).toEqual([open])
    expect(await marksOf("update scopes set name = 'renamed' where key = 'open'")).toEqual([])
  })
})

test("what was observed in a scope that is not known is nobody's until it is, and then summed up", async () => {
  const moments = ["Alpha", "Beta", "Gamma"].map((text, n) =>
    moment({ day: `2026-11-1${6 + n}`, text: `${text} was decided.`, about: ["one"], tags: ["decision"] }),
  )
  await bench.accept([tell("early", { moments })])
  await bench.drain()
  await night(bench, today)
  expect(await summariesOf(bench)).toEqual([])
  await bench.accept([tell("late", { scopes: [scope("open", "org")] })])
  await bench.drain()
  await night(bench, today)
  expect((await summariesOf(bench)).length).toBe(2)
})

describe("what is said of a document", () => {
  const summarized = async () => (await summariesOf(bench)).map(({ scopeId }) => scopeId)

  test("moves with its document to a private scope, and is nobody's when two private scopes hold it", async () => {
    const issues = [1, 2, 3, 4].map((number) => issue({ number, title: `Issue ${number}`, body: `Body ${number}.` }))
    await bench.accept(issues)
    await bench.drain()
    await night(bench, today)
    const before = await summarized()
    expect(before.length).toBeGreaterThan(1)
    expect(new Set(before)).toEqual(new Set([null]))

    await bench.rows(
      `insert into scopes (id, workspace_id, source, key, kind, name, privacy, at)
       select id, 'acme', 'github', id, 'repository', id, 'private', 0 from unnest(array['scp_one', 'scp_two']) as k(id)`,
    )
    await night(bench, today)
    await bench.rows("update knowledge_documents set scope_id = 'scp_one'")
    await night(bench, today)
    expect(new Set(await summarized())).toEqual(new Set(["scp_one"]))
    expect(await bench.rows("select from memory_profiles")).toEqual([])

    await bench.rows("update memory_observations set scope_id = 'scp_two'")
    await night(bench, today)
    expect(await summarized()).toEqual([])
  })
})

test("days that are built again without a change cost no writer and leave every summary as it was", async () => {
  await fill()
  const written = () => bench.rows("select id, written_at from memory_summaries order by id")
  const before = await written()
  const run = await night(bench, today, { since: "2026-01-01" })
  expect(run!.report).toMatchObject({ summariesUnchanged: 2, summariesWritten: 0, writerCalls: 0 })
  expect(await written()).toEqual(before)
})

test("a run that read and wrote nothing says what there was too little of", async () => {
  const once = [moment({ day: "2026-11-18", text: "It was said once.", about: ["one"] })]
  await bench.accept([tell("once", { scopes: [scope("open", "org")], moments: once })])
  await bench.drain()
  expect(await night(bench, today)).toMatchObject({ state: "done", reason: "2 clusters have too little to say." })
})

describe("a profile", () => {
  const about = (count: number, first: number, text: (n: number) => string) =>
    Array.from({ length: count }, (_, n) =>
      moment({ day: "2026-11-18", hour: (first + n) % 24, text: text(first + n), about: ["one"] }),
    )
  const profile = async () =>
    (
      await bench.rows<{ observations: number; drift: number; rebuilt: Date }>(
        "select observations, drift, rebuilt_at as rebuilt from memory_profiles",
      )
    )[0]!
  const say = async (key: string, moments: ReturnType<typeof about>) => {
    await bench.accept([tell(key, { scopes: [scope("open", "org")], moments })])
    await bench.drain()
  }
  const ledger = (n: number) => `The ledger of payments balances entry ${n}.`

  test("that moved little is left, one that moved further than 0.25 is built again at once", async () => {
    await say("first", about(6, 0, ledger))
    await night(bench, today)
    const built = await profile()
    await say("like it", about(1, 6, ledger))
    expect((await night(bench, today))!.report).toMatchObject({
      profilesDue: 1,
      profilesRebuilt: 0,
      profilesUnchanged: 1,
    })
    const measured = await profile()
    expect(measured).toMatchObject({ observations: built.observations, rebuilt: built.rebuilt })
    expect(measured.drift).toBeLessThan(0.25)

    await say(
      "unlike it",
      about(20, 7, (n) => `Walruses swim around icebergs, sighting ${n}.`),
    )
    expect((await night(bench, today, { now: Date.parse("2026-11-22") }))!.report).toMatchObject({ profilesRebuilt: 1 })
    expect(await profile()).toMatchObject({ observations: 27, rebuilt: new Date("2026-11-22") })
  })

  test("that moves a little each night is built again by the time that it has moved far", {
    timeout: 240_000,
  }, async () => {
    await say("first", about(6, 0, ledger))
    await night(bench, today)
    const { rebuilt } = await profile()
    // All of these at once have it built again, as the test above has it.
    for (let n = 0; n < 20; n += 2) {
      await say(
        `step ${n}`,
        about(2, 6 + n, (at) => `Walruses swim around icebergs, sighting ${at}.`),
      )
      await night(bench, today, { now: Date.parse("2026-11-22") + n })
    }
    expect((await profile()).rebuilt.getTime()).toBeGreaterThan(rebuilt.getTime())
  })

  test("that hardly moved is built again after more than 30 days, when something is said", async () => {
    await say("first", about(6, 0, ledger))
    await night(bench, today)
    await say("thirty days", about(1, 6, ledger))
    expect((await night(bench, "2026-12-21"))!.report).toMatchObject({ profilesRebuilt: 0, profilesUnchanged: 1 })
    await say("a day more", about(1, 7, ledger))
    expect((await night(bench, "2026-12-22"))!.report).toMatchObject({ profilesRebuilt: 1, profilesUnchanged: 0 })
    expect(await profile()).toMatchObject({ observations: 8 })
  })
})
