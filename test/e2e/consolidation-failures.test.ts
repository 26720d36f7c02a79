import type { SummaryWriter } from "@engram/contracts/consolidation"
import type { ConsolidationLedger } from "@engram/contracts/consolidation-ledger"
import { Rejected, RetryLater } from "@engram/contracts/errors"
import { extractiveWriter } from "@engram/core/consolidate/extract"
import { writeOrFallBack } from "@engram/core/consolidate/write-or-fall-back"
import { createLog } from "@engram/observability/log"
import { afterEach, describe, expect, test } from "vitest"
import { consolidated, night, summariesOf } from "../nights.ts"
import { moment, scope, tell, told } from "../told.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

const today = "2026-11-21"
let bench: Workbench
afterEach(async () => bench?.close())

const decision = (n: number, word = "Decision") =>
  moment({
    day: `2026-11-${16 + (n % 5)}`,
    text: `${word} number ${n} was taken.`,
    about: ["ingest", `side-${n % 3}`],
    tags: ["decision"],
    hour: n,
  })
const week = tell("week", {
  scopes: [scope("open", "org")],
  moments: Array.from({ length: 15 }, (_, n) => decision(n)),
})

async function fill(): Promise<void> {
  bench = await createWorkbench({ sources: { told } })
  await bench.accept([week])
  await bench.drain()
}

const marks = async (): Promise<number> =>
  (await bench.rows<{ n: number }>("select count(*)::int as n from consolidation_marks"))[0]!.n

type Call = keyof ConsolidationLedger

/** A ledger whose nth call of any of these breaks, before or after it was done. */
const breaking = (at: number, after: boolean, calls: readonly Call[]) => {
  let n = 0
  return (real: ConsolidationLedger): ConsolidationLedger =>
    new Proxy(real, {
      get: (target, name: Call) => {
        const call = target[name] as (...given: unknown[]) => Promise<unknown>
        if (!calls.includes(name)) return call
        return async (...given: unknown[]) => {
          const broken = n++ === at
          if (broken && !after) throw new Error("the power went out")
          const answer = await call(...given)
          if (broken) throw new Error("the power went out")
          return answer
        }
      },
    })
}

describe("a run that breaks", () => {
  test("anywhere leaves whole summaries and every mark, and the next ends as if nothing had happened", async () => {
    await fill()
    await night(bench, today)
    const expected = await consolidated(bench)
    await bench.close()
    for (const after of [false, true]) {
      for (let at = 0; at < 4; at++) {
        await fill()
        const before = await marks()
        const broken = await night(bench, today, {
          ledger: breaking(at, after, ["saveSummaries", "saveProfiles", "saveValues"]),
        })
        expect(broken).toMatchObject({ state: "failed", reason: expect.stringContaining("the power went out") })
        expect(await marks()).toBe(before)
        for (const { cited, evidence } of await summariesOf(bench)) expect(cited > 2 && evidence >= cited).toBe(true)
        expect((await night(bench, today))!.state).toBe("done")
        expect(await consolidated(bench)).toEqual(expected)
        expect(await marks()).toBe(0)
        await bench.close()
      }
    }
    await fill()
    // Nine databases, one after the other.
  }, 300_000)

  test("says in the log why, and where", async () => {
    await fill()
    const lines: string[] = []
    const log = createLog({ level: "error", name: "test", destination: { write: (line) => void lines.push(line) } })
    await night(bench, today, { log, ledger: breaking(0, false, ["saveSummaries"]) })
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { reason: "the power went out", stack: expect.stringContaining("consolidation-failures.test.ts") },
    ])
  })

  test("without an end, as when killed, keeps others away for its lease only, and is recorded as abandoned", async () => {
    await fill()
    const dies = (real: ConsolidationLedger): ConsolidationLedger => ({
      ...real,
      renew: async () => true,
      finish: async () => {
        throw new Error("killed")
      },
    })
    await expect(night(bench, today, { ledger: dies, leaseMs: 60_000 })).rejects.toThrow("killed")
    expect(await night(bench, today)).toBeUndefined()
    await bench.rows("update consolidation_runs set leased_until = now() - interval '1 second'")
    expect(await night(bench, today)).toMatchObject({ state: "done" })
    const states = await bench.rows<{ state: string }>("select state from consolidation_runs order by state")
    expect(states.map(({ state }) => state)).toEqual(["abandoned", "done"])
    expect(await marks()).toBe(0)
  })

  test("that was taken for dead writes nothing once another has begun", async () => {
    await fill()
    const late = (real: ConsolidationLedger): ConsolidationLedger => ({
      ...real,
      saveSummaries: async (workspaceId, runId, change) => {
        await bench.rows("update consolidation_runs set state = 'abandoned' where id = $1", [runId])
        return real.saveSummaries(workspaceId, runId, change)
      },
    })
    await expect(night(bench, today, { ledger: late })).rejects.toThrow("another took the workspace")
    expect(await summariesOf(bench)).toEqual([])
    expect(await marks()).toBeGreaterThan(0)
  })

  test("two that begin together are one, and a night that was done is not done again", async () => {
    await fill()
    const start = { kind: "night", night: "2026-11-21", drained: false } as const
    const both = await Promise.all([night(bench, today, start), night(bench, today, start)])
    expect(both.filter((run) => run !== undefined)).toHaveLength(1)
    expect(await night(bench, today, start)).toBeUndefined()
    expect(await night(bench, today, { ...start, night: "2026-11-22" })).toMatchObject({ state: "done" })
  })
})

