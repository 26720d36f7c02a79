import type { Drafts } from "@engram/contracts/draft"
import type { Source } from "@engram/contracts/source"
import { sources } from "@engram/sources/registry"
import fc from "fast-check"
import { expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { comment, issue } from "../payloads.ts"
import { createWorkbench, type Payload, type Workbench } from "../workbench.ts"

/** Says who goes by which letters, as a source of teams does. */
const teams: Source = {
  ...sources.events!,
  name: "teams",
  normalize: ({ body }) => {
    const { key, at, deleted } = JSON.parse(Buffer.from(body).toString())
    const drafts: Drafts = {
      documents: [],
      moments: [],
      entities: [
        {
          kind: "team",
          alias: { type: "linear:team", value: `team-${key}` },
          aliases: [{ type: "linear:team_key", value: key }],
          fields: { name: `Team ${key}`, deleted },
          at,
        },
      ],
      scopes: [],
    }
    return { outcome: "drafts", drafts }
  },
}
const team = (key: string, { deleted = false, minute = 0 } = {}): Payload => ({
  key: `team-${key}-${minute}`,
  event: "team",
  source: "teams",
  payload: { key, at: 1_700_000_000_000 + minute * 60_000, deleted },
})

const open = () => createWorkbench({ sources: { ...sources, teams } })
const mentioned = async (bench: Workbench) => {
  const rows = await bench.rows<{ value: string }>(
    `select a.value from relationships r join entity_aliases a on a.id = r.to_alias_id
     where r.live and a.alias_type = 'linear:issue_key' order by 1`,
  )
  return rows.map((row) => row.value)
}

test("a key refers while its team is there, whichever came first", async () => {
  const bench = await open()
  const take = async (...payloads: Payload[]) => {
    await bench.accept(payloads)
    await bench.drain()
    return mentioned(bench)
  }
  try {
    expect(await take(issue({ number: 1, body: "As in ENG-123 and OPS-4, in UTF-8, since COVID-19." }))).toEqual([])
    expect(await take(team("ENG"))).toEqual(["ENG-123"])
    expect(await take(team("OPS"), issue({ number: 2, body: "ENG-5 again" }))).toEqual(["ENG-123", "ENG-5", "OPS-4"])
    expect(await take(team("ENG", { deleted: true, minute: 5 }))).toEqual(["OPS-4"])
    expect(await take(issue({ number: 3, body: "ENG-6 came too late" }))).toEqual(["OPS-4"])
    expect(await take(team("ENG", { minute: 9 }))).toEqual(["ENG-123", "ENG-5", "ENG-6", "OPS-4"])
    // What one part says without a condition holds, whatever another says under one.
    const address = comment({
      number: 3,
      id: 9,
      body: "ENG-6 came too late",
      text: "https://linear.app/acme/issue/QA-1/x",
      minute: 2,
    })
    const key = issue({ number: 3, action: "edited", body: "ENG-6 came too late, QA-1", minute: 1 })
    expect(await take(key, address)).toEqual(["ENG-123", "ENG-5", "ENG-6", "OPS-4", "QA-1"])
    // An address needs no team, and holds on when the team goes.
    const proof = issue({ number: 3, action: "edited", body: "ENG-6 https://linear.app/acme/issue/ENG-6/x", minute: 3 })
    await take(proof)
    expect(await take(team("ENG", { deleted: true, minute: 12 }))).toEqual(["ENG-6", "OPS-4", "QA-1"])
  } finally {
    await bench.close()
  }
})

const story = [
  issue({ number: 1, body: "Blocked by ENG-1, duplicate of OPS-2, see QA-3" }),
  issue({ number: 1, action: "edited", body: "Blocked by ENG-1, see QA-3 and UTF-8", minute: 2 }),
  comment({ number: 1, id: 7, text: "ENG-1 it is, and https://linear.app/acme/issue/QA-3/x", minute: 1 }),
  comment({ number: 1, id: 7, action: "deleted", text: "ENG-1", minute: 4 }),
  comment({ number: 2, id: 8, text: "https://linear.app/acme/issue/ENG-1", minute: 1 }),
  issue({ number: 3, body: "OPS-2, ENG-9" }),
  issue({ number: 3, action: "deleted", body: "OPS-2, ENG-9", minute: 3 }),
  team("ENG"),
  team("OPS"),
  team("OPS", { deleted: true, minute: 8 }),
]

test("any order, any batches and any repetition of texts and teams end in the same rows", async () => {
  const state = async (order: readonly number[], batch: number) => {
    const bench = await open()
    try {
      const deliveries = order.map((i, at) => ({
        ...story[i]!,
        key: `${story[i]!.key}-${at}`,
        receivedAt: 1_700_000_000_000 + i,
      }))
      for (let start = 0; start < deliveries.length; start += batch) {
        await bench.accept(deliveries.slice(start, start + batch))
        await bench.drain()
      }
      return await currentState(bench)
    } finally {
      await bench.close()
    }
  }
  const all = story.map((_, i) => i)
  const expected = await state(all, all.length)
  const batches = fc.integer({ min: 1, max: 5 })
  const orders = fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })
  await fc.assert(
    fc.asyncProperty(orders, batches, async (order, batch) => {
      expect(await state(order, batch)).toEqual(expected)
    }),
    { numRuns: 6, seed: 11 },
  )
}, 120_000)
