import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { lstat, mkdtemp, rm, writeFile } from "node:fs/promises"
import { request } from "node:http"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FailureAnswer } from "@engram/contracts/memories"
import { createLifecycle } from "@engram/lifecycle/lifecycle"
import { addressOf } from "@engram/memory/plugin/address"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { createClient } from "../contract/client.ts"
import { memoryConfig, openPlugin, type Plugin, type PluginOptions } from "./plugin.ts"

const using = async (work: (plugin: Plugin) => Promise<void>, options?: PluginOptions) => {
  const plugin = await openPlugin(options)
  try {
    await work(plugin)
  } finally {
    await plugin.close()
  }
}

test("OpenAPI names exactly the endpoints there are, and describes what they take and answer", () =>
  using(async (plugin) => {
    const response = await fetch(`${plugin.url}/v1/openapi.json`)
    // biome-ignore lint/suspicious/noExplicitAny: a document is read by its shape
    const document = (await response.json()) as any
    expect(document.openapi).toBe("3.1.0")
    const named = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const seven = [
      "DELETE /v1/memories/{id}",
      "DELETE /v1/namespaces/{name}",
      "GET /v1/health",
      "PATCH /v1/namespaces/{name}",
      "POST /v1/namespaces/{name}/memories",
      "POST /v1/search",
      "PUT /v1/namespaces/{name}",
    ]
    expect(named.sort()).toEqual(seven)

    // Every method on every path: what OpenAPI does not name is not there, and what it names is.
    for (const path of Object.keys(document.paths)) {
      for (const method of ["GET", "PUT", "PATCH", "POST", "DELETE"]) {
        const url = plugin.url + path.replace("{name}", "team:x").replace("{id}", "1")
        const answer = await fetch(url, { method })
        const { message = "" } = answer.status === 204 ? {} : ((await answer.json()) as { message?: string })
        const isThere = !message.startsWith("there is nothing at")
        expect([method, path, isThere]).toEqual([method, path, seven.includes(`${method} ${path}`)])
      }
    }

    const write = document.paths["/v1/namespaces/{name}/memories"].post
    const schema = write.requestBody.content["application/json"].schema
    expect(schema.required).toEqual(["content", "kind", "source"])
    expect(Object.keys(schema.properties)).toEqual([
      "id",
      "content",
      "kind",
      "source",
      "expires_at",
      "propagation",
      "pin",
      "embedding",
    ])
    expect(schema.properties.expires_at.anyOf[0]).toEqual({ type: "string", format: "date-time" })
    const patch = document.paths["/v1/namespaces/{name}"].patch.requestBody.content["application/json"].schema
    expect(patch.minProperties).toBe(1)
    expect(Object.keys(write.responses)).toEqual(["201", "400", "403", "404", "408", "413", "415", "500", "503"])
    const name = write.parameters[0].schema
    expect(name).toMatchObject({ type: "string", minLength: 1, maxLength: 256 })
    expect(document.components.schemas.Failure.properties.code.enum).toEqual([
      "bad_request",
      "not_found",
      "forbidden",
      "internal",
      "unavailable",
    ])
  }))

test("an address that others can reach is refused, unless it is said to be meant", async () => {
  const config = (memory: object) => ({ ...memoryConfig, memory: { ...memoryConfig.memory, ...memory } })
  for (const host of ["0.0.0.0", "::", "10.1.2.3", "memory.internal", "127.evil.example", ""]) {
    await expect(addressOf(config({ host }))).rejects.toThrow("MEMORY_PUBLIC=true")
    expect(await addressOf(config({ host, public: true }))).toEqual({ host, port: 0 })
  }
  for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost"]) {
    expect(await addressOf(config({ host }))).toEqual({ host, port: 0 })
  }
})

test("it listens on a unix socket, also where a killed process left one behind, but takes none from the living", async () => {
  const directory = await mkdtemp(join(tmpdir(), "engram-socket-"))
  const socket = join(directory, "memory.sock")
  const config = { ...memoryConfig, memory: { ...memoryConfig.memory, socket } }
  // A socket whose listener ended without removing it.
  const left = createServer().listen(socket)
  await new Promise((resolve) => left.once("listening", resolve))
  expect(await addressOf(config)).toEqual({ path: socket })
  const taken = await openPlugin({ memory: { socket } }).catch((error: Error) => error)
  expect(String(taken)).toContain("EADDRINUSE")
  await new Promise((resolve) => left.close(resolve))
  await writeFile(socket, "")
  await rm(socket)

  await using(
    async () => {
      const status = await new Promise((resolve, reject) => {
        request({ socketPath: socket, path: "/v1/health" }, (response) => resolve(response.resume().statusCode))
          .on("error", reject)
          .end()
      })
      expect(status).toBe(200)
    },
    { memory: { socket } },
  )
  await rm(directory, { recursive: true })
})

