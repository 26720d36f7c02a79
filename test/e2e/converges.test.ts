import fc from "fast-check"
import { expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { directoryPayloads, withDirectory } from "../directory.ts"
import { examplePayloads, incidentPayloads, linearPayloads } from "../examples.ts"
import { notionBench } from "../notion-bench.ts"
import { aBusyDay } from "../notion-day.ts"
import { slackPayloads } from "../slack.ts"
import { createWorkbench, type Payload } from "../workbench.ts"

const recorded = [...examplePayloads, ...linearPayloads, ...slackPayloads, ...incidentPayloads]

const streams: readonly (readonly [name: string, payloads: () => Promise<readonly Payload[]>])[] = [
  ["Linear", async () => linearPayloads],
  ["all four sources together", async () => [...recorded, ...(await notionPayloads()), ...directoryPayloads]],
]

/** A day in Notion: its events, and what was read of its pages. */
const notionPayloads = async (): Promise<Payload[]> => aBusyDay(await notionBench())

test("every recorded payload ends processed or skipped, and nothing is left owed", async () => {
  const bench = await createWorkbench()
  try {
    await bench.accept(recorded)
    await bench.drain()
    const states = await bench.database.pool.query("select distinct state from ingest_deliveries order by state")
    expect(states.rows.map((row) => row.state)).toEqual(["processed", "skipped"])
  } finally {
    await bench.close()
  }
})

test.each(streams)(
  "any order and any repetition of %s ends in the same state",
  async (_, stream) => {
    const payloads = await stream()
    const state = async (order: readonly number[]) => {
      const bench = await createWorkbench({ sources: withDirectory })
      try {
        const seen = new Map<number, number>()
        const deliveries = order.map((i) => {
          seen.set(i, (seen.get(i) ?? 0) + 1)
          // A payload without a time of its own is dated by its acceptance, which is part of the delivery.
          return { ...payloads[i]!, key: `${payloads[i]!.key}-${seen.get(i)}`, receivedAt: 1_700_000_000_000 + i }
        })
        for (let start = 0; start < deliveries.length; start += 97) {
          await bench.accept(deliveries.slice(start, start + 97))
          await bench.drain()
        }
        return await currentState(bench)
      } finally {
        await bench.close()
      }
    }
    const all = payloads.map((_, i) => i)
    const expected = await state(all)
    expect(expected.knowledge_documents?.length).toBeGreaterThan(10)
    if (payloads.length > recorded.length) expectPeople(expected.accounts ?? [])
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }), async (order) => {
        expect(await state(order)).toEqual(expected)
      }),
      { numRuns: 3, seed: 7 },
    )
  },
  300_000,
)

/** People, and some of them with more than one account. */
function expectPeople(accounts: readonly string[]): void {
  const people = accounts.flatMap((line) => JSON.parse(line).person_id ?? [])
  expect(new Set(people).size).toBeGreaterThan(30)
  expect(people.length - new Set(people).size).toBeGreaterThan(30)
}
