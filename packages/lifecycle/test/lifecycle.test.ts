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

test("closing waits for what is being opened, and then closes it; whoever opens it is not let go on", async () => {
  const lifecycle = createLifecycle()
  const closed: string[] = []
  const goesOn: string[] = []
  let opened = (_name: string): void => {}
  const opening = () => new Promise<string>((resolve) => (opened = resolve))
  void lifecycle.opening(opening, (name) => closed.push(name)).then((name) => goesOn.push(name))
  const closing = lifecycle.close()
  expect(closed).toEqual([])
  opened("server")
  await closing
  expect(closed).toEqual(["server"])

  const late = async (): Promise<string> => {
    throw new Error("nothing is opened once closing has begun")
  }
  void lifecycle.opening(late, () => {}).then((name) => goesOn.push(name))
  await new Promise((resolve) => setImmediate(resolve))
  expect(goesOn).toEqual([])
})

test("what does not open is heard of by whoever opens it, and is nothing to close", async () => {
  const lifecycle = createLifecycle()
  const closed: string[] = []
  const opening = lifecycle.opening(
    () => Promise.reject<string>(new Error("no room")),
    (name) => closed.push(name),
  )
  await expect(opening).rejects.toThrow("no room")
  await lifecycle.close()
  expect(closed).toEqual([])
})
