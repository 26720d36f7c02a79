import { type RetainReport, retain } from "@engram/pipeline/retain"
import { sources } from "@engram/sources/registry"
import { createRetentionLedger } from "@engram/store/forget/retention"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import { createWorkspaceAdmin } from "@engram/store/workspace-settings"
import { waitUntil } from "@engram/testkit/wait-until"
import { waitingForLocks } from "@engram/testkit/waiting-for-locks"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { everyColumn } from "../every-column.ts"
import { forgetDepsOf, forgetIn } from "../forgetting.ts"
import { night } from "../nights.ts"
import { comment, issue } from "../payloads.ts"
import { page } from "../search-door.ts"
import { moment, scope, tell, told } from "../told.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

const today = "2026-11-21"
const now = Date.parse(today) + 3 * 3_600_000
let bench: Workbench
beforeEach(async () => {
  bench = await createWorkbench({ sources: { ...sources, told } })
})
afterEach(() => bench.close())

const choose = (change: { retentionDays?: number | null; legalHold?: boolean }) =>
  createWorkspaceAdmin(bench).set("acme", change, "test")

const deps = () => ({ ...forgetDepsOf(bench), retention: createRetentionLedger(bench.database), now: () => now })

/** A night's removal, and workers catching up with it, again after the longest timeout. */
async function retained(at = now): Promise<RetainReport> {
  const report = await retain(deps())("acme", at)
  await bench.drain()
  await createSweepLedger(bench.database).removeAgain(-1)
  await bench.drain()
  return report
}

const minutesUntil = (day: string): number => (Date.parse(day) - Date.UTC(2024, 0, 1)) / 60_000
const titles = async () =>
  (await bench.rows<{ title: string }>("select title from knowledge_documents order by title")).map(
    ({ title }) => title,
  )
const old = page("nightingale", "Decision: the nightingale sings in May.", { occurredAt: "2024-01-01T00:00:00Z" })
const young = page("canteen", "Decision: it closes at three.", { occurredAt: "2026-10-01T00:00:00Z" })

async function fill(): Promise<void> {
  await bench.accept([
    old,
    young,
    page("edited", "It was so in 2024.", { occurredAt: "2024-01-01T00:00:00Z" }),
    issue({ number: 1, title: "Old nightingale", body: "It is quiet." }),
    issue({ number: 2, title: "Old but spoken of", body: "It is open." }),
    comment({ number: 2, id: 7, title: "Old but spoken of", text: "Still open.", minute: minutesUntil("2026-09-01") }),
    tell("told", {
      scopes: [scope("open", "org")],
      moments: [
        moment({ day: "2024-02-01", text: "The nightingale left its nest.", about: ["bird"] }),
        moment({ day: "2026-11-01", text: "The canary came.", about: ["bird"] }),
      ],
    }),
  ])
  await bench.drain()
  await bench.accept([page("edited", "It is so in 2026.", { occurredAt: "2026-08-01T00:00:00Z" })])
  await bench.drain()
  await bench.rows("update ingest_deliveries set received_at = '2024-02-02' where delivery_key = 'told'")
  await night(bench, today)
}

