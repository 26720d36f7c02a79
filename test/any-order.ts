import fc from "fast-check"
import { expect } from "vitest"
import { type CurrentState, currentState } from "./current-state.ts"
import { createWorkbench, type Payload, type Workbench } from "./workbench.ts"

/** Where a workbench of its own ends after `work`, when all that came of it is done and nothing was parked. */
export async function stateAfter(work: (bench: Workbench) => Promise<unknown>): Promise<CurrentState> {
  const bench = await createWorkbench()
  try {
    await work(bench)
    await bench.drain()
    expect(await bench.rows("select event, reason from ingest_deliveries where state = 'parked'")).toEqual([])
    return await currentState(bench)
  } finally {
    await bench.close()
  }
}

/** Lines of a table without the members named. */
export const without = (lines: readonly string[] | undefined, ...names: string[]): unknown[] =>
  (lines ?? []).map((line) => {
    const row = JSON.parse(line)
    for (const name of names) delete row[name]
    return row
  })

/** Each twice and shuffled, `batch` at a time with all that comes of them: they end where they end once in their order. */
export async function expectSameInAnyOrder(
  all: readonly Payload[],
  { batch, ...runs }: { readonly batch: number; readonly numRuns: number; readonly seed: number },
): Promise<void> {
  const mixed = (order: readonly number[]) =>
    stateAfter(async (bench) => {
      for (let start = 0; start < order.length; start += batch) {
        await bench.accept(order.slice(start, start + batch).map((i, n) => ({ ...all[i]!, key: `${start + n}` })))
        await bench.drain()
      }
    })
  const indices = all.map((_, i) => i)
  const expected = await mixed(indices)
  const orders = fc.shuffledSubarray([...indices, ...indices], { minLength: indices.length * 2 })
  const same = fc.asyncProperty(orders, async (order) => {
    expect(await mixed(order)).toEqual(expected)
  })
  await fc.assert(same, runs)
}
