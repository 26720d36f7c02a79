import assert from "node:assert/strict"
import type { Client } from "../client.ts"
import type { ContractPromise } from "../promise.ts"

const writeInTurn = async (client: Client, name: string, memories: readonly (string | Record<string, unknown>)[]) => {
  for (const memory of memories) await client.write(name, memory)
}

export const searching: readonly ContractPromise[] = [
  {
    name: "with nothing to search for, the pinned come first, then the newest, 20 unless said otherwise",
    check: async (client) => {
      const name = await client.namespace()
      const contents = Array.from({ length: 25 }, (_, i) => ({ content: `m${i}`, pin: i === 3 || i === 7 }))
      await writeInTurn(client, name, contents)
      const found = await client.contents(name)
      assert.deepEqual(found.slice(0, 4), ["m7", "m3", "m24", "m23"])
      assert.equal(found.length, 20)
      assert.equal((await client.search(name, { limit: 0 })).length, 20)
      assert.equal((await client.search(name, { limit: 100 })).length, 25)
      assert.deepEqual(await client.contents(name, { limit: 3 }), ["m7", "m3", "m24"])
      assert.deepEqual(await client.contents(name, { limit: 1, query: "  " }), ["m7"])
    },
  },
  {
    name: "kinds narrow a search, and an empty list of them does not",
    check: async (client) => {
      const name = await client.namespace()
      for (const kind of ["fact", "summary", "checkpoint"]) await client.write(name, { content: `a ${kind}`, kind })
      assert.deepEqual(await client.contents(name, { kinds: ["summary", "fact"] }), ["a summary", "a fact"])
      assert.deepEqual(await client.contents(name, { kinds: ["checkpoint"], query: "fact" }), [])
      assert.equal((await client.search(name, { kinds: [] })).length, 3)
    },
  },
  {
    name: "a query finds stems and folds accents",
    needs: ["fts"],
    check: async (client) => {
      const name = await client.namespace()
      await writeInTurn(client, name, ["We deployed to the café on Friday", "Lions sleep", "Ångström units"])
      for (const query of ["deploys", "CAFE", "cafés", "deploying", "café friday"]) {
        assert.deepEqual(await client.contents(name, { query }), ["We deployed to the café on Friday"], query)
      }
      assert.deepEqual(await client.contents(name, { query: "angstrom" }), ["Ångström units"])
      assert.deepEqual(await client.contents(name, { query: "zyzzyva" }), [])
    },
  },
  {
    name: "a query of one character is looked for inside words",
    needs: ["fts"],
    check: async (client) => {
      const name = await client.namespace()
      await writeInTurn(client, name, ["xylophone", "box", "Café", "日本語"])
      assert.deepEqual(await client.contents(name, { query: "x" }), ["box", "xylophone"])
      assert.deepEqual(await client.contents(name, { query: "é" }), ["Café", "xylophone"])
      assert.deepEqual(await client.contents(name, { query: "本" }), ["日本語"])
    },
  },
  {
    name: "a pinned memory comes first among equals, not before a better match, and not where it does not match",
    needs: ["fts", "pin"],
    check: async (client) => {
      const name = await client.namespace()
      await writeInTurn(client, name, [
        { content: "the rollout of billing", pin: true },
        "the rollout of billing",
        { content: "nothing of the kind", pin: true },
        "billing rollout",
      ])
      const found = await client.search(name, { query: "billing rollout" })
      assert.equal(found[0]!.content, "billing rollout")
      assert.deepEqual(
        found.slice(1).map(({ content, pin }) => [content, pin === true]),
        [
          ["the rollout of billing", true],
          ["the rollout of billing", false],
        ],
      )
    },
  },
  {
    name: "an embedding ranks by cosine, which is the score",
    needs: ["embedding"],
    check: async (client) => {
      const name = await client.namespace()
      for (const degrees of [120, 0, 60, 180]) {
        await client.write(name, { content: `${degrees}`, embedding: client.at(degrees).map((value) => value * 7) })
      }
      await client.write(name, "without")
      const found = await client.search(name, { embedding: client.at(0).map((value) => value * 0.001) })
      assert.deepEqual(
        found.map(({ content, score }) => [content, Number(score!.toFixed(3)) + 0]),
        [
          ["0", 1],
          ["60", 0.5],
          ["120", -0.5],
          ["180", -1],
        ],
      )
      assert.equal((await client.search(name, { embedding: client.at(60), limit: 1 }))[0]!.content, "60")
    },
  },
  {
    name: "equal vectors come in one order, the pinned first, then the newest",
    needs: ["embedding", "pin"],
    check: async (client) => {
      const name = await client.namespace()
      for (const content of ["a", "b", "c"]) {
        await client.write(name, { content, pin: content === "a", embedding: client.at(10) })
      }
      for (let i = 0; i < 3; i++) {
        assert.deepEqual(await client.contents(name, { embedding: client.at(0) }), ["a", "c", "b"])
      }
    },
  },
  {
    name: "a query and an embedding together: found by both comes first",
    needs: ["embedding", "fts"],
    check: async (client) => {
      const name = await client.namespace()
      await client.write(name, { content: "near, and about something else", embedding: client.at(0) })
      await client.write(name, { content: "far, and about migrations", embedding: client.at(170) })
      await client.write(name, { content: "near enough, about migrations, migrations", embedding: client.at(20) })
      await client.write(name, { content: "far and unrelated", embedding: client.at(175) })
      const found = await client.search(name, { query: "migrations", embedding: client.at(0) })
      assert.equal(found[0]!.content, "near enough, about migrations, migrations")
      assert.deepEqual(
        new Set(found.slice(1, 3).map(({ content }) => content)),
        new Set(["near, and about something else", "far, and about migrations"]),
      )
      const scores = found.map(({ score }) => score!)
      assert.deepEqual(
        scores,
        [...scores].sort((a, b) => b - a),
      )
    },
  },
  {
    name: "one search reads a hundred namespaces, and none that it does not name",
    check: async (client) => {
      const names = await Promise.all(Array.from({ length: 100 }, () => client.namespace("team")))
      await Promise.all(
        names.map((name, i) =>
          client.write(name, { content: `shared word, place ${i}`, ...embeddingFor(client, i * 0.5) }),
        ),
      )
      const other = await client.namespace("team")
      await client.write(other, { content: "shared word, elsewhere", ...embeddingFor(client, 0) })
      const places = async (more: object) =>
        (await client.search(names, { limit: 100, ...more })).map(({ namespace }) => namespace)
      assert.deepEqual(new Set(await places({})), new Set(names))
      if (client.capabilities.includes("fts"))
        assert.deepEqual(new Set(await places({ query: "shared" })), new Set(names))
      if (client.capabilities.includes("embedding")) {
        assert.deepEqual(await places({ embedding: client.at(0) }), names)
      }
    },
  },
  {
    name: "a search asked twice gives the same order twice",
    needs: ["fts"],
    check: async (client) => {
      const name = await client.namespace()
      await Promise.all(Array.from({ length: 30 }, () => client.write(name, "the very same words")))
      const order = async () => (await client.search(name, { query: "same words", limit: 100 })).map(({ id }) => id)
      const first = await order()
      assert.equal(first.length, 30)
      assert.deepEqual(await order(), first)
    },
  },
]

const embeddingFor = (client: Client, degrees: number) =>
  client.capabilities.includes("embedding") ? { embedding: client.at(degrees) } : {}