test("a socket whose listener is too busy to answer is left to it, in words that say what to do", async () => {
  const directory = await mkdtemp(join(tmpdir(), "engram-socket-"))
  const socket = join(directory, "memory.sock")
  const program = `require("node:net").createServer().listen({ path: "${socket}", backlog: 1 }, () => console.log("listening"))`
  const busy = spawn(process.execPath, ["--eval", program])
  try {
    await once(busy.stdout, "data")
    busy.kill("SIGSTOP")
    const connecting = () => new Promise((resolve) => connect(socket, () => resolve("")).on("error", resolve))
    await waitUntil("its backlog is full", async () => String(await connecting()).includes("EAGAIN"))
    const address = addressOf({ ...memoryConfig, memory: { ...memoryConfig.memory, socket } })
    await expect(address).rejects.toThrow(
      `MEMORY_SOCKET is ${socket}, where something may be listening (EAGAIN): stop it, or remove the file if nothing does`,
    )
    expect((await lstat(socket)).isSocket()).toBe(true)
  } finally {
    busy.kill("SIGKILL")
    await rm(directory, { recursive: true })
  }
})

test("a socket in a directory that is not there is refused in words", async () => {
  const directory = await mkdtemp(join(tmpdir(), "engram-socket-"))
  const file = join(directory, "file")
  await writeFile(file, "")
  for (const missing of [join(directory, "missing"), file]) {
    const socket = join(missing, "memory.sock")
    const address = addressOf({ ...memoryConfig, memory: { ...memoryConfig.memory, socket } })
    await expect(address).rejects.toThrow(
      `MEMORY_SOCKET is ${socket}, and there is no directory ${missing}: make it first`,
    )
  }
  await rm(directory, { recursive: true })
})

test("a web page may not use it", () =>
  using(async ({ url }) => {
    const client = await createClient(url)
    const name = await client.namespace()
    const body = { content: "planted", kind: "fact", source: "agent" }
    const headers = { origin: "https://example.com", "content-type": "text/plain" }
    const answer = await client.ask("POST", `/v1/namespaces/${name}/memories`, body, headers)
    expect([answer.status, answer.body.code]).toEqual([403, "forbidden"])
    expect(await client.search(name)).toEqual([])
  }))

test("it takes JSON whatever its type is called, and refuses what is not UTF-8", () =>
  using(async ({ url }) => {
    const client = await createClient(url)
    const name = await client.namespace()
    const path = `/v1/namespaces/${name}/memories`
    const body = JSON.stringify({ content: "x", kind: "fact", source: "agent" })
    for (const type of ["application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded"]) {
      expect([type, (await client.ask("POST", path, body, { "content-type": type })).status]).toEqual([type, 201])
    }
    const unreadable = await client.ask("POST", path, body, { "content-type": "nonsense" })
    expect([unreadable.status, unreadable.body.code]).toEqual([415, "bad_request"])
    const bytes = Buffer.concat([
      Buffer.from('{"content":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('","kind":"fact","source":"agent"}'),
    ])
    const answer = await fetch(url + path, { method: "POST", body: bytes })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ code: "bad_request", message: "the body is not UTF-8" })
  }))

test("propagation and metadata are given back as they stood in the body, whatever stands beside them", () =>
  using(async ({ url }) => {
    const client = await createClient(url)
    const name = `custom:${randomUUID()}`
    const given = '{"b":1, "10":[2.0,{"}":"\\\\"}],\n"9":"\\",]}","propagation":{},"b":-0}'
    // Too deep for a parser that recurses, and not named by the contract.
    const deep = `"deep":${"[".repeat(100_000)}${"]".repeat(100_000)}`
    const named = `{"expires_at":null,${deep},"kind":"custom","meta\\u0064ata" : ${given} }`
    const put = await client.ask("PUT", `/v1/namespaces/${name}`, named)
    expect(put.text).toContain(`"metadata":${given}`)
    const memory = `{"propagation":{"first":1},"propagation":${given},"content":"x","kind":"fact","source":"agent",${deep}}`
    expect((await client.ask("POST", `/v1/namespaces/${name}/memories`, memory)).status).toBe(201)
    const found = await client.ask("POST", "/v1/search", { namespaces: [name] })
    expect(found.text).toContain(`"propagation":${given}`)
  }))

test("an id that it makes begins with the time, so that what is written together lies together", () =>
  using(async ({ url }) => {
    const client = await createClient(url)
    const name = await client.namespace()
    const from = Date.now()
    const id = await client.write(name, "said now")
    const madeAt = Number.parseInt(id.replace("-", "").slice(0, 12), 16)
    expect(madeAt).toBeGreaterThanOrEqual(from)
    expect(madeAt).toBeLessThanOrEqual(Date.now())
  }))

