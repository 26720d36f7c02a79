import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import type { Client } from "../client.ts"
import type { ContractPromise } from "../promise.ts"

const memory = { content: "x", kind: "fact", source: "agent" }

const refusedWrites = async (client: Client, changes: readonly Record<string, unknown>[]): Promise<void> => {
  const name = await client.namespace()
  for (const change of changes) {
    await client.refused(400, "bad_request", "POST", `/v1/namespaces/${name}/memories`, { ...memory, ...change })
  }
  assert.deepEqual(await client.search(name), [])
}

const refusedSearches = async (client: Client, changes: readonly Record<string, unknown>[]): Promise<void> => {
  const name = await client.namespace()
  for (const change of changes) {
    await client.refused(400, "bad_request", "POST", "/v1/search", { namespaces: [name], ...change })
  }
}

/** JSON has no NaN and no Infinity; written out they are no JSON, and 1e999 is too large for a number. */
const raw = (member: string, value: string) => `${JSON.stringify(memory).slice(0, -1)},"${member}":${value}}`

export const badInput: readonly ContractPromise[] = [
  {
    name: "a name with a slash, a percent sign, other letters, or of 257 characters or 5,000 is refused with the reason",
    check: async (client) => {
      const names = [
        "team:a/b",
        "team:50%",
        "team:é",
        "team:日本",
        "team:🎉",
        `team:${"a".repeat(252)}`,
        `team:${"a".repeat(5_000)}`,
        "team:",
        "Team:a",
        ":a",
      ]
      for (const name of [...names, "team", "team:a b", "te4m:a", "team:a\n"]) {
        await client.refused(400, "bad_request", "PUT", `/v1/namespaces/${encodeURIComponent(name)}`, { kind: "team" })
        await client.refused(400, "bad_request", "POST", `/v1/namespaces/${encodeURIComponent(name)}/memories`, memory)
        await client.refused(400, "bad_request", "POST", "/v1/search", { namespaces: [name] })
      }
      await client.refused(400, "bad_request", "PUT", "/v1/namespaces/team:%zz", { kind: "team" })
      await client.refused(404, "not_found", "PUT", "/v1/namespaces/team:a/b", { kind: "team" })
      const longest = `team:${randomUUID()}${"a".repeat(256 - 41)}`
      assert.equal(longest.length, 256)
      await client.put(longest, { kind: "team" })
    },
  },
  {
    name: "a body that is no JSON object is refused with the reason",
    check: async (client) => {
      const name = await client.namespace()
      for (const body of ["{", "", "null", "[]", '"text"', "42", "{'a':1}", "[{}]", "\u0000", "NaN"]) {
        await client.refused(400, "bad_request", "PUT", `/v1/namespaces/${name}`, body)
        await client.refused(400, "bad_request", "POST", `/v1/namespaces/${name}/memories`, body)
        await client.refused(400, "bad_request", "POST", "/v1/search", body)
      }
    },
  },
  {
    name: "a body of 50 MB is refused, and the connection is still good",
    check: async (client) => {
      const name = await client.namespace()
      const body = { ...memory, content: "x".repeat(50 * 1024 * 1024) }
      const answer = await client.ask("POST", `/v1/namespaces/${name}/memories`, body)
      assert.ok([400, 413].includes(answer.status), `answered ${answer.status}`)
      assert.equal(answer.body.code, "bad_request")
      assert.deepEqual(await client.search(name), [])
    },
  },
  {
    name: "a time that is none is refused; one with an offset, or in the past, is taken",
    check: async (client) => {
      const wrong = [
        "tomorrow",
        "",
        "2026-05-04",
        "2026-05-04T09:08:28",
        "2026-02-30T00:00:00Z",
        "2026-05-04 09:08:28Z",
        1777885708,
      ]
      await refusedWrites(
        client,
        [...wrong, "2026-13-01T00:00:00Z", "2026-05-04T25:00:00Z", {}].map((expires_at) => ({ expires_at })),
      )
      const name = await client.namespace()
      for (const expires_at of wrong) {
        await client.refused(400, "bad_request", "PUT", `/v1/namespaces/${name}`, { kind: "custom", expires_at })
        await client.refused(400, "bad_request", "PATCH", `/v1/namespaces/${name}`, { expires_at })
      }
      await client.write(name, { content: "past", expires_at: "2001-01-01T00:00:00Z" })
      await client.write(name, { content: "offset", expires_at: "2999-05-04T09:08:28.123456789+05:30" })
      assert.deepEqual(await client.contents(name), ["offset"])
    },
  },
  {
    name: "a time outside the years 0001 to 9999 in UTC is refused, and the first and the last of them are taken",
    check: async (client) => {
      const outside = ["0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-08:00"]
      await refusedWrites(
        client,
        outside.map((expires_at) => ({ expires_at })),
      )
      const name = await client.namespace()
      for (const expires_at of outside) {
        await client.refused(400, "bad_request", "PUT", `/v1/namespaces/${name}`, { kind: "custom", expires_at })
        await client.refused(400, "bad_request", "PATCH", `/v1/namespaces/${name}`, { expires_at })
      }
      const last = "9999-12-31T23:59:59.999Z"
      assert.equal(
        Date.parse((await client.put(name, { kind: "custom", expires_at: last })).expires_at!),
        Date.parse(last),
      )
      await client.write(name, { content: "first", expires_at: "0001-01-01T00:00:00Z" })
      await client.write(name, { content: "last", expires_at: last })
      const found = await client.search(name)
      assert.deepEqual(
        found.map(({ content, expires_at }) => [content, Date.parse(expires_at!)]),
        [["last", Date.parse(last)]],
      )
    },
  },
  {
    name: "an embedding with something that is no number, of another dimension, or far too long is refused",
    needs: ["embedding"],
    check: async (client) => {
      const name = await client.namespace()
      await client.write(name, { content: "first", embedding: client.at(0) })
      const wrong = [
        [],
        [Number.NaN],
        ["1"],
        "1,2",
        Array(client.dimension).fill(null),
        Array(client.dimension).fill(0),
        {},
      ]
      await refusedWrites(
        client,
        wrong.map((embedding) => ({ embedding })),
      )
      await refusedSearches(
        client,
        wrong.map((embedding) => ({ embedding })),
      )
      const path = `/v1/namespaces/${name}/memories`
      for (const value of ["[NaN]", "[Infinity]", `[${Array(client.dimension).fill("1e999").join(",")}]`]) {
        await client.refused(400, "bad_request", "POST", path, raw("embedding", value))
      }
      const wide = { ...memory, embedding: Array(client.dimension + 1).fill(1) }
      const { body } = await client.refused(400, "bad_request", "POST", path, wide)
      assert.ok(body.message.includes(String(client.dimension)), body.message)
      assert.ok(body.message.includes(String(client.dimension + 1)), body.message)
      await client.refused(400, "bad_request", "POST", path, { ...memory, embedding: Array(100_000).fill(0.5) })
      await client.refused(400, "bad_request", "POST", "/v1/search", { namespaces: [name], embedding: wide.embedding })
      assert.deepEqual(await client.contents(name), ["first"])
    },
  },
  {
    name: "a limit below 0, above 100 or between two numbers is refused",
    check: (client) =>
      refusedSearches(
        client,
        [-1, 101, 1.5, "20", 1e9].map((limit) => ({ limit })),
      ),
  },
  {
    name: "an unknown kind or source, blank content, an id that is no UUID are refused",
    check: async (client) => {
      const ids = ["", "1", "not-a-uuid", "7b1c2d3e-0000-0000-0000-00000000000g", 5]
      await refusedWrites(client, [
        ...ids.map((id) => ({ id })),
        { kind: "opinion" },
        { kind: undefined },
        { kind: "Fact" },
        { source: "dream" },
        { source: null },
        { content: "" },
        { content: " \n\t " },
        { content: 5 },
        { content: undefined },
        { content: "a\u0000b" },
        { pin: "yes" },
        { propagation: [] },
        { propagation: "text" },
      ])
      await refusedSearches(client, [
        { kinds: ["opinion"] },
        { kinds: "fact" },
        { namespaces: [] },
        { namespaces: "team:a" },
        { query: 5 },
      ])
      const name = await client.namespace()
      await client.refused(400, "bad_request", "PUT", `/v1/namespaces/${name}`, { kind: "galaxy" })
      await client.refused(400, "bad_request", "PUT", `/v1/namespaces/${name}`, { kind: "team", metadata: 1 })
      await client.refused(400, "bad_request", "DELETE", "/v1/memories/1", { requested_by_namespace: name })
    },
  },
  {
    name: "propagation 100 levels deep is taken, and a million levels end no server",
    needs: ["propagation"],
    check: async (client) => {
      const name = await client.namespace()
      const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`
      const path = `/v1/namespaces/${name}/memories`
      const taken = await client.ask("POST", path, raw("propagation", nested(100)))
      assert.equal(taken.status, 201, taken.text)
      assert.deepEqual((await client.search(name))[0]!.propagation, JSON.parse(nested(100)))
      await client.refused(400, "bad_request", "POST", path, raw("propagation", nested(1_000_000)))
      assert.equal((await client.search(name)).length, 1)
    },
  },
  {
    name: "a query of only stop words, operators or emoji is an ordinary query",
    needs: ["fts"],
    check: async (client) => {
      const name = await client.namespace()
      await client.write(name, "We launched 🎉 and it was good")
      await client.write(name, "if (a & b | !c) then d <-> e")
      for (const query of ["& | ! <->", "!", "<->", "''", "\\", "\\'", "a:*", "(", ":*", "%", "_", "-- ;", "\u0000"]) {
        const found = await client.contents(name, { query })
        assert.ok(!found.includes("We launched 🎉 and it was good") || query.trim() === "\u0000", `${query}: ${found}`)
      }
      assert.deepEqual(await client.contents(name, { query: "🎉" }), ["We launched 🎉 and it was good"])
      assert.deepEqual(await client.contents(name, { query: "it was" }), ["We launched 🎉 and it was good"])
      assert.deepEqual(await client.contents(name, { query: "<->" }), ["if (a & b | !c) then d <-> e"])
      assert.deepEqual(await client.contents(name, { query: "🦄" }), [])
      assert.deepEqual(await client.contents(name, { query: "zyzzyva ".repeat(5_000) }), [])
    },
  },
  {
    name: "what the contract does not name is overlooked, and other paths are not there",
    check: async (client) => {
      const name = await client.namespace()
      await client.write(name, { content: "future", colour: "blue" })
      assert.deepEqual(await client.contents(name, { explain: true }), ["future"])
      await client.refused(404, "not_found", "GET", "/v1/nothing")
      await client.refused(404, "not_found", "GET", `/v1/namespaces/${name}/memories`)
    },
  },
]