describe("retention", () => {
  test("removes what nothing was said in for longer, from every store, and nothing else", async () => {
    await fill()
    const before = await titles()
    expect(await retained()).toEqual({ state: "off", removed: {} })
    expect(await titles()).toEqual(before)
    const due = () => deps().retention.due("acme", now)
    const nothing = { documents: 0, observations: 0, deliveries: 0 }
    expect(await due()).toEqual({ state: "off", due: nothing })

    await choose({ retentionDays: 365 })
    const foreseen = await due()
    expect(await titles()).toEqual(before)
    const { state, removed } = await retained()
    expect(state).toBe("on")
    expect({ state, removed }).toMatchObject({ state: foreseen.state, removed: foreseen.due })
    expect(await due()).toEqual({ state, due: nothing })
    expect(removed).toMatchObject({ documents: 2, observations: expect.any(Number), deliveries: 3 })
    expect(await titles()).toEqual(["Old but spoken of", "canteen", "edited"])
    expect(await everyColumn(bench, ["nightingale"])).toEqual([])
    expect([...bench.artifacts.values()].filter((bytes) => /nightingale/i.test(Buffer.from(bytes).toString()))).toEqual(
      [],
    )
    expect(await bench.rows("select from memory_observations where text = 'The canary came.'")).toHaveLength(1)
    expect(await bench.rows("select from vector_entries where wanted_hash is null")).toEqual([])
    expect(await bench.rows("select from suppressions")).toEqual([])
    expect(await bench.rows("select from forgotten_refs")).toEqual([])
    const audit = await bench.rows("select actor, action, detail from audit_log order by at")
    expect(audit).toEqual([
      {
        actor: "test",
        action: "workspace.set",
        detail: {
          before: { retentionDays: null, legalHold: false },
          after: { retentionDays: 365, legalHold: false },
        },
      },
      { actor: "retention", action: "retention.done", detail: removed },
    ])
    // Another night finds nothing, and says nothing.
    expect(await retained()).toEqual({ state: "on", removed: {} })
    expect(await bench.rows("select from audit_log")).toHaveLength(2)
  })

  test("keeps what is said anew of what it removed, and removes again what is only brought again", async () => {
    await fill()
    await choose({ retentionDays: 365 })
    await retained()
    const state = await currentState(bench)
    await bench.accept([old])
    await bench.drain()
    expect(await currentState(bench)).toEqual(state)
    await bench.accept([{ ...old, key: "brought again" }])
    await bench.drain()
    expect(await titles()).toContain("nightingale")
    expect((await retained()).removed).toMatchObject({ documents: 1 })
    expect(await titles()).not.toContain("nightingale")
    await bench.accept([comment({ number: 1, id: 8, text: "Sing again?", minute: minutesUntil("2026-11-20") })])
    await bench.drain()
    expect((await retained()).removed).toEqual({})
    expect((await titles()).length).toBe(4)
  })

  test("goes on where it was killed, and counts all of it once", async () => {
    const many = Array.from({ length: 60 }, (_, n) =>
      page(`page-${n}`, `Page ${n}.`, { occurredAt: "2024-01-01T00:00:00Z" }),
    )
    await bench.accept(many)
    await bench.drain()
    await choose({ retentionDays: 365 })
    const { counts } = await deps().retention.removeSome("acme", now)
    expect(counts).toMatchObject({ documents: 50 })
    expect((await retained()).removed).toMatchObject({ documents: 60, deliveries: 60, artifacts: 60 })
    expect(await titles()).toEqual([])
    expect(await bench.rows("select from audit_log where action = 'retention.done'")).toHaveLength(1)
  })
})

describe("a legal hold", () => {
  test("keeps retention and forgetting from deleting anything, while a source's deletion still hides", async () => {
    await fill()
    await choose({ retentionDays: 365, legalHold: true })
    const state = await currentState(bench)
    expect(await retained()).toEqual({ state: "held", removed: {} })
    expect(await deps().retention.due("acme", now)).toMatchObject({ state: "held", due: { documents: 0 } })
    for (const request of [
      { kind: "document", name: "events:wiki:canteen" },
      { kind: "person", name: "github:login:codertocat" },
      { kind: "source", name: "github" },
      { kind: "workspace" },
    ] as const) {
      await expect(forgetIn(bench, request)).rejects.toThrow(
        /acme is under legal hold: nothing of it is deleted until `engram workspace set/,
      )
    }
    expect(await currentState(bench)).toEqual(state)
    expect(await bench.rows("select from suppressions")).toEqual([])

    const objects = bench.artifacts.size
    await bench.accept([issue({ number: 2, action: "deleted", minute: minutesUntil("2026-11-01") })])
    await bench.drain()
    expect(await bench.rows("select live from knowledge_documents where source_id like '%#2'")).toEqual([
      { live: false },
    ])
    await retained(now + 3_650 * 86_400_000)
    expect(await bench.rows("select live from knowledge_documents where source_id like '%#2'")).toEqual([
      { live: false },
    ])
    expect(bench.artifacts.size).toBe(objects + 1)

    await choose({ legalHold: false })
    expect((await retained()).removed).toMatchObject({ documents: 2 })
    expect((await forgetIn(bench, { kind: "document", name: "events:wiki:canteen" })).counts).toMatchObject({
      documents: 1,
    })
  })

  test("that is switched on at this moment is waited for by who deletes, and waits for them", async () => {
    await fill()
    await choose({ retentionDays: 365 })
    const before = await titles()
    const other = await bench.database.pool.connect()
    const waits = (what: string) => waitUntil(what, async () => (await waitingForLocks(bench.rows)) > 0)
    await other.query("begin; update workspaces set legal_hold = true")
    const removing = retained()
    await waits("retention waits for the hold")
    await other.query("commit")
    expect(await removing).toEqual({ state: "held", removed: {} })
    expect(await titles()).toEqual(before)

    await choose({ legalHold: false })
    // As a transaction that deletes holds it.
    await other.query("begin; select from workspaces for share")
    const holding = choose({ legalHold: true })
    await waits("the hold waits for what is deleted")
    await other.query("commit")
    other.release()
    expect(await holding).toMatchObject({ legalHold: true })
  })
})