test("while a run of a workspace is under way no other begins, by hand or for a night", async () => {
  await fill()
  let others: unknown[] | undefined
  const meanwhile = (real: ConsolidationLedger): ConsolidationLedger => ({
    ...real,
    evidence: async (...given) => {
      const start = { drained: false } as const
      others ??= [
        await night(bench, today, start),
        await night(bench, today, { ...start, kind: "night", night: today }),
      ]
      return real.evidence(...given)
    },
  })
  expect(await night(bench, today, { ledger: meanwhile })).toMatchObject({ state: "done" })
  expect(others).toEqual([undefined, undefined])
  expect(await bench.rows("select from consolidation_runs")).toHaveLength(1)
})

describe("evidence that changes while a run goes", () => {
  const meanwhile = (work: () => Promise<unknown>) => {
    let done = false
    return (real: ConsolidationLedger): ConsolidationLedger => ({
      ...real,
      evidence: async (workspaceId, ids) => {
        const rows = await real.evidence(workspaceId, ids)
        if (!done) await work()
        done = true
        return rows
      },
    })
  }

  test("is left for the next run: nothing is written that no longer rests on it, and its mark stays", async () => {
    await fill()
    const taken = meanwhile(() =>
      bench.rows("update memory_observations set live = false where text like 'Decision number 3 %'"),
    )
    await night(bench, today, { ledger: taken })
    const cites =
      "select 1 from memory_summaries s join memory_observations o on o.id = any(s.cited_ids || s.evidence_ids) where not o.live"
    expect(await bench.rows(cites)).toEqual([])
    expect(await marks()).toBeGreaterThan(0)
    await night(bench, today)
    expect((await summariesOf(bench)).find(({ title }) => title.includes("ingest"))).toMatchObject({ evidence: 14 })
    expect(await marks()).toBe(0)
  })

  test("that is added meanwhile is in the next run's", async () => {
    await fill()
    const added = meanwhile(async () => {
      await bench.accept([tell("late", { moments: [decision(20, "Late")] })])
      await bench.turn("normalize")
    })
    await night(bench, today, { ledger: added })
    await night(bench, today)
    expect((await summariesOf(bench)).find(({ title }) => title.includes("ingest"))).toMatchObject({ evidence: 16 })
  })
})

describe("a summary whose evidence went", () => {
  test("is withdrawn when too little is left, with its vector, and the profile too", async () => {
    await fill()
    await night(bench, today)
    await bench.rows("update memory_observations set live = false")
    await night(bench, today)
    expect(await summariesOf(bench)).toEqual([])
    expect(await bench.rows("select from memory_profiles")).toEqual([])
    const left =
      "select family from vector_entries where family in ('summaries', 'profiles') and (wanted_hash is not null or removed_at is null)"
    expect(await bench.rows(left)).toEqual([])
  })

  test("is written anew when enough is left", async () => {
    await fill()
    await night(bench, today)
    const [before] = (await summariesOf(bench)).filter(({ title }) => title.includes("ingest"))
    await bench.rows("update memory_observations set live = false where text like 'Decision number 3 %'")
    const run = await night(bench, today)
    expect(run!.report!.summariesWritten).toBeGreaterThan(0)
    const [after] = (await summariesOf(bench)).filter(({ title }) => title.includes("ingest"))
    expect(after).toMatchObject({ id: before!.id, evidence: 14 })
    expect(after!.text).not.toContain("number 3 ")
  })
})

describe("a writer that", () => {
  const sentences = (count: number, text: string, cites: readonly string[]) =>
    Array.from({ length: count }, (_, n) => ({ text: `${text} ${n}.`, cites: cites as never }))
  const answers: Readonly<Record<string, SummaryWriter["write"]>> = {
    "cites what is not there": async () => ({ writer: "model", sentences: sentences(3, "Nonsense", ["obs_none"]) }),
    "says nothing": async () => ({ writer: "model", sentences: [] }),
    "writes ten thousand characters": async (_, evidence) => ({
      writer: "model",
      sentences: sentences(4, "long ".repeat(500), [evidence[0]!.id]),
    }),
    refuses: async () => {
      throw new Rejected("answer_broken", "no text")
    },
    "is away": async () => {
      throw new RetryLater("503", { afterMs: 1_000 })
    },
    "has a bug": async () => {
      throw new TypeError("undefined is not a function")
    },
  }
  for (const [name, write] of Object.entries(answers)) {
    test(`${name} damages nothing: the extract stands in`, async () => {
      await fill()
      const writer = writeOrFallBack({
        primary: { name: "model", write },
        fallback: extractiveWriter,
        onFallback: () => {},
      })
      const run = await night(bench, today, { writer })
      expect(run!.state).toBe("done")
      expect(run!.report!.writerFallbacks).toBe(run!.report!.summariesWritten)
      expect((await summariesOf(bench)).length).toBe(5)
      const writers = await bench.rows<{ writer: string }>("select distinct writer from memory_summaries")
      expect(writers).toEqual([{ writer: extractiveWriter.name }])
      // Who was away is asked again at the next night; who gave a bad answer would give it again.
      expect(await marks()).toBe(["is away", "has a bug"].includes(name) ? 4 : 0)
    })
  }
})
