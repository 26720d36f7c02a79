import type { WebhookAttempt, WebhookLog } from "@engram/contracts/redelivery"
import { expect, test } from "vitest"
import { redeliver, redeliverLimits } from "../src/redeliver.ts"

const hour = 3_600_000
const start = Date.UTC(2026, 0, 10)
const connection = { id: "con_1", workspaceId: "acme" } as const

/** A provider that remembers, with a receiver that answers as the test says. */
function remember(answers: (key: string, attempt: number) => boolean, attempts: WebhookAttempt[] = []) {
  let now = start
  let id = 100
  const add = (deliveryKey: string, at: number, succeeded: boolean): void => {
    attempts.push({ id: String(id++), deliveryKey, event: "issues", at: new Date(at), succeeded, ended: "500" })
  }
  const log: WebhookLog = {
    keptMs: 72 * hour,
    pauseMs: 0,
    attempts: async (since) => attempts.filter(({ at }) => at >= since),
    redeliver: async (attemptId) => {
      const { deliveryKey } = attempts.find((each) => each.id === attemptId)!
      add(deliveryKey, now, answers(deliveryKey, attempts.filter((each) => each.deliveryKey === deliveryKey).length))
    },
  }
  const run = (given: { at?: number; present?: string[]; dryRun?: boolean; asksMax?: number; since?: Date } = {}) => {
    now = given.at ?? now
    const ledger = { present: async () => new Set(given.present) }
    const limits = { ...redeliverLimits, ...(given.asksMax && { asksMax: given.asksMax }) }
    const options = { now, ...(given.dryRun && { dryRun: true }), ...(given.since && { since: given.since }) }
    return redeliver({ ledger, log, limits }, connection, options)
  }
  return { add, run, attempts }
}

test("only what failed and is not there is asked for again, the oldest first", async () => {
  const { add, run, attempts } = remember(() => true)
  add("fine", start - 9 * hour, true)
  add("failed", start - 2 * hour, false)
  add("failed earlier", start - 3 * hour, false)
  add("there all the same", start - 4 * hour, false)
  add("repaired by hand", start - 5 * hour, false)
  add("repaired by hand", start - 4 * hour, true)
  add("too old", start - 73 * hour, false)
  const before = attempts.length
  const dry = await run({ present: ["there all the same"], dryRun: true })
  expect(attempts.length).toBe(before)
  expect(dry).toEqual({ deliveries: 5, failed: 3, present: 1, tooSoon: 0, gaveUp: [], asked: 2, left: 0 })
  expect(await run({ present: ["there all the same"] })).toEqual(dry)
  expect(attempts.slice(before).map(({ deliveryKey }) => deliveryKey)).toEqual(["failed earlier", "failed"])
  expect(await run()).toMatchObject({ failed: 1, asked: 1 })
})

test("what fails again and again is asked for a stated number of times, ever later, and then no more", async () => {
  const { add, run, attempts } = remember(() => false)
  add("hopeless", start - hour, false)
  const asked: number[] = []
  for (let minute = 0; minute < 24 * 60; minute++) {
    const done = await run({ at: start + minute * 60_000 })
    if (done.asked > 0) asked.push(minute)
  }
  expect(asked).toEqual([0, 5, 15, 35])
  expect(attempts).toHaveLength(redeliverLimits.attemptsMax)
  const done = await run({ at: start + 48 * hour })
  expect(done).toMatchObject({ failed: 1, asked: 0, gaveUp: [{ deliveryKey: "hopeless" }] })
})

test("one run asks for so many and leaves the rest to the next", async () => {
  const { add, run } = remember(() => true)
  for (let i = 0; i < 10; i++) add(`lost ${i}`, start - i * 1_000, false)
  expect(await run({ asksMax: 4 })).toMatchObject({ asked: 4, left: 6 })
  expect(await run({ asksMax: 4 })).toMatchObject({ asked: 4, left: 2 })
  expect(await run({ asksMax: 4 })).toMatchObject({ asked: 2, left: 0, failed: 2 })
  expect(await run({ asksMax: 4 })).toMatchObject({ asked: 0, left: 0, failed: 0 })
})

test("a time given looks less far back, and never further than the provider keeps", async () => {
  const { add, run } = remember(() => true)
  add("old", start - 5 * hour, false)
  add("new", start - hour, false)
  expect(await run({ since: new Date(start - 2 * hour), dryRun: true })).toMatchObject({ deliveries: 1 })
  expect(await run({ since: new Date(0), dryRun: true })).toMatchObject({ deliveries: 2 })
})
