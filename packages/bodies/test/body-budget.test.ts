import { createBodyBudget } from "@engram/bodies/body-budget"
import { expect, test } from "vitest"

/** Takes, and tells whether it was let in yet. */
function taker(budget: ReturnType<typeof createBodyBudget>, bytes: number) {
  const state = { isIn: false, giveBack: () => {} }
  const done = budget.take(bytes).then((giveBack) => {
    state.isIn = true
    state.giveBack = giveBack
  })
  return { state, done }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test("never more is held than there is, and who waits is let in in the order of asking", async () => {
  const seen: number[] = []
  const budget = createBodyBudget(100, (held) => seen.push(held))
  const [first, large, small] = [taker(budget, 60), taker(budget, 70), taker(budget, 10)]
  await turn()
  // The small one would fit, but a large one must not wait for ever behind small ones.
  expect([first, large, small].map(({ state }) => state.isIn)).toEqual([true, false, false])
  first.state.giveBack()
  await Promise.all([large.done, small.done])
  expect(budget.held()).toBe(80)
  expect(Math.max(...seen)).toBe(80)
})

test("what is given back twice counts once, and one larger than everything goes alone", async () => {
  const budget = createBodyBudget(100)
  const [first, huge] = [taker(budget, 50), taker(budget, 500)]
  await turn()
  expect(huge.state.isIn).toBe(false)
  first.state.giveBack()
  first.state.giveBack()
  await huge.done
  expect(budget.held()).toBe(500)
  const last = taker(budget, 1)
  await turn()
  expect(last.state.isIn).toBe(false)
  huge.state.giveBack()
  await last.done
  expect(budget.held()).toBe(1)
})