test("metrics tell each endpoint's latency, what was written and read, and how writes went together", () =>
  using(async (plugin) => {
    const { url, database } = plugin
    const client = await createClient(url)
    const name = await client.namespace()
    const held = await database.pool.connect()
    await held.query("begin; lock table memory_records in exclusive mode")
    const body = JSON.stringify({ content: "one of many", kind: "fact", source: "agent" })
    const writing = Promise.all(
      Array.from({ length: 50 }, () => client.ask("POST", `/v1/namespaces/${name}/memories`, body)),
    )
    try {
      await expect.poll(() => heldBytes(plugin), { timeout: 10_000 }).toBe(50 * 4 * body.length)
    } finally {
      held.release(true)
    }
    await writing
    await client.search(name, { limit: 30 })
    await client.ask("POST", "/v1/search", "nonsense")
    const text = await (await fetch(`${url}/metrics`)).text()
    expect(text).toMatch(/engram_memory_request_seconds_count\{endpoint="writeMemory",status="201"\} 50/)
    expect(text).toMatch(/engram_memory_request_seconds_count\{endpoint="search",status="400"\} 1/)
    expect(text).toMatch(/engram_memory_request_seconds_bucket\{le="0.01",endpoint="search",status="200"\}/)
    expect(text).toMatch(/engram_memories_written_total 50/)
    expect(text).toMatch(/engram_memories_read_total 30/)
    const batches = Number(/engram_memory_batch_rows_count (\d+)/.exec(text)?.[1])
    // Those that came first, 16 or more in line behind them, and the others.
    expect(batches).toBeLessThanOrEqual(3)
  }))

test("stopping answers what it has taken, and refuses nothing that it has not", async () => {
  const lifecycle = createLifecycle()
  const plugin = await openPlugin()
  lifecycle.own(plugin, (plugin) => plugin.close())
  const client = await createClient(plugin.url)
  const name = await client.namespace()
  const writing = Array.from({ length: 100 }, (_, i) => client.write(name, `m${i}`).catch(() => undefined))
  await Promise.race(writing)
  const another = await plugin.another()
  const started = performance.now()
  await plugin.stop()
  expect(performance.now() - started).toBeLessThan(5_000)
  const written = (await Promise.all(writing)).filter((id) => id !== undefined)
  const found = await (await createClient(another)).search(name, { limit: 100 })
  expect(new Set(found.map(({ id }) => id))).toEqual(new Set(written))
  await lifecycle.close()
})

const heldBytes = async ({ metrics }: Plugin) =>
  Number(/^engram_body_bytes_held (\d+)$/m.exec(await metrics.text())?.[1])

