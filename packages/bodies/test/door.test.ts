import { createDoor } from "@engram/bodies/door"
import { answerTo, bodyOf } from "@engram/testkit/answer-to"
import { expect, onTestFinished, test } from "vitest"

async function open(answer: () => unknown = () => ({ fine: true })) {
  const refused: number[] = []
  const door = createDoor({
    requestMs: 5_000,
    stopMs: 5_000,
    answerError: ({ statusCode = 500, message }, _request, reply) => reply.code(statusCode).send({ said: message }),
    onRefused: (status) => refused.push(status),
  })
  door.app.get("/", answer)
  const url = await door.app.listen({ host: "127.0.0.1", port: 0 })
  onTestFinished(() => door.stop())
  const ask = (line: string, ...headers: string[]) =>
    answerTo(url, `${[line, ...headers, "connection: close"].join("\r\n")}\r\n\r\n`)
  return { door, url, ask, refused }
}

test("a request that does not say its host is refused in words, unless it is of a time before hosts", async () => {
  const { ask } = await open()
  const refused = await ask("GET / HTTP/1.1")
  expect(refused).toMatch(/^HTTP\/1.1 400 /)
  expect(bodyOf(refused)).toEqual({ said: "the Host header is missing" })
  expect(await ask("GET / HTTP/1.0")).toMatch(/^HTTP\/1.1 200 /)
})

test("a body that is sent compressed is refused in words that name the header", async () => {
  const { ask } = await open()
  const refused = await ask("GET / HTTP/1.1", "host: x", "content-encoding: gzip")
  expect(refused).toMatch(/^HTTP\/1.1 415 /)
  expect(bodyOf(refused)).toEqual({ said: "bodies are taken as they are, without a Content-Encoding" })
  expect(await ask("GET / HTTP/1.1", "host: x", "content-encoding: identity")).toMatch(/^HTTP\/1.1 200 /)
})

test("what a client expects and nobody knows is refused in words, and told", async () => {
  const { ask, refused } = await open()
  const answer = await ask("GET / HTTP/1.1", "host: x", "expect: wonders")
  expect(answer).toMatch(/^HTTP\/1.1 417 /)
  expect(bodyOf(answer)).toEqual({ code: "bad_request", message: 'nothing here knows how to expect "wonders"' })
  expect(refused).toEqual([417])
})

test("a path with nothing there is refused in the door's words, without its query", async () => {
  const { ask } = await open()
  const answer = await ask("GET /nothing?key=secret HTTP/1.1", "host: x")
  expect(answer).toMatch(/^HTTP\/1.1 404 /)
  expect(bodyOf(answer)).toEqual({ said: "there is nothing at GET /nothing" })
})

test("a request under way is answered when the door stops, on a connection that then closes", async () => {
  const under = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<object>()
  const { door, url } = await open(() => {
    under.resolve()
    return gate.promise
  })
  const answer = fetch(url)
  await under.promise
  const stopped = door.stop()
  expect(door.isStopping()).toBe(true)
  gate.resolve({ fine: true })
  expect((await answer).headers.get("connection")).toBe("close")
  await stopped
  await expect(fetch(url)).rejects.toThrow("fetch failed")
})
