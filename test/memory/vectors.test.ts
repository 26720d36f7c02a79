import { randomUUID } from "node:crypto"
import { createMemoryLedger } from "@engram/store/memories/memory-ledger"
import { waitingForLocks } from "@engram/testkit/waiting-for-locks"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { type Client, createClient } from "../contract/client.ts"
import { openPlugin, type Plugin } from "./plugin.ts"

let plugin: Plugin
let client: Client
beforeEach(async () => {
  plugin = await openPlugin()
  client = await createClient(plugin.url)
})
afterEach(() => plugin.close())

/** Every vector in the index, by version, with the version's provider. */
async function indexed(): Promise<{ provider: string; vectors: number }[]> {
  const versions = await plugin.rows<{ id: string; provider: string; index: string }>(
    "select id, provider, index_name as index from embedding_versions order by provider",
  )
  return Promise.all(
    versions.map(async ({ id, provider, index }) => ({
      provider,
      vectors: await plugin.index.count({ index, namespace: `memories-${id}` }),
    })),
  )
}

const owed = async (): Promise<number> => {
  const [row] = await plugin.rows<{ n: number }>(
    "select count(*)::int as n from vector_entries where wanted_hash is distinct from written_hash",
  )
  return row!.n
}

const count = async (table: string): Promise<number> =>
  (await plugin.rows<{ n: number }>(`select count(*)::int as n from ${table}`))[0]!.n

/** Removals are made twice; then nothing is left that says there ever was a vector. */
async function settle(): Promise<void> {
  await plugin.drain()
  await plugin.removeAgain()
  await plugin.drain()
}

describe("a memory has one vector, the last one written", () => {
  test("after forty writers of one id at once", async () => {
    const [a, b] = [await client.namespace(), await client.namespace()]
    const id = randomUUID()
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        client.write(i % 2 === 0 ? a : b, {
          id,
          content: `version ${i}`,
          ...(i % 4 < 2 ? { embedding: client.at(i) } : {}),
        }),
      ),
    )
    await settle()
    const [found, ...others] = await client.search([a, b])
    expect(others).toEqual([])
    const i = Number(found!.content.split(" ")[1])
    const brought = i % 4 < 2
    expect(await indexed()).toEqual([
      { provider: "caller", vectors: brought ? 1 : 0 },
      { provider: "local", vectors: brought ? 0 : 1 },
    ])
    const near = await client.search([a, b], { embedding: client.at(i) })
    expect(near.map(({ score }) => score!.toFixed(4))).toEqual(brought ? ["1.0000"] : [])
    expect(await count("embedding_values")).toBe(1)
    expect(await count("vector_entries")).toBe(1)
  })

  test("after an update that changes the embedding while the first is still owed, and after one when it is not", async () => {
    const name = await client.namespace()
    const id = await client.write(name, { content: "a", embedding: client.at(0) })
    await client.write(name, { id, content: "a", embedding: client.at(90) })
    expect(await owed()).toBe(1)
    await plugin.drain()
    const scores = async (degrees: number) =>
      (await client.search(name, { embedding: client.at(degrees) })).map(({ score }) => Number(score!.toFixed(4)) + 0)
    expect(await scores(90)).toEqual([1])
    await client.write(name, { id, content: "a", embedding: client.at(0) })
    // The index still has the one before; what it says of it does not count.
    expect(await scores(90)).toEqual([0])
    expect(await scores(0)).toEqual([1])
    await plugin.drain()
    expect(await scores(0)).toEqual([1])
    expect(await indexed()).toEqual([
      { provider: "caller", vectors: 1 },
      { provider: "local", vectors: 0 },
    ])
    expect(await count("embedding_values")).toBe(1)
  })

  test("after a move to another namespace, also as the index has it", async () => {
    const [a, b] = [await client.namespace(), await client.namespace()]
    const id = await client.write(a, { content: "moves", embedding: client.at(0) })
    await plugin.drain()
    await client.write(b, { id, content: "moves", embedding: client.at(0) })
    for (const step of ["owed", "written"]) {
      if (step === "written") await plugin.drain()
      expect([step, await client.search(a, { embedding: client.at(0) })]).toEqual([step, []])
      expect((await client.search(b, { embedding: client.at(0) })).map((each) => each.id)).toEqual([id])
    }
    const [entry] = await plugin.rows<{ metadata: { namespace: string } }>("select metadata from vector_entries")
    expect(entry!.metadata.namespace.startsWith(`${b}@`)).toBe(true)
  })

  test("and writing it again unchanged owes nothing", async () => {
    const name = await client.namespace()
    const memory = { id: randomUUID(), content: "the same", pin: true, expires_at: "2999-01-01T00:00:00Z" }
    await client.write(name, memory)
    await plugin.drain()
    await client.write(name, memory)
    expect(await owed()).toBe(0)
    await client.write(name, { ...memory, pin: false })
    // Another pin is another metadata: the vector is written again, and nothing is embedded again.
    expect(await owed()).toBe(1)
    expect(await count("embedding_values")).toBe(1)
  })
})

