import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { createMemoryLedger } from "@engram/store/memories/memory-ledger"
import { waitingForLocks } from "@engram/testkit/waiting-for-locks"
import type pg from "pg"
import { afterEach, expect, test } from "vitest"
import { type Client, createClient } from "../contract/client.ts"
import { openPlugin, type Plugin } from "./plugin.ts"

let plugin: Plugin
let client: Client
afterEach(() => plugin.close())

async function open(...options: Parameters<typeof openPlugin>): Promise<void> {
  plugin = await openPlugin(...options)
  client = await createClient(plugin.url)
}

const forget = (id: string, by: string) => client.ask("DELETE", `/v1/memories/${id}`, { requested_by_namespace: by })

/** Lets somebody begin while `statement` is not committed yet, and ends that once they wait for it. */
async function meanwhile<T>(
  statement: readonly [text: string, values: readonly string[]],
  begin: () => Promise<T>,
  end: (holder: pg.PoolClient) => Promise<unknown>,
): Promise<T> {
  const holder = await plugin.database.pool.connect()
  try {
    await holder.query("begin")
    await holder.query(statement[0], [...statement[1]])
    const begun = begin()
    await expect.poll(() => waitingForLocks(plugin.rows), { timeout: 20_000 }).toBe(1)
    await end(holder)
    return await begun
  } finally {
    await holder.query("rollback")
    holder.release()
  }
}

test("a memory that is being moved is forgotten for the namespace it comes to, and refused to the one it leaves", async () => {
  await open()
  const [from, to] = [await client.namespace(), await client.namespace()]
  const id = await client.write(from, "on the move")
  await client.write(to, "there already")
  const move =
    "update memory_records set namespace_id = (select id from memory_namespaces where name = $1 and ended_at is null) where id = $2"
  const asked = (by: string) =>
    meanwhile(
      [move, [by === to ? to : from, id]],
      () => forget(id, to),
      (holder) => holder.query("commit"),
    )
  expect((await asked(from)).status).toBe(403)
  expect((await asked(to)).status).toBe(204)
})

test("a memory that is new is written, whatever keeps the one beside it from replacing another", async () => {
  await open()
  const name = await client.namespace()
  const id = await client.write(name, "old")
  const post = (memory: object) =>
    client.ask("POST", `/v1/namespaces/${name}/memories`, { kind: "fact", source: "agent", ...memory })
  const [replaced, added] = await meanwhile(
    ["select from memory_records where id = $1 for update", [id]],
    () => Promise.all([post({ id, content: "new" }), post({ content: "fresh" })]),
    () =>
      plugin.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
      ),
  )
  expect([replaced.status, added.status]).toEqual([503, 201])
  expect((await client.contents(name)).sort()).toEqual(["fresh", "old"])
})

test("what a memory was embedded as is not kept, when it was forgotten while it was", async () => {
  const real = createLocalEmbedder({ dimension: 64 })
  let before = async (): Promise<unknown> => undefined
  await open({
    embedder: {
      ...real,
      embed: async (texts, use) => {
        if (use === "search_document") await before()
        return real.embed(texts, use)
      },
    },
  })
  const name = await client.namespace()
  const id = await client.write(name, "a secret")
  await client.write(name, "no secret")
  before = async () => {
    before = async () => undefined
    expect((await forget(id, name)).status).toBe(204)
  }
  await plugin.drain()
  expect(await plugin.rows("select text_hash from embedding_values")).toHaveLength(1)
})

test("an embedding that came with an id that is taken is kept only once it stands", async () => {
  await open()
  const name = await client.namespace()
  const id = await client.write(name, { content: "old", embedding: client.at(0) })
  const plain = { kind: "fact", source: "agent", expiresAt: null, propagation: null, pin: null } as const
  const memory = { ...plain, id, namespace: name, content: "new", embedding: Float32Array.from(client.at(50)) }
  const ledger = createMemoryLedger(plugin.database)
  const kept = () => plugin.rows("select text_hash from embedding_values")
  const before = await kept()
  expect(await ledger.add(plugin.place, [memory])).toEqual(["there"])
  expect(await kept()).toEqual(before)
  expect(await ledger.write(plugin.place, [memory])).toEqual(["written"])
  const after = await kept()
  expect(after).toHaveLength(1)
  expect(after).not.toEqual(before)
})

test("a namespace that is given more time keeps its memories, though its time ran out while that was under way", async () => {
  await open()
  const name = await client.namespace()
  await client.write(name, "kept after all")
  await plugin.rows("update memory_namespaces set expires_at = now() + interval '1 second' where name = $1", [name])
  const later = new Date(Date.now() + 3_600_000).toISOString()
  const given = await meanwhile(
    ["select from memory_namespaces where name = $1 for update", [name]],
    () => client.ask("PATCH", `/v1/namespaces/${name}`, { expires_at: later }),
    async (holder) => {
      const over = () => plugin.rows("select from memory_namespaces where name = $1 and expires_at <= now()", [name])
      await expect.poll(over).toHaveLength(1)
      await plugin.clean()
      await holder.query("commit")
    },
  )
  expect(given).toMatchObject({ status: 200, body: { expires_at: later } })
  await plugin.clean()
  expect(await client.contents(name)).toEqual(["kept after all"])
})
