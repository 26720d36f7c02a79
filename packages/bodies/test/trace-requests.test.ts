import { connect } from "node:net"
import { createDoor } from "@engram/bodies/door"
import { type SpanSaid, spanChannel } from "@engram/contracts/spans"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, onTestFinished, test } from "vitest"

test("a request's span ends with its answer, and with its client where that gives up", async () => {
  const begun: string[] = []
  const ended: SpanSaid[] = []
  const listeners = { start: () => {}, asyncEnd: (span: SpanSaid) => void ended.push(span) }
  spanChannel.subscribe(listeners as never)
  onTestFinished(() => void spanChannel.unsubscribe(listeners as never))
  const door = createDoor({
    requestMs: 5_000,
    stopMs: 5_000,
    answerError: (_error, _request, reply) => reply.code(500).send({}),
    onRefused: () => {},
  })
  door.app.get("/fine", () => ({ fine: true }))
  door.app.get("/slow", ({ url }) => {
    begun.push(url)
    return new Promise(() => {})
  })
  const url = await door.app.listen({ host: "127.0.0.1", port: 0 })
  onTestFinished(() => door.stop())

  await (await fetch(`${url}/fine`)).json()
  const { hostname, port } = new URL(url)
  const client = connect(Number(port), hostname).on("error", () => {})
  client.write("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
  await waitUntil("it is begun", () => begun.length === 1)
  client.destroy()
  await waitUntil("both have ended", () => ended.length === 2)
  expect(ended.map(({ name, attributes }) => [name, attributes["http.response.status_code"]])).toEqual([
    ["GET /fine", 200],
    ["GET /slow", 499],
  ])
})