describe("vectors that callers bring", () => {
  test("are never shared by text, nor compared with the server's", async () => {
    const name = await client.namespace()
    const server = Array.from({ length: 64 }, (_, i) => (i === 0 ? 1 : 0))
    await client.write(name, "the same text")
    await plugin.drain()
    const wide = await createClient(plugin.url, { dimension: 64 })
    expect(await wide.search(name, { embedding: server })).toEqual([])
    await wide.write(name, { content: "the same text", embedding: server })
    await wide.write(name, { content: "the same text", embedding: server.toReversed() })
    await plugin.drain()
    const found = await wide.search(name, { embedding: server })
    expect(found.map(({ score }) => Number(score!.toFixed(4)) + 0)).toEqual([1, 0])
    const models = await plugin.rows("select model, count(*)::int as n from embedding_values group by 1 order by 1")
    expect(models).toEqual([
      { model: "caller:64", n: 2 },
      { model: "local:local-hash-v1:64", n: 1 },
    ])
  })

  test("have the dimension of the first that was written, and a write that fails is not the first", async () => {
    const refused = await client.ask("POST", `/v1/namespaces/team:${randomUUID()}/memories`, {
      content: "x",
      kind: "fact",
      source: "agent",
      embedding: [1, 2, 3],
    })
    expect(refused.status).toBe(404)
    const name = await client.namespace()
    const untimely = { content: "x", kind: "fact", source: "agent", expires_at: "0000-01-01T00:00:00Z" }
    await client.refused(400, "bad_request", "POST", `/v1/namespaces/${name}/memories`, {
      ...untimely,
      embedding: [1, 2, 3],
    })
    // What the door lets in Postgres may refuse all the same.
    await plugin.rows("alter table memory_records add constraint refuses check (content <> 'refused')")
    await client.refused(400, "bad_request", "POST", `/v1/namespaces/${name}/memories`, {
      ...{ content: "refused", kind: "fact", source: "agent" },
      embedding: [1, 2, 3],
    })
    const racing = await Promise.all(
      [8, 9].map((dimension) =>
        client.ask("POST", `/v1/namespaces/${name}/memories`, {
          content: String(dimension),
          kind: "fact",
          source: "agent",
          embedding: Array(dimension).fill(1),
        }),
      ),
    )
    expect(racing.map(({ status }) => status).sort()).toEqual([201, 400])
    const loser = racing.find(({ status }) => status === 400)!
    expect(loser.body.message).toMatch(/8.*9|9.*8/)
  })
})

