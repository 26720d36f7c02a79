import type { ApiKey } from "@engram/contracts/deliveries"
import type { SearchHit } from "@engram/contracts/search"
import { createMetrics } from "@engram/observability/metrics"
import { answerTo, bodyOf } from "@engram/testkit/answer-to"
import { afterEach, expect, test } from "vitest"
import { createSearchApp, type SearchAppDeps } from "../src/search/app.ts"

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

const key: ApiKey = {
  id: "key_1",
  name: "reader",
  workspaceId: "acme",
  storeId: "sto_1",
  actions: ["search"],
  scopeIds: ["scp_hr"],
}

async function start(given: Partial<SearchAppDeps>) {
  const logged: string[] = []
  const say = (_: object, message: string) => void logged.push(message)
  const app = createSearchApp({
    apiKeys: { authenticate: async () => key },
    search: async () => [],
    readDocument: async () => undefined,
    readNeighbourhood: async () => undefined,
    checks: {},
    metrics: createMetrics(),
    log: { debug: say, info: say, warn: say, error: say },
    ...given,
  })
  const url = await app.listen({ host: "127.0.0.1", port: 0 })
  stops.push(app.stop)
  const ask = (body = '{"query":"x"}') =>
    fetch(`${url}/v1/search`, {
      method: "POST",
      headers: { authorization: "Bearer any", "content-type": "application/json" },
      body,
    })
  return { app, url, ask, logged }
}

test("the reader is who the key says, and nothing a request can name", async () => {
  const readers: unknown[] = []
  const { ask } = await start({
    search: async (reader) => {
      readers.push(reader)
      return []
    },
  })
  expect(await (await ask()).json()).toEqual({ hits: [] })
  expect(readers).toEqual([{ workspaceId: "acme", storeId: "sto_1", scopeIds: ["scp_hr"] }])
})

test("a refusal does not grow with what is wrong", async () => {
  const { url, ask } = await start({})
  const refused = async (body: object) => (await ask(JSON.stringify({ query: "x", ...body }))).json()
  for (const path of ["sources", "kinds"]) {
    const message = `${path}: must name at most 100`
    expect(await refused({ [path]: Array(50_000).fill(0) })).toEqual({ code: "bad_request", message, path })
  }
  const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`${i}"`, i]))
  const message = '0": there is no such field'
  expect(await refused(unknown)).toEqual({ code: "bad_request", message, path: '0"' })
  const long = "y".repeat(100_000)
  expect(await refused({ [long]: 1 })).toMatchObject({ path: long.slice(0, 100) })
  const query = Array.from({ length: 3_000 }, (_, i) => `${i}&`).join("")
  const answer = await fetch(`${url}/v1/graph?entity=x&${query}`, { headers: { authorization: "Bearer any" } })
  expect(await answer.json()).toEqual({ code: "bad_request", message: "0: there is no such field", path: "0" })
})

test("a search that hangs is answered 503 in time", async () => {
  const { ask } = await start({ search: () => new Promise(() => {}), limits: { answerMs: 50 } })
  const answer = await ask()
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"])
  expect(await answer.json()).toMatchObject({ code: "unavailable" })
})

test("a request that does not come to its end is given up in time", async () => {
  const { url } = await start({ limits: { requestMs: 300 } })
  const headers = "host: x\r\nauthorization: Bearer any\r\ncontent-type: application/json\r\ncontent-length: 50"
  const answer = await answerTo(url, `POST /v1/search HTTP/1.1\r\n${headers}\r\n\r\n{`)
  expect(answer).toMatch(/^HTTP\/1.1 408 /)
  expect(bodyOf(answer)).toEqual({ code: "bad_request", message: "the request did not come to its end in time" })
})

test("what never reaches a route is refused in the same words, and counted", async () => {
  const { url } = await start({})
  const wrong = {
    400: ["GET /v1/documents/%E0 HTTP/1.1", "nonsense"],
    414: [`GET /v1/documents/${"x".repeat(200)} HTTP/1.1`],
    431: [`GET /v1/documents/${"x".repeat(20_000)} HTTP/1.1`],
  }
  for (const [status, lines] of Object.entries(wrong)) {
    for (const line of lines) {
      const answer = await answerTo(url, `${line}\r\nhost: x\r\nconnection: close\r\n\r\n`)
      expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`)
      expect(bodyOf(answer)).toEqual({ code: "bad_request", message: expect.stringMatching(/\w/) })
    }
    const counted = `engram_refused_total{status="${status}"} ${lines.length}`
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(counted)
  }
})

test("a bug is 500 without its details, and is logged", async () => {
  const { ask, logged } = await start({
    search: async () => {
      throw new TypeError("cannot read the password of undefined")
    },
  })
  const answer = await ask()
  expect(answer.status).toBe(500)
  expect(await answer.text()).not.toContain("password")
  expect(logged).toEqual(["request failed"])
})

test("a stopping door answers what it was asked, is not ready, and listens no more", async () => {
  const gate = Promise.withResolvers<SearchHit[]>()
  const asked = Promise.withResolvers<void>()
  const checked = Promise.withResolvers<void>()
  const check = Promise.withResolvers<void>()
  const { app, url, ask } = await start({
    search: () => {
      asked.resolve()
      return gate.promise
    },
    checks: {
      database: () => {
        checked.resolve()
        return check.promise
      },
    },
  })
  const [answer, ready] = [ask(), fetch(`${url}/health/ready`)]
  await Promise.all([asked.promise, checked.promise])
  const stopped = app.stop()
  check.resolve()
  expect([(await ready).status, await (await ready).json()]).toMatchObject([503, { ready: false, stopping: true }])
  gate.resolve([])
  expect((await answer).status).toBe(200)
  await stopped
  await expect(fetch(`${url}/health/live`)).rejects.toThrow()
})

test("a door that cannot finish stops all the same, within its limit", async () => {
  const asked = Promise.withResolvers<void>()
  const { app, ask } = await start({
    search: () => {
      asked.resolve()
      return new Promise(() => {})
    },
    limits: { stopMs: 100, answerMs: 3_000 },
  })
  const answer = ask().catch(() => "cut off")
  await asked.promise
  const started = performance.now()
  await app.stop()
  expect(performance.now() - started).toBeLessThan(2_500)
  expect(await answer).toBe("cut off")
})
