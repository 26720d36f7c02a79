import { expect, test } from "vitest"
import { createLifecycle } from "../src/lifecycle.ts"

test("closes in reverse order, one after the other, once", async () => {
  const closed: string[] = []
  const lifecycle = createLifecycle()
  for (const name of ["pool", "queue", "server"]) {
    lifecycle.own(name, async () => {
      await new Promise((resolve) => setImmediate(resolve))
      closed.push(name)
    })
  }
  await Promise.all([lifecycle.close(), lifecycle.close()])
  expect(closed).toEqual(["server", "queue", "pool"])
})

test("what fails to close keeps nothing else open, and is reported", async () => {
  const closed: string[] = []
  const lifecycle = createLifecycle()
  lifecycle.own("pool", (name) => closed.push(name))
  lifecycle.own("queue", () => {
    throw new Error("no")
  })
  lifecycle.own("server", () => Promise.reject(new Error("not either")))
  const failure = await lifecycle.close().catch((error) => error)
  expect(failure).toBeInstanceOf(AggregateError)
  expect(failure.errors.map((error: Error) => error.message)).toEqual(["not either", "no"])
  expect(closed).toEqual(["pool"])
})

test("what hangs is given up after its time, and all of them after theirs", async () => {
  const lifecycle = createLifecycle({ stepMs: 60, totalMs: 150, lastMs: 0 })
  const started = performance.now()
  const closed: string[] = []
  lifecycle.own("pool", (name) => closed.push(name))
  for (let i = 0; i < 10; i++) lifecycle.own("hanging", () => new Promise(() => {}), `part ${i}`)
  const failure = await lifecycle.close().catch((error) => error)
  expect(performance.now() - started).toBeLessThan(1_000)
  expect(failure.errors).toHaveLength(10)
  expect(failure.errors[0].message).toContain("part 9")
  expect(closed).toEqual(["pool"])
})

test("what hangs leaves what was opened first the time to close well", async () => {
  const lifecycle = createLifecycle({ stepMs: 60, totalMs: 150, lastMs: 60 })
  lifecycle.own("Postgres", () => new Promise((resolve) => setTimeout(resolve, 20)), "Postgres")
  for (let i = 0; i < 10; i++) lifecycle.own("hanging", () => new Promise(() => {}), `part ${i}`)
  const failure = await lifecycle.close().catch((error) => error)
  expect(failure.errors).toHaveLength(10)
})

test("what is opened while closing is closed too", async () => {
  const lifecycle = createLifecycle()
  let closed = false
  lifecycle.own("server", () => {
    lifecycle.own("late", () => {
      closed = true
    })
  })
  await lifecycle.close()
  await expect.poll(() => closed).toBe(true)
})
