import { EventEmitter, once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import { createBodyBudget } from "@engram/bodies/body-budget"
import { readBody } from "@engram/bodies/read-body"
import { afterEach, beforeEach, expect, test } from "vitest"

const server = createServer()
beforeEach(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening")
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** A connection that has sent this much, and the request as the server has it. */
async function send(text: string): Promise<{ sender: Socket; request: IncomingMessage; response: ServerResponse }> {
  const arrived = once(server, "request") as Promise<[IncomingMessage, ServerResponse]>
  const sender = connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () => {})
  sender.write(text)
  const [request, response] = await arrived
  return { sender, request, response }
}

const head = (announced: number) => `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${announced}\r\n\r\n`
const chunkedHead = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

/** A budget, and when it comes to hold so much. */
function watched(bytesMax: number) {
  const changes = new EventEmitter()
  const budget = createBodyBudget(bytesMax, (held) => changes.emit(String(held)))
  return { budget, holds: (bytes: number) => (budget.held() === bytes ? undefined : once(changes, String(bytes))) }
}

test("a body holds what has come of it, and at most as many bytes again", async () => {
  const { budget, holds } = watched(1_000_000)
  const { sender, request } = await send(head(1_000))
  const reading = readBody(request, { bytesMax: 10_000, budget, memoryPerByte: 4 })
  sender.write("x".repeat(100))
  await holds(400)
  sender.write("x")
  await holds(800)
  sender.write("x".repeat(899))
  const { bytes, release } = await reading
  expect(bytes.toString()).toBe("x".repeat(1_000))
  expect(budget.held()).toBe(4_000)
  release()
  release()
  expect(budget.held()).toBe(0)
})

test("one of unannounced length holds no more than its bytes once it is complete", async () => {
  const { budget, holds } = watched(1_000_000)
  const { sender, request } = await send(chunkedHead + chunk("abc"))
  const reading = readBody(request, { bytesMax: 10_000, budget })
  await holds(3)
  sender.write(chunk("d"))
  await holds(6)
  sender.write(chunk(""))
  expect((await reading).bytes.toString()).toBe("abcd")
  expect(budget.held()).toBe(4)
})

test("one of unannounced length that is too large is refused once it is, and gives back what it held", async () => {
  const { budget, holds } = watched(1_000_000)
  const { sender, request, response } = await send(chunkedHead + chunk("x".repeat(90)))
  const reading = readBody(request, { bytesMax: 100, budget })
  await holds(90)
  sender.write(chunk("x".repeat(200_000)) + chunk(""))
  await expect(reading).rejects.toMatchObject({ status: 413, code: "body_too_large" })
  expect(budget.held()).toBe(0)
  response.end("told")
  expect(String(await once(sender, "data"))).toContain("told")
})

test("senders that announce much and send nothing leave the memory to others", async () => {
  const budget = createBodyBudget(1_000)
  for (let i = 0; i < 20; i++) {
    const { request } = await send(head(1_000))
    readBody(request, { bytesMax: 1_000, budget }).catch(() => {})
  }
  expect(budget.held()).toBe(0)
  const { request } = await send(`${head(900)}${"x".repeat(900)}`)
  const { bytes } = await readBody(request, { bytesMax: 1_000, budget })
  expect(bytes).toHaveLength(900)
})

test("many half-read bodies, each as large as there is memory, all come to their ends whoever sends first", async () => {
  const bytesMax = 300_000
  const seen: number[] = []
  const budget = createBodyBudget(bytesMax, (held) => seen.push(held))
  const half = "x".repeat(bytesMax / 2)
  const sent: Awaited<ReturnType<typeof send>>[] = []
  for (let i = 0; i < 10; i++) sent.push(await send(head(bytesMax) + half))
  const readings = sent.map(async ({ request }) => {
    const { bytes, release } = await readBody(request, { bytesMax, budget })
    release()
    return bytes.length
  })
  for (const { sender } of sent.toReversed()) sender.write(half)
  expect(await Promise.all(readings)).toEqual(sent.map(() => bytesMax))
  expect(Math.max(...seen)).toBeLessThanOrEqual(bytesMax)
  expect(budget.held()).toBe(0)
})

test("whose sender goes away half-read gives back what it held", async () => {
  const { budget, holds } = watched(1_000)
  const { sender, request } = await send(`${head(100)}half`)
  const reading = readBody(request, { bytesMax: 100, budget })
  await holds(4)
  sender.destroy()
  await expect(reading).rejects.toMatchObject({ status: 400, code: "body_incomplete" })
  expect(budget.held()).toBe(0)
})

test("whose sender goes away while it waits for memory is refused at once, also when all of it had come", async () => {
  const budget = createBodyBudget(100)
  const other = budget.open(100)
  other.take(100, () => {})
  const { sender, request } = await send(`${head(5)}whole`)
  const reading = readBody(request, { bytesMax: 100, budget })
  sender.destroy()
  await expect(reading).rejects.toMatchObject({ status: 400, code: "body_incomplete" })
  expect(request.complete).toBe(true)
  other.release()
  expect(budget.held()).toBe(0)
})
