import type { DeliveryInbox, NewDelivery } from "@engram/contracts/deliveries"
import { Rejected, RetryLater } from "@engram/contracts/errors"
import type { Lane, Log } from "@engram/contracts/ports"
import { expect, test } from "vitest"
import { createAcceptor } from "../src/accept.ts"
import { createWaker } from "../src/wake.ts"

const quiet = () => {}
const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet }

const delivery = (deliveryKey: string, bytes = 10, storeId: NewDelivery["storeId"] = "sto_a"): NewDelivery => ({
  id: `dlv_${deliveryKey}`,
  workspaceId: "acme",
  storeId,
  connectionId: "con_a",
  deliveryKey,
  source: "bell",
  event: "rang",
  headers: {},
  body: Buffer.alloc(bytes),
  bodyHash: "",
})

/** An inbox in memory that remembers its batches; `insert` may be replaced. */
function setup(options: { insert?: DeliveryInbox["insert"]; limits?: object } = {}) {
  const batches: string[][] = []
  const woken: Lane[] = []
  const seen = new Set<string>()
  const insert: DeliveryInbox["insert"] = async (deliveries) => {
    batches.push(deliveries.map((each) => each.deliveryKey))
    if (options.insert) return options.insert(deliveries)
    return deliveries.map(({ id }) => (seen.has(id) ? "duplicate" : (seen.add(id), "new")))
  }
  const waker = createWaker({ queue: { wake: async (lane) => void woken.push(lane) }, log })
  const acceptor = createAcceptor({ inbox: { insert }, waker, log, ...(options.limits && { limits: options.limits }) })
  return { acceptor, batches, woken, waker }
}

const keys = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`)

test("what arrives together is inserted together, and each gets its own answer", async () => {
  const { acceptor, batches } = setup()
  const answers = await Promise.all(["a", "b", "a"].map((key) => acceptor.accept(delivery(key))))
  expect(answers).toEqual(["new", "new", "duplicate"])
  expect(batches).toEqual([["a", "b", "a"]])
})

test("a batch keeps to its limits of rows and bytes, and one larger than the limit goes alone", async () => {
  const { acceptor, batches } = setup({ limits: { rowsMax: 3, bytesMax: 100 } })
  const sizes = [10, 10, 10, 10, 60, 60, 500, 10]
  await Promise.all(sizes.map((bytes, index) => acceptor.accept(delivery(`k${index}`, bytes))))
  expect(batches.flat().sort()).toEqual(keys(sizes.length))
  for (const batch of batches) {
    const bytes = batch.reduce((sum, key) => sum + sizes[Number(key.slice(1))]!, 0)
    expect(batch.length === 1 || (batch.length <= 3 && bytes <= 100)).toBe(true)
  }
})

test("no more inserts run at once than allowed, however much waits", async () => {
  let running = 0
  let most = 0
  const insert: DeliveryInbox["insert"] = async (deliveries) => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    return deliveries.map(() => "new")
  }
  const { acceptor } = setup({ insert, limits: { rowsMax: 5 } })
  await Promise.all(keys(200).map((key) => acceptor.accept(delivery(key))))
  expect(most).toBe(2)
})

test("a row that Postgres refuses refuses only itself", async () => {
  const insert: DeliveryInbox["insert"] = async (deliveries) => {
    if (deliveries.some((each) => each.deliveryKey.startsWith("bad"))) throw new Rejected("row_refused", "bad row")
    return deliveries.map(() => "new")
  }
  const { acceptor, batches } = setup({ insert })
  const sent = [...keys(60), "bad1", ...keys(60).map((key) => `more-${key}`), "bad2"]
  const answers = await Promise.allSettled(sent.map((key) => acceptor.accept(delivery(key))))
  for (const [index, key] of sent.entries()) {
    expect(answers[index]?.status).toBe(key.startsWith("bad") ? "rejected" : "fulfilled")
  }
  expect(batches.length).toBeLessThan(40)
})

test("an outage refuses the whole batch for later, and the next one is tried afresh", async () => {
  let away = true
  const insert: DeliveryInbox["insert"] = async (deliveries) => {
    if (away) throw new RetryLater("away", { afterMs: 1_000 })
    return deliveries.map(() => "new")
  }
  const { acceptor } = setup({ insert })
  const answers = await Promise.allSettled(keys(3).map((key) => acceptor.accept(delivery(key))))
  expect(answers.map((answer) => answer.status)).toEqual(["rejected", "rejected", "rejected"])
  away = false
  expect(await acceptor.accept(delivery("k0"))).toBe("new")
})

test("an insert that never answers is given up in time, for those in it and for those behind it", async () => {
  const { acceptor } = setup({ insert: () => new Promise(() => {}), limits: { answerMs: 100, rowsMax: 1 } })
  const answers = await Promise.allSettled(keys(5).map((key) => acceptor.accept(delivery(key))))
  for (const answer of answers) expect(answer).toMatchObject({ status: "rejected", reason: { name: "RetryLater" } })
  await acceptor.drain()
})

test("draining answers everything accepted before it resolves", async () => {
  const { acceptor } = setup({ limits: { waitMs: 10_000 } })
  let answered = 0
  const answers = keys(50).map((key) => acceptor.accept(delivery(key)).then(() => answered++))
  await acceptor.drain()
  await Promise.all(answers)
  expect(answered).toBe(50)
})

test("each store of a batch is woken once, and not for repeats", async () => {
  const { acceptor, woken, waker } = setup()
  const sent = [delivery("a"), delivery("b"), delivery("c", 10, "sto_b")]
  await Promise.all(sent.map((each) => acceptor.accept(each)))
  await acceptor.accept(delivery("a"))
  await waker.settled()
  expect(woken.map((lane) => lane.storeId).sort()).toEqual(["sto_a", "sto_b"])
})

test("a queue that fails or hangs neither delays nor fails an answer", async () => {
  const insert: DeliveryInbox["insert"] = async (deliveries) => deliveries.map(() => "new")
  for (const wake of [() => Promise.reject(new Error("queue away")), () => new Promise<void>(() => {})]) {
    const acceptor = createAcceptor({ inbox: { insert }, waker: createWaker({ queue: { wake }, log }), log })
    expect(await acceptor.accept(delivery("a"))).toBe("new")
    await acceptor.drain()
  }
})

test("any number of wakes during one become one more, so that the last is never lost", async () => {
  const gates: PromiseWithResolvers<void>[] = []
  const queue = {
    wake: () => {
      const gate = Promise.withResolvers<void>()
      gates.push(gate)
      return gate.promise
    },
  }
  const waker = createWaker({ queue, log, intervalMs: 1 })
  const lane: Lane = { stage: "normalize", workspaceId: "acme", storeId: "sto_a" }
  for (let i = 0; i < 10; i++) waker.wake(lane)
  expect(gates).toHaveLength(1)
  gates[0]?.resolve()
  await expect.poll(() => gates.length).toBe(2)
  gates[1]?.resolve()
  await waker.settled()
  expect(gates).toHaveLength(2)
})
