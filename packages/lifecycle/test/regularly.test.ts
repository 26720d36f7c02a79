import { expect, test } from "vitest"
import { regularly } from "../src/regularly.ts"

/** Work that ends when it is told to, and says how often it has begun. */
function slowWork() {
  const ends: (() => void)[] = []
  let begun = 0
  let waiting: (() => void) | undefined
  return {
    work: () => {
      begun++
      waiting?.()
      return new Promise<void>((resolve) => ends.push(resolve))
    },
    begun: () => begun,
    next: () =>
      new Promise<void>((resolve) => {
        waiting = resolve
        ends.shift()!()
      }),
    end: () => ends.shift()!(),
  }
}

test("begins at once, and again only after the last has ended", async () => {
  const { work, begun, next, end } = slowWork()
  const stop = regularly(work, { everyMs: 1, onError: () => {} })
  expect(begun()).toBe(1)
  await next()
  await next()
  expect(begun()).toBe(3)
  end()
  await stop()
  expect(begun()).toBe(3)
})

test("one that fails is told of, and is followed by the next", async () => {
  const errors: unknown[] = []
  let begun = 0
  let stop = async (): Promise<void> => {}
  await new Promise<void>((resolve) => {
    const work = async () => {
      if (++begun < 3) throw new Error(`failure ${begun}`)
      resolve()
    }
    stop = regularly(work, { everyMs: 1, onError: (error) => errors.push(error) })
  })
  await stop()
  expect(errors).toEqual([new Error("failure 1"), new Error("failure 2")])
})

test("stopping waits for the one that runs, and none begins after", async () => {
  const { work, begun, end } = slowWork()
  const stop = regularly(work, { everyMs: 0, onError: () => {} })
  let stopped = false
  const stopping = stop().then(() => {
    stopped = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(stopped).toBe(false)
  end()
  await stopping
  await new Promise((resolve) => setImmediate(resolve))
  expect(begun()).toBe(1)
})