describe("what is over leaves every store", () => {
  test("a memory that is forgotten, while its text stays with another memory that says the same", async () => {
    const name = await client.namespace()
    const first = await client.write(name, "said twice")
    await client.write(name, "said twice")
    await client.write(name, { content: "said once", embedding: client.at(0) })
    await plugin.drain()
    const remove = async (id: string) =>
      expect((await client.ask("DELETE", `/v1/memories/${id}`, { requested_by_namespace: name })).status).toBe(204)
    await remove(first)
    await settle()
    expect(await indexed()).toEqual([
      { provider: "caller", vectors: 1 },
      { provider: "local", vectors: 1 },
    ])
    expect(await count("embedding_values")).toBe(2)
    for (const { id } of await client.search(name)) await remove(id)
    await settle()
    expect(await indexed()).toEqual([
      { provider: "caller", vectors: 0 },
      { provider: "local", vectors: 0 },
    ])
    for (const table of ["embedding_values", "vector_entries", "memory_records"]) {
      expect([table, await count(table)]).toEqual([table, 0])
    }
  })

  test("1,200 expired memories and a deleted namespace of 700, in batches, and nothing that lives", async () => {
    const [brief, deleted, expired, kept] = [
      await client.namespace(),
      await client.namespace(),
      await client.namespace(),
      await client.namespace(),
    ]
    const past = new Date(Date.now() - 1_000).toISOString()
    const write = async (name: string, n: number, more = {}) => {
      const contents = Array.from({ length: n }, (_, i) => `${name} ${i}`)
      const writer = async () => {
        for (let next = contents.pop(); next !== undefined; next = contents.pop()) {
          await client.write(name, { content: next, ...more })
        }
      }
      await Promise.all(Array.from({ length: 64 }, writer))
    }
    await write(brief, 1_200, { expires_at: past })
    await write(brief, 1)
    await write(deleted, 700)
    await write(expired, 3)
    await write(kept, 2)
    await plugin.drain()
    await client.ask("DELETE", `/v1/namespaces/${deleted}`)
    await client.put(expired, { kind: "custom", expires_at: past })
    let cleaned = 0
    for (let round = 0; round < 20 && cleaned < 1_903; round++) cleaned += await plugin.clean()
    expect(cleaned).toBe(1_903)
    expect(await plugin.clean()).toBe(0)
    await settle()
    expect(await count("memory_records")).toBe(3)
    expect(await count("memory_namespaces")).toBe(2)
    expect(await count("vector_entries")).toBe(3)
    expect(await count("embedding_values")).toBe(3)
    expect(await indexed()).toEqual([{ provider: "local", vectors: 3 }])
    expect(await client.contents([brief, deleted, expired, kept])).toHaveLength(3)
  })

  test("and a vector that was still owed when its memory went never appears", async () => {
    const name = await client.namespace()
    const id = await client.write(name, { content: "short", embedding: client.at(0) })
    await client.ask("DELETE", `/v1/memories/${id}`, { requested_by_namespace: name })
    await settle()
    expect((await indexed()).map(({ vectors }) => vectors)).toEqual([0, 0])
    expect(await count("vector_entries")).toBe(0)
  })
})

test("plugins of two workspaces know nothing of each other, though they use the same ids", async () => {
  const other = await openPlugin({ database: plugin.database, workspaceId: "other" })
  try {
    const theirs = await createClient(other.url)
    const name = await client.namespace()
    const id = await client.write(name, { content: "ours", embedding: client.at(0) })
    expect(await theirs.search(name)).toEqual([])
    await theirs.refused(404, "not_found", "DELETE", `/v1/memories/${id}`, { requested_by_namespace: name })
    await theirs.put(name, { kind: "custom" })
    await theirs.write(name, { id, content: "theirs", embedding: client.at(90) })
    expect(await client.contents(name)).toEqual(["ours"])
    expect(await theirs.contents(name, { embedding: client.at(0) })).toEqual(["theirs"])
    await theirs.ask("DELETE", `/v1/namespaces/${name}`)
    expect(await client.contents(name)).toEqual(["ours"])
  } finally {
    await other.close()
  }
})

test("a vector that is written while it is searched for is found", async () => {
  let meanwhile = async (): Promise<void> => {}
  const slow = await openPlugin({
    index: (real) => ({
      ...real,
      query: async (...question) => {
        const hits = await real.query(...question)
        await meanwhile()
        return hits
      },
    }),
  })
  try {
    const client = await createClient(slow.url)
    const name = await client.namespace()
    // From now on a search knows the namespace, so that it looks once.
    expect(await client.contents(name, { embedding: client.at(0) })).toEqual([])
    await client.write(name, { content: "written before", embedding: client.at(0) })
    meanwhile = slow.drain
    expect(await client.contents(name, { embedding: client.at(0) })).toEqual(["written before"])
  } finally {
    await slow.close()
  }
})

