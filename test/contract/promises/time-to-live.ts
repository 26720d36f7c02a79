import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { setTimeout as pause } from "node:timers/promises"
import type { Client } from "../client.ts"
import type { ContractPromise } from "../promise.ts"

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()

/** Fails unless what is there before `at` is gone within a second after it, in every way of searching. */
async function goesAt(client: Client, name: string, at: number): Promise<void> {
  assert.equal((await client.search(name)).length, 1, "it is there until then")
  while ((await client.search(name)).length > 0) {
    assert.ok(Date.now() < at + 1_000, "it is still there a second after its expiry")
    await pause(50)
  }
  assert.ok(Date.now() >= at - 50, "it went before its expiry")
  if (client.capabilities.includes("fts")) assert.deepEqual(await client.search(name, { query: "brief" }), [])
  if (client.capabilities.includes("embedding")) {
    assert.deepEqual(await client.search(name, { embedding: client.at(0) }), [])
  }
}

const embedding = (client: Client) => (client.capabilities.includes("embedding") ? { embedding: client.at(0) } : {})

export const timeToLive: readonly ContractPromise[] = [
  {
    name: "a memory is never returned past its expiry, from that second on",
    needs: ["ttl"],
    check: async (client) => {
      const name = await client.namespace()
      const expires_at = inMs(2_000)
      const id = await client.write(name, { content: "brief", expires_at, ...embedding(client) })
      await goesAt(client, name, Date.parse(expires_at))
      await client.refused(404, "not_found", "DELETE", `/v1/memories/${id}`, { requested_by_namespace: name })
    },
  },
  {
    name: "neither is a memory of an expired namespace, which begins empty when it is made again",
    needs: ["ttl"],
    check: async (client) => {
      const name = `custom:contract-${randomUUID()}`
      const expires_at = inMs(2_000)
      const first = await client.put(name, { kind: "custom", expires_at })
      await client.write(name, { content: "brief", ...embedding(client) })
      await goesAt(client, name, Date.parse(expires_at))
      const memory = { content: "x", kind: "fact", source: "user" }
      await client.refused(404, "not_found", "POST", `/v1/namespaces/${name}/memories`, memory)
      await client.refused(404, "not_found", "PATCH", `/v1/namespaces/${name}`, { expires_at: inMs(60_000) })
      const again = await client.put(name, { kind: "custom" })
      assert.notEqual(again.created_at, first.created_at)
      assert.deepEqual(await client.search(name), [])
    },
  },
  {
    name: "an expiry can be put off, brought forward and taken away",
    needs: ["ttl"],
    check: async (client) => {
      const name = await client.namespace()
      const id = await client.write(name, { content: "brief", expires_at: inMs(-1) })
      assert.deepEqual(await client.search(name), [])
      await client.write(name, { id, content: "brief", expires_at: inMs(60_000) })
      assert.equal((await client.search(name)).length, 1)
      await client.write(name, { id, content: "brief" })
      assert.equal((await client.search(name))[0]!.expires_at, undefined)
      await client.write(name, { id, content: "brief", expires_at: "1999-12-31T23:59:59+14:00" })
      assert.deepEqual(await client.search(name), [])
    },
  },
]
