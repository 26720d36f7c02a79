import { startUpstashServer, type UpstashServer } from "@engram/testkit/upstash-server"
import { afterAll, beforeAll, describe, expect, test } from "vitest"

let server: UpstashServer

beforeAll(async () => {
  server = await startUpstashServer({ requestBytesMax: 100_000 })
})
afterAll(() => server.stop())

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.token}`, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  })
  return [response.status, await response.json()]
}

describe("the local Upstash is as strict as the service", () => {
  test("answers commands in order, each with its own error", async () => {
    const commands = [
      ["SET", "k", "v", "EX", 10],
      ["GET", "k"],
      ["SET", "k", "v", "EX", 0],
      ["INCR", "k"],
      ["DEL", "k", "x"],
    ]
    expect(await post("/pipeline", commands)).toEqual([
      200,
      [
        { result: "OK" },
        { result: "v" },
        { error: "ERR value is not an integer or out of range" },
        { error: "ERR Command is not available: 'INCR'" },
        { result: 1 },
      ],
    ])
  })

  test("encodes stored strings as base64 when asked, and not the status", async () => {
    const commands = [
      ["SET", "k", "OK"],
      ["MGET", "k", "none"],
    ]
    expect(await post("/multi-exec", commands, { "upstash-encoding": "base64" })).toEqual([
      200,
      [{ result: "OK" }, { result: ["T0s=", null] }],
    ])
  })

  test("refuses a wrong token, a large body, a large key, and what is no pipeline", async () => {
    const [status] = await post("/pipeline", [["PING"]], { authorization: "Bearer wrong" })
    expect(status).toBe(401)
    expect((await post("/", ["SET", "k", "v".repeat(200_000)]))[0]).toBe(413)
    expect(await post("/", ["SET", "k".repeat(40_000), "v"])).toMatchObject([
      400,
      { error: expect.stringContaining("key") },
    ])
    expect((await post("/pipeline", []))[0]).toBe(400)
    expect((await post("/pipeline", "not json"))[0]).toBe(400)
  })
})
