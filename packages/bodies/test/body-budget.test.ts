import { type BodyBudget, createBodyBudget } from "@engram/bodies/body-budget"
import { expect, test } from "vitest"

/** A body that may take so much, and whether it waits for what it asked for last. */
function open(budget: BodyBudget, most: number) {
  const share = budget.open(most)
  const body = {
    ...share,
    isWaiting: false,
    take: (bytes: number) => {
      body.isWaiting = true
      share.take(bytes, () => {
        body.isWaiting = false
      })
    },
    /** Takes all it may at once. */
    fill: () => body.take(most),
  }
  return body
}

test("never more is held than there is, and who waits is let in in the order of asking", () => {
  const seen: number[] = []
  const budget = createBodyBudget(100, (held) => seen.push(held))
  const bodies = [open(budget, 60), open(budget, 70), open(budget, 10)]
  for (const body of bodies) body.fill()
  // The small one would fit, but a large one must not wait for ever behind small ones.
  expect(bodies.map(({ isWaiting }) => isWaiting)).toEqual([false, true, true])
  bodies[0]?.release()
  expect(bodies.map(({ isWaiting }) => isWaiting)).toEqual([false, false, false])
  expect(budget.held()).toBe(80)
  expect(Math.max(...seen)).toBe(80)
})

test("what is given back twice counts once, and one larger than everything goes alone", () => {
  const budget = createBodyBudget(100)
  const [first, huge, last] = [open(budget, 50), open(budget, 500), open(budget, 1)]
  first.fill()
  huge.fill()
  expect(huge.isWaiting).toBe(true)
  first.release()
  first.release()
  expect(huge.isWaiting).toBe(false)
  expect(budget.held()).toBe(500)
  last.fill()
  expect(last.isWaiting).toBe(true)
  huge.release()
  expect(last.isWaiting).toBe(false)
  expect(budget.held()).toBe(1)
})

test("what may come to be large holds what it took, and is in nobody's way", () => {
  const budget = createBodyBudget(100)
  const silent = Array.from({ length: 1_000 }, () => open(budget, 100))
  silent[0]?.take(1)
  const small = open(budget, 90)
  small.fill()
  expect(small.isWaiting).toBe(false)
  expect(budget.held()).toBe(91)
})

test("one that has to wait for others' ends is passed by what has come whole, while there is room, and by nothing else", () => {
  const budget = createBodyBudget(100)
  const [slow, slower, half] = [open(budget, 100), open(budget, 100), open(budget, 100)]
  slow.take(1)
  // Neither could have all of it any more.
  slower.take(1)
  half.take(50)
  const [whole, tooLarge, small] = [open(budget, 90), open(budget, 20), open(budget, 5)]
  for (const body of [whole, tooLarge, small]) body.fill()
  const waiting = () => [slower, half, whole, tooLarge, small].map(({ isWaiting }) => isWaiting)
  expect(waiting()).toEqual([true, true, false, true, true])
  whole.release()
  expect(waiting()).toEqual([true, true, false, false, false])
  slow.release()
  expect(slower.isWaiting).toBe(false)
})

test("the half read never hold what all of them wait for: one is always let come to its end, the nearest to it first", () => {
  const budget = createBodyBudget(100)
  const [large, small] = [open(budget, 80), open(budget, 60)]
  large.take(30)
  small.take(30)
  // Would fit, but then neither could have its rest.
  large.take(20)
  expect(large.isWaiting).toBe(true)
  small.take(20)
  small.take(10)
  expect([large.isWaiting, small.isWaiting]).toEqual([true, false])
  small.release()
  expect(large.isWaiting).toBe(false)
  expect(budget.held()).toBe(50)
})

test("a complete body keeps what it needs and is waited for no more", () => {
  const budget = createBodyBudget(100)
  const [short, other] = [open(budget, 100), open(budget, 90)]
  short.take(20)
  other.take(40)
  other.take(40)
  expect(other.isWaiting).toBe(true)
  short.settle(10)
  expect(other.isWaiting).toBe(false)
  expect(budget.held()).toBe(90)
})

test("who leaves the line has neither what it waited for nor what it held", () => {
  const budget = createBodyBudget(100)
  const [first, leaving, behind] = [open(budget, 70), open(budget, 60), open(budget, 20)]
  first.take(60)
  leaving.fill()
  behind.fill()
  leaving.release()
  expect([leaving.isWaiting, behind.isWaiting]).toEqual([true, false])
  first.release()
  expect(budget.held()).toBe(20)
})

/** The same numbers each time: from 1 to `most`. */
function dice(seed: number): (most: number) => number {
  let state = seed
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return 1 + Math.floor((state / 2 ** 32) * most)
  }
}

test("in whatever steps and order bodies come, all of them come to their ends", () => {
  for (let seed = 0; seed < 50; seed++) {
    const roll = dice(seed)
    const budget = createBodyBudget(1_000)
    let unread = Array.from({ length: 40 }, () => {
      const most = roll(900)
      return { most, taken: 0, body: open(budget, most) }
    })
    while (unread.length > 0) {
      const sending = unread.filter(({ body }) => !body.isWaiting)
      expect(sending.length, `seed ${seed}: all wait`).toBeGreaterThan(0)
      const one = sending[roll(sending.length) - 1]!
      if (one.taken === one.most) {
        one.body.release()
        unread = unread.filter((other) => other !== one)
        continue
      }
      const bytes = roll(one.most - one.taken)
      one.taken += bytes
      one.body.take(bytes)
      expect(budget.held()).toBeLessThanOrEqual(1_000)
    }
    expect(budget.held()).toBe(0)
  }
})
