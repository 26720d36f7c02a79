import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { type BreakerSaid, breakerChannel } from "@engram/contracts/breakers"
import { RetryLater } from "@engram/contracts/errors"
import { type Answer, type StrictServer, startStrictServer } from "@engram/testkit/strict-server"
import { expect, test } from "vitest"
import { createPatientFetch, type Patience, retryLaterIn } from "../src/patient-fetch.ts"

async function withServer(
  check: (server: StrictServer, patient: ReturnType<typeof createPatientFetch>) => Promise<void>,
  patience: Partial<Patience> = {},
  answer: Answer = { status: 200, body: { fine: true } },
): Promise<void> {
  const server = await startStrictServer(
    () => answer,
    (_, message) => ({ message }),
  )
  try {
    await check(server, createPatientFetch({ service: "Service", timeoutMs: 2_000, retryBaseMs: 5, ...patience }))
  } finally {
    await server.close()
  }
}

test("an answer arrives whole, whatever its status, unless the status may pass", () =>
  withServer(
    async (server, { fetch }) => {
      const response = await fetch(server.url)
      expect(response.status).toBe(404)
      expect(await response.json()).toEqual({ message: "nothing here" })
      expect(server.requests).toHaveLength(1)
    },
    {},
    { status: 404, body: { message: "nothing here" } },
  ))

test("a server that is away is named by its host, with what the system says", async () => {
  const { url, close } = await startStrictServer(
    () => ({ status: 200 }),
    () => ({}),
  )
  await close()
  const { fetch } = createPatientFetch({ service: "Service", timeoutMs: 2_000, retriesMax: 0 })
  const words = `Service at ${new URL(url).host} could not be reached, or broke off (ECONNREFUSED)`
  for (const input of [url, new URL(url), new Request(url)])
    await expect(fetch(input)).rejects.toMatchObject({ name: "RetryLater", message: words })
})

test("an answer without a body is an answer", () =>
  withServer(async (server, { fetch }) => expect((await fetch(server.url)).status).toBe(204), {}, { status: 204 }))

test("a busy answer that will not change is given to the caller at once", () =>
  withServer(
    async (server, { fetch }) => {
      server.failNext({ status: 429, message: "monthly quota" })
      const response = await fetch(server.url)
      expect([response.status, await response.json()]).toEqual([429, { message: "monthly quota" }])
    },
    { isFinal: (status, body) => status === 429 && body.includes("quota") },
  ))

test("a caller that gives up gets its own abort, not a retry", () =>
  withServer(async (server, { fetch }) => {
    server.failNext({ hang: true })
    const failed = await fetch(server.url, { signal: AbortSignal.timeout(30) }).catch((error: unknown) => error)
    expect(failed).toMatchObject({ name: "TimeoutError" })
    expect(retryLaterIn(failed)).toBeUndefined()
    expect(server.requests).toHaveLength(1)
  }))

test("failures count only in a row", () =>
  withServer(
    async (server, { fetch, breakerState }) => {
      for (let i = 0; i < 5; i++) {
        server.failNext({ status: 500 }, 2)
        await expect(fetch(server.url)).rejects.toBeInstanceOf(RetryLater)
        await fetch(server.url)
      }
      expect(breakerState()).toBe("closed")
      server.failNext({ status: 500 }, 3)
      await expect(fetch(server.url)).rejects.toBeInstanceOf(RetryLater)
      await expect(fetch(server.url)).rejects.toThrow(/left alone for 60000 ms/)
      expect(breakerState()).toBe("open")
    },
    { retriesMax: 1, breakAfter: 3, restMs: 60_000 },
  ))

test("a breaker tells how it stands, from its making until the service is back, unless it is to keep quiet", async () => {
  const told: BreakerSaid[] = []
  const listen = (said: unknown): void => void told.push(said as BreakerSaid)
  subscribe(breakerChannel, listen)
  await withServer(
    async (server, { fetch }) => {
      server.failNext({ status: 500 }, 2)
      for (let i = 0; i < 2; i++) await expect(fetch(server.url)).rejects.toBeInstanceOf(RetryLater)
      await expect.poll(() => fetch(server.url).then((answer) => answer.status)).toBe(200)
    },
    { retriesMax: 0, breakAfter: 2, restMs: 20 },
  )
  createPatientFetch({ service: "Quiet", timeoutMs: 1_000, told: false })
  unsubscribe(breakerChannel, listen)
  expect(told).toEqual([
    { dependency: "service", state: "closed", fresh: true },
    { dependency: "service", state: "open", fresh: false },
    { dependency: "service", state: "half-open", fresh: false },
    { dependency: "service", state: "closed", fresh: false },
  ])
})

test("the reason is found in whatever an SDK wraps it in", () => {
  const later = new RetryLater("busy", { afterMs: 10 })
  expect(retryLaterIn(new Error("sdk", { cause: new Error("inner", { cause: later }) }))).toBe(later)
  expect(retryLaterIn(new Error("sdk"))).toBeUndefined()
})
