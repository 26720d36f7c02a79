import http from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { RetryLater } from "@engram/contracts/errors"
import { expect, test } from "vitest"
import { createMemoryPlugin, type PluginOptions } from "../../src/backfill/memory-plugin.ts"
import { afterwards } from "../cli-fixture.ts"
import { startContractServer } from "./contract-server.ts"
import { uuidOf } from "./legacy-fixture.ts"

const memory = { id: uuidOf("m"), content: "tea", kind: "fact", source: "agent" } as const

function connect(options: Pick<PluginOptions, "url"> & Partial<PluginOptions>) {
  const plugin = createMemoryPlugin({ connectionsMax: 2, signal: new AbortController().signal, ...options })
  afterwards(() => plugin.close())
  return plugin
}

/** Answers everything with this, on a port or a socket. */
async function listen(answer: http.RequestListener, socketPath?: string): Promise<string> {
  const server = http.createServer(answer)
  await new Promise<void>((resolve) => server.listen(socketPath ?? 0, resolve))
  afterwards(() => server.closeAllConnections())
  afterwards(() => server.close())
  const address = server.address()
  return typeof address === "object" ? `http://127.0.0.1:${address?.port}` : `unix:${address}`
}

test("a plugin that stays away is asked again for as long as there is patience, then given up with the reason", async () => {
  const server = await startContractServer()
  afterwards(() => server.close())
  server.fault = () => ({ status: 503 })
  // By this clock an answer takes 10 s, and the wait before the next request a moment.
  const now = () => server.requests * 10_000
  const plugin = connect({ url: server.url, patienceMs: 60_000, retryBaseMs: 1, retryMaxMs: 1, now })
  const failure = await plugin.write("workspace:a", memory).catch((error: Error) => error)
  expect(failure).toBeInstanceOf(RetryLater)
  expect(failure).toMatchObject({
    message: expect.stringMatching(/^the memory plugin at http.* for 60 s: .*503 unavailable: planted$/),
  })
  expect([server.requests, plugin.retries()]).toEqual([6, 5])
})

test("one that names a time is not asked again before it", async () => {
  const server = await startContractServer()
  afterwards(() => server.close())
  await connect({ url: server.url }).putNamespace("workspace:a", "workspace")
  const askedAt: number[] = []
  server.fault = () => {
    askedAt.push(performance.now())
    return askedAt.length === 1 ? { status: 429, retryAfter: "1" } : undefined
  }
  expect(await connect({ url: server.url, retryBaseMs: 10 }).write("workspace:a", memory)).toBe(true)
  expect(askedAt[1]! - askedAt[0]!).toBeGreaterThan(990)
})

test("one that asks for more time than there is patience is not asked again before it", async () => {
  const server = await startContractServer()
  afterwards(() => server.close())
  server.fault = () => ({ status: 429, retryAfter: new Date(Date.now() + 3_600_000).toUTCString() })
  const plugin = connect({ url: server.url, patienceMs: 1_000 })
  await expect(plugin.write("workspace:a", memory)).rejects.toThrow(RetryLater)
  expect(server.requests).toBe(1)
})

test("one that never answers is not waited for", async () => {
  const url = await listen(() => {})
  const plugin = connect({ url, timeoutMs: 50, patienceMs: 120, retryBaseMs: 10 })
  await expect(plugin.search({ namespace: "workspace:a" })).rejects.toThrow(/no answer within 50 ms/)
})

test("a stop ends the wait at once", async () => {
  const server = await startContractServer()
  afterwards(() => server.close())
  const stop = new AbortController()
  server.fault = () => {
    setImmediate(() => stop.abort())
    return { status: 503, retryAfter: "30" }
  }
  const plugin = connect({ url: server.url, signal: stop.signal })
  await expect(plugin.write("workspace:a", memory)).rejects.toThrow(/abort/i)
})

test("one that gives a memory another id ends the run, since a second one would double every row", async () => {
  const url = await listen((_, response) => response.writeHead(201).end(JSON.stringify({ id: uuidOf("other") })))
  await expect(connect({ url }).write("workspace:a", memory)).rejects.toThrow(/does not keep ids/)
})

test("an answer that is not the contract's is not taken for an empty one", async () => {
  for (const body of ["", "{}", '{"memories":null}', '{"memories":[{"id":1}]}', "<html>"]) {
    const url = await listen((_, response) => response.writeHead(200).end(body))
    await expect(connect({ url }).search({ namespace: "workspace:a" })).rejects.toThrow(/not the contract's/)
  }
})

test("a unix socket is spoken to like a port", async () => {
  const path = join(tmpdir(), `engram-${process.pid}.sock`)
  const body = JSON.stringify({ status: "ok", version: "1.0.0", capabilities: ["fts"] })
  const url = await listen((_, response) => response.writeHead(200).end(body), path)
  expect(url).toBe(`unix:${path}`)
  expect(await connect({ url }).health()).toMatchObject({ status: "ok" })
})