test("a memory is told the same, to the last digit, whichever way it was found", async () => {
  const name = await client.namespace()
  const content = 'its "words", \\ and 🎉\n'
  const propagation = { digits: 12_345, list: [1, null], text: "ä" }
  const whole = { content, embedding: client.at(0), propagation, pin: true, expires_at: "2999-01-01T00:00:00.123Z" }
  await client.write(name, whole)
  await client.write(name, { content: "bare", embedding: client.at(90) })
  const told = async (question: Record<string, unknown>) => {
    const found = await client.search(name, question)
    return found.map(({ score: _, ...memory }) => memory).sort((a, b) => (a.content < b.content ? -1 : 1))
  }
  const newest = await told({})
  const { embedding: _, ...said } = whole
  expect(newest).toMatchObject([{ content: "bare" }, said])
  expect(await told({ embedding: client.at(0) })).toEqual(newest)
  await plugin.drain()
  // Old enough that the index is believed.
  await plugin.rows("update vector_entries set written_at = now() - interval '2 minutes'")
  expect(await told({ embedding: client.at(0) })).toEqual(newest)
})

test("a better match that was just written is not behind one whose vector is known already", async () => {
  const name = await client.namespace()
  await client.write(name, "the rollout of billing, and of much else")
  await plugin.drain()
  await client.write(name, "billing rollout")
  const contents = () => client.contents(name, { query: "billing rollout" })
  expect((await contents())[0]).toBe("billing rollout")
  await plugin.drain()
  expect((await contents())[0]).toBe("billing rollout")
})

test("a namespace that ends in another process and begins anew is searched in its new life at once", async () => {
  const other = await createClient(await plugin.another())
  const name = await client.namespace()
  await client.write(name, { content: "the old life", embedding: client.at(0) })
  await plugin.drain()
  expect(await client.contents(name, { embedding: client.at(0) })).toEqual(["the old life"])
  await other.ask("DELETE", `/v1/namespaces/${name}`)
  await other.put(name, { kind: "custom" })
  await other.write(name, { content: "the new life", embedding: client.at(0) })
  await plugin.drain()
  // Old enough that only the index is asked for it.
  await plugin.rows("update vector_entries set written_at = now() - interval '2 minutes' where written_at is not null")
  expect(await client.contents(name, { embedding: client.at(0) })).toEqual(["the new life"])
  await client.write(name, { content: "written to it", embedding: client.at(90) })
  expect(await client.contents(name, { embedding: client.at(0) })).toEqual(["the new life", "written to it"])
})

test("a write that found no namespace says so, although another has learnt of it meanwhile", async () => {
  const ledger = createMemoryLedger(plugin.database)
  const { place } = plugin
  const [there, coming] = [await client.namespace(), `custom:coming-${randomUUID()}`]
  const memoryIn = (namespace: string) => {
    const plain = { kind: "fact", source: "agent", expiresAt: null, propagation: null } as const
    return { ...plain, id: randomUUID(), namespace, content: "a memory", pin: null, embedding: null }
  }
  const holder = await plugin.database.pool.connect()
  try {
    await holder.query("begin")
    await holder.query("select from memory_namespaces where name = $1 for update", [there])
    const held = ledger.write(place, [memoryIn(coming), memoryIn(there)])
    await expect.poll(() => waitingForLocks(plugin.rows), { timeout: 20_000 }).toBe(1)
    await client.put(coming, { kind: "custom" })
    expect(await ledger.write(place, [memoryIn(coming)])).toEqual(["written"])
    await holder.query("commit")
    expect(await held).toEqual(["no_namespace", "written"])
    expect(await client.search(coming)).toHaveLength(1)
  } finally {
    holder.release()
  }
})
