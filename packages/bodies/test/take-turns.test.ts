import { connect } from "node:net"
import { createDoor } from "@engram/bodies/door"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, onTestFinished, test } from "vitest"

/** A door that begins to answer `/1` when told to, and all else at once; and a connection to send on without waiting. */
async function open() {
  const begun: string[] = []
  const gate = Promise.withResolvers<void>()
  let arrived = 0
  let mostInLine = 0
  const door = createDoor({
    requestMs: 5_000,
    stopMs: 5_000,
    answerError: ({ statusCode = 500, message }, _request, reply) => reply.code(statusCode).send({ said: message }),
    onRefused: () => {},
  })
  door.app.all("/:n", async (request) => {
    begun.push(request.url)
    if (request.url === "/1") await gate.promise
    return { said: request.url, heard: request.body }
  })
  door.app.server.on("request", () => {
    arrived++
    mostInLine = Math.max(mostInLine, arrived - begun.length)
  })
  const url = await door.app.listen({ host: "127.0.0.1", port: 0 })
  onTestFinished(() => door.stop())
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).on("error", () => {})
  onTestFinished(() => void socket.destroy())
  let answers = ""
  socket.on("data", (data) => {
    answers += data
  })
  const answered = () => answers.match(/(?<="said":"\/)\d+/g) ?? []
  return {
    door,
    url,
    socket,
    begun,
    open: gate.resolve,
    arrived: () => arrived,
    mostInLine: () => mostInLine,
    answered,
  }
}

const get = (n: number) => `GET /${n} HTTP/1.1\r\nhost: x\r\n\r\n`
const post = (n: number, body: string) =>
  `POST /${n} HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`

test("requests sent without waiting begin one after the other, each once the one before is answered", async () => {
  const { url, socket, begun, open: let1, arrived, answered } = await open()
  socket.write(get(1) + post(2, "two") + get(3))
  await waitUntil("all have arrived", () => arrived() === 3)
  expect(begun).toEqual(["/1"])
  // Another connection waits for nobody.
  expect(await (await fetch(`${url}/4`)).json()).toMatchObject({ said: "/4" })
  let1()
  await waitUntil("all are answered", () => answered().length === 3)
  expect(answered()).toEqual(["1", "2", "3"])
  expect(begun).toEqual(["/1", "/4", "/2", "/3"])
})

test("what waits on a connection that ends never begins, and holds up nobody", async () => {
  const { door, url, socket, begun, open: let1, arrived } = await open()
  socket.write(get(1) + get(2))
  await waitUntil("both have arrived", () => arrived() === 2)
  socket.destroy()
  const connections = () =>
    new Promise((resolve) => door.app.server.getConnections((_, connections) => resolve(connections)))
  await waitUntil("the connection is gone", async () => (await connections()) === 0)
  let1()
  expect((await fetch(`${url}/3`)).status).toBe(200)
  expect(begun).toEqual(["/1", "/3"])
})

test("a stopping door answers what has begun, and ends the connection before what waits on it begins", async () => {
  const { door, socket, begun, open: let1, arrived, answered } = await open()
  socket.write(get(1) + get(2))
  await waitUntil("both have arrived", () => arrived() === 2)
  const started = performance.now()
  const stopped = door.stop()
  let1()
  await stopped
  expect(performance.now() - started).toBeLessThan(4_000)
  await waitUntil("it is answered", () => answered().length === 1)
  expect(begun).toEqual(["/1"])
})

test("a connection on which much waits is not read on, and all of it is answered in its order", async () => {
  const { url, socket, open: let1, arrived, mostInLine, answered } = await open()
  const sent = 20_000
  socket.write(get(1) + Array.from({ length: sent - 1 }, (_, i) => post(i + 2, "a body")).join(""))
  await waitUntil("some have arrived", () => arrived() > 16)
  for (let i = 0; i < 50; i++) await fetch(`${url}/0`)
  let1()
  await waitUntil("all are answered", () => answered().length === sent)
  expect(answered()).toEqual(Array.from({ length: sent }, (_, i) => String(i + 1)))
  // What Node reads of it at once, 64 KB.
  expect(mostInLine()).toBeLessThan(1_500)
})

test("a body that is larger than what is read of it while it waits comes whole", async () => {
  const { socket, open: let1, arrived, answered } = await open()
  socket.write(get(1) + post(2, "y".repeat(900_000)) + get(3))
  await waitUntil("its head has arrived", () => arrived() === 2)
  let1()
  await waitUntil("all are answered", () => answered().length === 3)
  expect(answered()).toEqual(["1", "2", "3"])
})