/** A request that announces so many bytes, of which none is there yet. */
const beginning = (path: string, bytes: number) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n\r\n`

/** A request as it goes over the wire. */
const post = (path: string, body: string) => beginning(path, Buffer.byteLength(body)) + body

/** A connection of its own. */
const dial = ({ url }: Plugin, text: string) => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).on("error", () => {})
  socket.write(text)
  return socket
}

test("who goes away while the answer is awaited gives the memory of the body back, also with a second request in line", () =>
  using(async (plugin) => {
    const client = await createClient(plugin.url)
    const name = await client.namespace()
    const body = JSON.stringify({ content: "y".repeat(100_000), kind: "fact", source: "agent" })
    const write = post(`/v1/namespaces/${name}/memories`, body)
    const lock = await plugin.database.pool.connect()
    try {
      await lock.query("begin")
      await lock.query("select from memory_namespaces where name = $1 for update", [name])
      const sockets = [dial(plugin, write), dial(plugin, write + post("/v1/search", "{}"))]
      await expect.poll(() => heldBytes(plugin), { timeout: 10_000 }).toBe(2 * 4 * body.length)
      for (const socket of sockets) socket.destroy()
      await expect.poll(() => heldBytes(plugin), { timeout: 10_000 }).toBe(0)
    } finally {
      lock.release(true)
    }
    await expect.poll(() => client.search(name), { timeout: 10_000 }).toHaveLength(2)
    expect(await heldBytes(plugin)).toBe(0)
  }))

test("what is refused gives the memory of its body back", () =>
  using(async (plugin) => {
    const body = JSON.stringify({ namespaces: ["team:x"] })
    const refused = { "/v1/nothing": body, "/v1/search": '{"namespaces":[]}', "/v1/namespaces/team:x/memories": body }
    for (const [path, body] of Object.entries(refused)) {
      const answer = await fetch(plugin.url + path, { method: "POST", body })
      expect([path, answer.ok]).toEqual([path, false])
    }
    expect((await fetch(`${plugin.url}/v1/search`, { method: "POST", body: Buffer.from([0xff]) })).status).toBe(400)
    await expect.poll(() => heldBytes(plugin), { timeout: 10_000 }).toBe(0)
  }))

/** All that comes back on a connection of its own until it is closed. */
const answerTo = async (plugin: Plugin, text: string) => {
  let answer = ""
  for await (const data of dial(plugin, text)) answer += data
  return answer
}

const failureIn = (answer: string) => FailureAnswer.safeParse(JSON.parse(answer.split("\r\n\r\n")[1] ?? ""))

test("a request that does not come to its end is given up in time", () =>
  using(
    async (plugin) => {
      const answer = await answerTo(plugin, "POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{")
      expect(answer).toMatch(/^HTTP\/1.1 408 /)
      expect(failureIn(answer)).toMatchObject({ success: true, data: { code: "bad_request" } })
    },
    { limits: { requestMs: 300 } },
  ))

test("what is too long or malformed for HTTP is refused in the contract's words", () =>
  using(async (plugin) => {
    const wrong = {
      431: `DELETE /v1/namespaces/custom:${"x".repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
      400: "POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n{}",
    }
    for (const [status, text] of Object.entries(wrong)) {
      const answer = await answerTo(plugin, text)
      expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`)
      expect(failureIn(answer)).toMatchObject({ success: true, data: { code: "bad_request" } })
      expect(await (await fetch(`${plugin.url}/metrics`)).text()).toContain(
        `engram_refused_total{status="${status}"} 1`,
      )
    }
  }))

test("bodies in flight share one budget: a write waits unread until there is room, and is then answered", () =>
  using(
    async (plugin) => {
      const client = await createClient(plugin.url)
      const name = await client.namespace()
      const held = () => heldBytes(plugin)
      // As large as the whole budget, and all of it sent but the end.
      const slow = dial(plugin, beginning(`/v1/namespaces/${name}/memories`, 1_000_000) + "y".repeat(999_999))
      await expect.poll(held, { timeout: 10_000 }).toBe(4_000_000)
      let answered = false
      const writing = client.write(name, "waits for room").finally(() => {
        answered = true
      })
      for (let i = 0; i < 5; i++) expect((await client.ask("GET", "/v1/health")).status).toBe(200)
      expect(answered).toBe(false)
      slow.destroy()
      await writing
      expect(await client.contents(name)).toEqual(["waits for room"])
      await expect.poll(held, { timeout: 10_000 }).toBe(0)
    },
    { limits: { bodyBytesMax: 1_000_000, bodiesBytesMax: 4_000_000 } },
  ))

test("who announces much and sends next to nothing keeps nobody waiting", () =>
  using(
    async (plugin) => {
      const client = await createClient(plugin.url)
      const name = await client.namespace()
      const path = `/v1/namespaces/${name}/memories`
      const silent = Array.from({ length: 20 }, () => dial(plugin, beginning(path, 1_000_000)))
      const slow = Array.from({ length: 20 }, () => dial(plugin, `${beginning(path, 1_000_000)}{`))
      await expect.poll(() => heldBytes(plugin), { timeout: 10_000 }).toBe(20 * 4)
      await client.write(name, "y".repeat(900_000))
      expect(await client.contents(name)).toEqual(["y".repeat(900_000)])
      for (const socket of [...silent, ...slow]) socket.destroy()
      await expect.poll(() => heldBytes(plugin), { timeout: 10_000 }).toBe(0)
    },
    { limits: { bodyBytesMax: 1_000_000, bodiesBytesMax: 32_000_000 } },
  ))

test("writes that are half read and together more than there is memory for are all answered", () =>
  using(
    async (plugin) => {
      const client = await createClient(plugin.url)
      const name = await client.namespace()
      const body = JSON.stringify({ content: "y".repeat(900_000), kind: "fact", source: "agent" })
      const write = post(`/v1/namespaces/${name}/memories`, body)
      const sockets = Array.from({ length: 12 }, () => dial(plugin, write.slice(0, 500_000)))
      await expect.poll(() => heldBytes(plugin), { timeout: 10_000 }).toBeGreaterThan(1_000_000)
      const answers = sockets.toReversed().map(async (socket) => {
        socket.write(write.slice(500_000))
        const [answer] = await once(socket, "data")
        socket.destroy()
        return String(answer).slice(0, 12)
      })
      expect(await Promise.all(answers)).toEqual(sockets.map(() => "HTTP/1.1 201"))
      await expect.poll(() => heldBytes(plugin), { timeout: 10_000 }).toBe(0)
    },
    { limits: { bodyBytesMax: 1_000_000, bodiesBytesMax: 4_000_000 } },
  ))
