import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { secondOfNight } from "@engram/core/consolidate/nights"
import { createNightLedger } from "@engram/store/consolidation/night-ledger"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { type Nights, nights, recordingConsolidate, type Started } from "./nights-fixture.ts"

const states = ({ rows }: Nights) =>
  rows("select workspace_id as workspace, kind, state from consolidation_runs order by started_at")
const runsDone = async ({ rows }: Nights, count: number) =>
  (await rows("select from consolidation_runs where state = 'done'")).length >= count

/** Long enough that whatever would be done wrongly has had several occasions. */
const looksMore = async (app: Started, times = 5) => {
  const from = app.looks()
  await waitUntil(`${times} more looks`, () => app.looks() >= from + times)
}

test("a night that was missed is made up for once, and alarms follow workspaces, also when the queue lost them", async () => {
  const all = await nights()
  await all.addWorkspace("acme", "Europe/Berlin")
  const { run, begun } = recordingConsolidate(all)
  const app = await all.start({ consolidate: { run } })
  await waitUntil("the night is made up for", () => runsDone(all, 1))
  await looksMore(app)
  expect(begun).toMatchObject([
    { workspaceId: "acme", kind: "night", night: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
  ])

  const alarm = (workspaceId: string, timeZone: string) => ({
    workspaceId,
    timeZone,
    atSecond: secondOfNight(workspaceId, { fromSecond: 7_200, untilSecond: 18_000 }),
  })
  expect(await app.queue.alarms()).toEqual([alarm("acme", "Europe/Berlin")])
  await all.addWorkspace("bolt", "Mars/Olympus")
  await all.rows("update workspaces set time_zone = 'Asia/Tokyo' where id = 'acme'")
  const stand = async () => (await app.queue.alarms()).toSorted((a, b) => (a.workspaceId < b.workspaceId ? -1 : 1))
  const wanted = [alarm("acme", "Asia/Tokyo"), alarm("bolt", "UTC")]
  await waitUntil("alarms have followed", async () => JSON.stringify(await stand()) === JSON.stringify(wanted))
  await all.loseQueues()
  await waitUntil("alarms are set again", async () => JSON.stringify(await stand()) === JSON.stringify(wanted))
  await all.rows("delete from consolidation_runs where workspace_id = 'bolt'")
  await all.rows("delete from workspaces where id = 'bolt'")
  await waitUntil("the alarm is gone", async () => (await stand()).length === 1)
})

test("two apps with queues of their own run one night once: the table decides", async () => {
  const all = await nights()
  for (let n = 0; n < 5; n++) await all.addWorkspace(`w${n}`)
  const ledger = { ...createNightLedger(all), alone: <T>(_: string, work: () => Promise<T>) => work() }
  const apps = await Promise.all(
    [1, 2].map(async () => {
      const { run, begun } = recordingConsolidate(all)
      return { begun, app: await all.start({ consolidate: { run }, ledger }) }
    }),
  )
  await waitUntil("all nights are done", () => runsDone(all, 5))
  for (const { app } of apps) await looksMore(app)
  expect(apps.flatMap(({ begun }) => begun.map(({ workspaceId }) => workspaceId)).sort()).toEqual([
    "w0",
    "w1",
    "w2",
    "w3",
    "w4",
  ])
  expect(await states(all)).toHaveLength(5)
})

test("while one process is at a workspace no other is", async () => {
  const all = await nights()
  await all.addWorkspace("acme")
  const ledger = createNightLedger(all)
  const hold = Promise.withResolvers<string>()
  const first = ledger.alone("acme", () => hold.promise)
  await waitUntil("the first is at it", async () => (await ledger.alone("acme", async () => "second")) === undefined)
  expect(await ledger.alone("bolt", async () => "another workspace")).toBe("another workspace")
  hold.resolve("first")
  expect(await first).toBe("first")
  expect(await ledger.alone("acme", async () => "third")).toBe("third")
})

test("a run that fails is begun again after a pause, and not before", async () => {
  const all = await nights()
  await all.addWorkspace("acme")
  let failing = true
  const { run, begun } = recordingConsolidate(all, async () => {
    if (failing) throw new Error("the writer is away")
  })
  const app = await all.start({ consolidate: { run } })
  await waitUntil("a run failed", async () => (await states(all)).length === 1)
  await looksMore(app)
  expect(begun).toHaveLength(1)
  failing = false
  await all.rows(
    "update consolidation_runs set started_at = started_at - interval '5 minutes', finished_at = finished_at - interval '5 minutes'",
  )
  await waitUntil("it is begun again", () => runsDone(all, 1))
  expect(begun[1]).toMatchObject({ kind: "night", night: begun[0]!.night })
})

test("each step has its turn after a run, whatever became of the others, and what came of it is recorded", async () => {
  const all = await nights()
  await all.addWorkspace("acme")
  const turns: string[] = []
  const step = (name: string, work: () => Promise<object>) => ({
    name,
    run: async (workspaceId: string, now: number) => {
      turns.push(`${name} ${workspaceId} ${typeof now}`)
      return work()
    },
  })
  const broken = async () => {
    throw new Error("no such index")
  }
  const steps = [
    step("age", async () => ({ compressed: 3 })),
    step("refresh", broken),
    step("evaluate", async () => ({})),
  ]
  const metered: unknown[] = []
  const meters = {
    ran: (run: object) => void metered.push(run),
    stepped: (each: object) => void metered.push(each),
    looked: () => {},
  }
  const { run } = recordingConsolidate(all)
  await all.start({ consolidate: { run }, steps, meters })
  const recorded = () => all.rows<{ steps: object[] }>("select steps from consolidation_runs where steps is not null")
  await waitUntil("steps are recorded", async () => (await recorded()).length === 1)
  expect(turns).toEqual(["age acme number", "refresh acme number", "evaluate acme number"])
  expect((await recorded())[0]!.steps).toEqual([
    { name: "age", ms: expect.any(Number), result: { compressed: 3 } },
    { name: "refresh", ms: expect.any(Number), error: "no such index" },
    { name: "evaluate", ms: expect.any(Number), result: {} },
  ])
  expect(metered).toMatchObject([
    { kind: "night", state: "done" },
    { step: "age", outcome: "ok" },
    { step: "refresh", outcome: "failed" },
    { step: "evaluate", outcome: "ok" },
  ])
})

test("a step that waits for a server that never answers is given up in words, and keeps nobody waiting", async () => {
  const all = await nights()
  await all.addWorkspace("acme")
  await all.addWorkspace("bolt")
  const hung = createServer(() => {})
  await new Promise<void>((resolve) => hung.listen(0, "127.0.0.1", resolve))
  const { port } = hung.address() as AddressInfo
  const hangs = { name: "drop-archived", run: async () => fetch(`http://127.0.0.1:${port}/`) }
  const steps = [hangs, { name: "evaluate", run: async () => ({ woken: 1 }) }]
  const { run } = recordingConsolidate(all)
  await all.start({ consolidate: { run }, steps, stepTimeoutMs: 200 })
  const recorded = () => all.rows<{ steps: object[] }>("select steps from consolidation_runs where steps is not null")
  await waitUntil("the steps of both are recorded", async () => (await recorded()).length === 2)
  hung.closeAllConnections()
  hung.close()
  for (const { steps: records } of await recorded()) {
    expect(records).toMatchObject([
      { name: "drop-archived", error: "given up after 0.2 s" },
      { name: "evaluate", result: { woken: 1 } },
    ])
  }
})

test("steps that a killed process left are taken by the next, without another run", async () => {
  const all = await nights()
  await all.addWorkspace("acme")
  const { run, begun } = recordingConsolidate(all)
  await recordingConsolidate(all).run("acme", { kind: "night", night: "2999-01-01", now: 0 })
  let turns = 0
  const app = await all.start({ consolidate: { run }, steps: [{ name: "age", run: async () => ({ turn: ++turns }) }] })
  await waitUntil("the step had its turn", () => turns > 0)
  await looksMore(app)
  expect({ turns, begun }).toEqual({ turns: 1, begun: [] })
})

test("a run that does not end in time is handed back when its process closes, and begun anew at once", async () => {
  const all = await nights()
  await all.addWorkspace("acme")
  const hold = Promise.withResolvers<void>()
  const stuck = recordingConsolidate(all, () => hold.promise)
  const first = await all.start({ consolidate: stuck })
  await waitUntil("the run is under way", () => stuck.begun.length === 1)
  await first.close()
  expect(await states(all)).toEqual([{ workspace: "acme", kind: "night", state: "abandoned" }])
  const { run } = recordingConsolidate(all)
  // In production the lock of `alone` ends with the process that would not.
  await all.start({ consolidate: { run }, ledger: { ...createNightLedger(all), alone: (_, work) => work() } })
  await waitUntil("it is begun anew", () => runsDone(all, 1))
  hold.resolve()
})

test("fifty new observations about one person, by whatever names, start a run for that person between nights", async () => {
  const all = await nights()
  await all.addWorkspace("acme")
  await recordingConsolidate(all).run("acme", { kind: "night", night: "2999-01-01", now: 0 })
  await all.rows(
    `insert into entity_aliases (id, workspace_id, alias_type, value, entity_id, at) values
       ('als_a', 'acme', 'github:user', '1', 'ent_a', 1), ('als_b', 'acme', 'slack:user', 'U1', 'ent_b', 1),
       ('als_c', 'acme', 'github:repository', '9', 'ent_c', 1), ('als_bot', 'acme', 'github:user', '7', 'ent_bot', 1)`,
  )
  await all.rows(
    `insert into accounts (id, workspace_id, alias_type, alias_value, realm, kind, verified, person_id) values
       ('ent_a', 'acme', 'github:user', '1', 'github', 'person', true, 'ent_a'),
       ('ent_b', 'acme', 'slack:user', 'U1', 'slack', 'person', true, 'ent_a'),
       ('ent_bot', 'acme', 'github:user', '7', 'github', 'bot', true, null)`,
  )
  const mark = (alias: string | null, added: number) =>
    all.rows(
      "insert into consolidation_marks (workspace_id, store_id, alias_id, day, added) values ('acme', 'sto_1', $1, current_date, $2)",
      [alias, added],
    )
  await mark("als_a", 30)
  await mark("als_b", 19)
  await mark("als_c", 49)
  await mark("als_stub", 49)
  await mark("als_bot", 500)
  await mark(null, 500)
  const { run, begun } = recordingConsolidate(all, async ({ entityIds }) => {
    expect(entityIds).toEqual(["ent_a"])
    await all.rows("delete from consolidation_marks where alias_id in ('als_a', 'als_b')")
  })
  const app = await all.start({ consolidate: { run } })
  await looksMore(app)
  expect(begun).toEqual([])
  await mark("als_b", 1)
  await waitUntil("a run is begun", () => begun.length === 1)
  await looksMore(app)
  expect(begun).toMatchObject([{ kind: "threshold", night: null, entityIds: ["ent_a"] }])
  expect(await states(all)).toMatchObject([{ kind: "night" }, { kind: "threshold", state: "done" }])
})
