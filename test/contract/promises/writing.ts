import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import type { ContractPromise } from "../promise.ts"

export const writing: readonly ContractPromise[] = [
  {
    name: "a memory comes back as it was written",
    check: async (client) => {
      const name = await client.namespace()
      const memory = {
        content: "Ünïcode 🎉, quotes ' \" \\ and\nlines",
        kind: "checkpoint",
        source: "runtime",
        expires_at: "2999-05-04T09:08:28-07:00",
        pin: true,
      }
      const id = await client.write(name, memory)
      const [found] = await client.search(name)
      const { created_at, score, expires_at, ...rest } = found!
      assert.deepEqual(rest, {
        id,
        namespace: name,
        content: memory.content,
        kind: "checkpoint",
        source: "runtime",
        pin: true,
      })
      assert.equal(Date.parse(expires_at!), Date.parse(memory.expires_at))
      assert.ok(Math.abs(Date.parse(created_at) - Date.now()) < 60_000)
      assert.equal(score, undefined)
    },
  },
  {
    name: "null is as good as absent",
    check: async (client) => {
      const name = await client.namespace()
      const nothing = { id: null, expires_at: null, propagation: null, pin: null, embedding: null }
      await client.write(name, { content: "bare", ...nothing })
      const found = await client.search(name, { query: null, kinds: null, limit: null, embedding: null })
      assert.deepEqual(Object.keys(found[0]!).sort(), ["content", "created_at", "id", "kind", "namespace", "source"])
    },
  },
  {
    name: "propagation is returned as it was given",
    needs: ["propagation"],
    check: async (client) => {
      const name = await client.namespace()
      const given =
        '{"z":1,"a":{"b":[1.0,1e3,12345678901234567890,-0,null,true,"\\u00e9\\ud83c\\udf89 \\u0000"]},"__proto__":{"x":1},"constructor":2,"":{}}'
      const body = `{"content":"travels","kind":"fact","source":"agent","propagation":${given}}`
      assert.equal((await client.ask("POST", `/v1/namespaces/${name}/memories`, body)).status, 201)
      const { text } = await client.ask("POST", "/v1/search", { namespaces: [name] })
      assert.ok(text.includes("12345678901234567890"), "numbers keep their digits")
      assert.deepEqual(JSON.parse(text).memories[0].propagation, JSON.parse(given))
    },
  },
  {
    name: "an id is an idempotency key: written again, the memory is replaced whole",
    check: async (client) => {
      const [first, second] = [await client.namespace(), await client.namespace()]
      const id = randomUUID()
      const memory = {
        id,
        content: "the zebra grazes",
        kind: "fact",
        source: "agent",
        pin: true,
        propagation: { a: 1 },
      }
      assert.equal(await client.write(first, memory), id)
      const [before] = await client.search(first)
      assert.equal(await client.write(first, memory), id)
      assert.equal((await client.search(first)).length, 1)

      const update = {
        id,
        content: "the lion sleeps",
        kind: "summary",
        source: "user",
        expires_at: "2999-01-01T00:00:00Z",
      }
      await client.write(second, update)
      assert.deepEqual(await client.search(first), [])
      const [after] = await client.search(second)
      assert.deepEqual(
        { ...after, expires_at: "" },
        {
          id,
          namespace: second,
          content: update.content,
          kind: "summary",
          source: "user",
          expires_at: "",
          created_at: before!.created_at,
        },
      )
    },
  },
  {
    name: "after an update the old content is not found any more",
    needs: ["fts"],
    check: async (client) => {
      const name = await client.namespace()
      const id = await client.write(name, "the zebra grazes")
      assert.deepEqual(await client.contents(name, { query: "zebra" }), ["the zebra grazes"])
      await client.write(name, { id, content: "the lion sleeps" })
      assert.deepEqual(await client.contents(name, { query: "zebra" }), [])
      assert.deepEqual(await client.contents(name, { query: "lion" }), ["the lion sleeps"])
    },
  },
  {
    name: "an update may bring, change and take back an embedding",
    needs: ["embedding"],
    check: async (client) => {
      const name = await client.namespace()
      const near = async (degrees: number) =>
        (await client.search(name, { embedding: client.at(degrees) })).map(({ score }) => Number(score?.toFixed(4)))
      const id = await client.write(name, "a")
      assert.deepEqual(await near(0), [])
      await client.write(name, { id, content: "a", embedding: client.at(0) })
      assert.deepEqual(await near(0), [1])
      await client.write(name, { id, content: "a", embedding: client.at(60) })
      assert.deepEqual(await near(0), [0.5])
      assert.deepEqual(await near(60), [1])
      await client.write(name, { id, content: "a" })
      assert.deepEqual(await near(60), [])
      assert.deepEqual(await client.contents(name), ["a"])
    },
  },
  {
    name: "a hundred memories written at once are a hundred memories",
    check: async (client) => {
      const name = await client.namespace()
      const contents = Array.from({ length: 100 }, (_, i) => `memory number ${i}`)
      const ids = await Promise.all(contents.map((content) => client.write(name, content)))
      assert.equal(new Set(ids).size, 100)
      const found = await client.search(name, { limit: 100 })
      assert.deepEqual(
        new Map(found.map(({ id, content }) => [id, content])),
        new Map(ids.map((id, i) => [id, contents[i]!])),
      )
    },
  },
  {
    name: "of writers of one id at once one stands, whole",
    check: async (client) => {
      const names = await Promise.all([client.namespace(), client.namespace()])
      const id = randomUUID()
      const writes = Array.from({ length: 40 }, (_, i) => {
        const namespace = names[i % 2]!
        return client.write(namespace, { id, content: `version ${i}`, propagation: { i }, pin: i % 3 === 0 })
      })
      await Promise.all(writes)
      const found = await client.search(names, { limit: 100 })
      assert.equal(found.length, 1)
      const i = Number(found[0]!.content.split(" ")[1])
      assert.equal(found[0]!.namespace, names[i % 2])
      assert.equal(found[0]!.pin, i % 3 === 0)
    },
  },
  {
    name: "a memory is forgotten by the namespace it belongs to, and by no other",
    check: async (client) => {
      const [mine, other] = [await client.namespace(), await client.namespace()]
      const id = await client.write(mine, "a secret")
      const path = `/v1/memories/${id}`
      await client.refused(403, "forbidden", "DELETE", path, { requested_by_namespace: other })
      await client.refused(400, "bad_request", "DELETE", path, {})
      await client.refused(400, "bad_request", "DELETE", path, { requested_by_namespace: "nonsense" })
      assert.equal((await client.search(mine)).length, 1)
      const gone = await client.ask("DELETE", path.toUpperCase().replace("/V1/MEMORIES", "/v1/memories"), {
        requested_by_namespace: mine,
      })
      assert.equal(gone.status, 204)
      assert.deepEqual(await client.search(mine), [])
      assert.deepEqual(await client.search(mine, { query: "secret" }), [])
      await client.refused(404, "not_found", "DELETE", path, { requested_by_namespace: mine })
      await client.refused(404, "not_found", "DELETE", `/v1/memories/${randomUUID()}`, { requested_by_namespace: mine })
      await client.write(mine, { id, content: "told again" })
      assert.deepEqual(await client.contents(mine), ["told again"])
    },
  },
]
