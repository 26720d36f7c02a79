import { once } from "node:events"
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

test("whose sender has gone while it waited for memory is refused, also when all of it had come", async () => {
  const budget = createBodyBudget(100)
  const giveBack = await budget.take(100)
  const { sender, request, response } = await send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nwhole")
  const reading = readBody(request, { bytesMax: 100, budget })
  const closed = once(response, "close")
  sender.destroy()
  await closed
  expect(request.complete).toBe(true)
  giveBack()
  await expect(reading).rejects.toMatchObject({ status: 400, code: "body_incomplete" })
  expect(budget.held()).toBe(0)
})
