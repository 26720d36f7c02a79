import type { SearchHit } from "@engram/contracts/search"
import { search } from "@engram/pipeline/search"
import { createSearchIndex } from "@engram/store/search-index"
import { afterEach, describe, expect, test } from "vitest"
import { night } from "../nights.ts"
import { moment, scope, tell, told } from "../told.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

const today = "2026-11-21"
let bench: Workbench
afterEach(async () => bench?.close())

async function fill(privacy: "org" | "private" = "org"): Promise<void> {
  bench = await createWorkbench({ sources: { told } })
  const texts = [
    "Payments moved to the ledger queue",
    "Payments retry with backoff",
    "Payments alert the on-call",
    "Payments keep an audit trail",
  ]
  const moments = [
    ...texts.map((text, n) =>
      moment({ day: `2026-11-1${6 + n}`, text: `${text}.`, about: ["payments"], tags: ["decision"] }),
    ),
    ...["The ledger of search was rebuilt", "Search ranks titles higher", "Search drops stop words"].map((text, n) =>
      moment({ day: `2026-11-1${6 + n}`, text: `${text}.`, about: ["search"] }),
    ),
  ]
  await bench.accept([tell("all", { scopes: [scope("open", privacy)], moments })])
  await bench.drain()
}

const find = (
  query: string,
  more: { kinds?: string[]; sources?: string[]; granted?: readonly string[] | "all" } = {},
): Promise<SearchHit[]> => {
  const { granted = "all", ...filters } = more
  const deps = { search: createSearchIndex(bench.database), embedder: bench.embedder, index: bench.index }
  return search(deps)({ ...bench.lane, scopeIds: granted }, { query, limit: 20, ...filters })
}
const summariesIn = (hits: readonly SearchHit[]) => hits.filter(({ type }) => type === "summary")

describe("a search after a night", () => {
  test("finds summaries by words and by meaning, with what they cite", async () => {
    await fill()
    expect(summariesIn(await find("payments ledger queue"))).toEqual([])
    await night(bench, today)
    const [hit] = summariesIn(await find("payments ledger queue"))
    expect(hit).toMatchObject({
      kind: "summary",
      source: "engram",
      title: "Decisions around payments, 16 to 22 November 2026",
      foundBy: ["text", "vector"],
    })
    expect(hit!.evidence!.length).toBeGreaterThanOrEqual(3)
    for (const { text, occurredAt } of hit!.evidence!) {
      expect(hit!.passage).toContain(text)
      expect(occurredAt).toMatch(/^2026-11-1[6-9]T12:00:00\.000Z$/)
    }
    const kinds = await find("payments", { kinds: ["summary"] })
    expect(kinds.length).toBeGreaterThan(0)
    expect(kinds.every(({ type }) => type === "summary")).toBe(true)
    expect(summariesIn(await find("payments", { sources: ["told"] }))).toEqual([])
  })

  test("leans to what the nearest profile is of, and says so", async () => {
    await fill()
    const before = await find("the ledger of payments")
    expect(before.every(({ bias }) => bias.length === 0)).toBe(true)
    await night(bench, today)
    const hits = (await find("the ledger of payments")).filter(({ type }) => type === "observation")
    const leaning = hits.filter(({ bias }) => bias[0]?.entity === "payments")
    expect(leaning.length).toBe(4)
    for (const { bias, score } of leaning) {
      expect(bias[0]!.similarity).toBeGreaterThan(0.2)
      expect(bias[0]!.added).toBeLessThan(score / 5)
    }
  })

  test("shows no summary from the moment that something it cites is gone, or its scope is private", async () => {
    await fill()
    await night(bench, today)
    const shows = async (granted: readonly string[] | "all" = []) =>
      summariesIn(await find("payments", { granted })).length
    expect(await shows()).toBeGreaterThan(0)
    await bench.rows("update scopes set privacy = 'private'")
    expect(await shows()).toBe(0)
    expect((await find("payments", { granted: [] })).length).toBe(0)
    const [{ id } = { id: "" }] = await bench.rows<{ id: string }>("select id from scopes")
    expect(await shows([id])).toBeGreaterThan(0)
    await bench.rows("update scopes set privacy = 'org'")
    const [cited] = summariesIn(await find("payments"))
    await bench.rows("update memory_observations set live = false where id = $1", [cited!.evidence![0]!.id])
    const left = summariesIn(await find("payments"))
    expect(left.map(({ id }) => id)).not.toContain(cited!.id)
    expect(JSON.stringify(left)).not.toContain(cited!.evidence![0]!.text)
  })

  test("shows what is private to its readers only, summaries and profiles too", async () => {
    await fill("private")
    await night(bench, today)
    expect(await find("payments", { granted: [] })).toEqual([])
    const [{ id } = { id: "" }] = await bench.rows<{ id: string }>("select id from scopes")
    expect(summariesIn(await find("payments", { granted: [id] })).length).toBeGreaterThan(0)
    expect(await bench.rows("select from memory_profiles")).toEqual([])
  })
})
