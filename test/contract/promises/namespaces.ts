import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import type { ContractPromise } from "../promise.ts"

const fresh = (kind = "team") => `${kind}:contract-${randomUUID()}`

export const namespaces: readonly ContractPromise[] = [
  {
    name: "a namespace is made, and made again without changing when it was made",
    check: async (client) => {
      const name = fresh()
      const first = await client.put(name, { kind: "team", metadata: { owner: "a" } })
      assert.deepEqual({ ...first, created_at: "" }, { name, kind: "team", metadata: { owner: "a" }, created_at: "" })
      const again = await client.put(name, { kind: "org", expires_at: "2999-01-01T00:00:00Z" })
      assert.equal(again.created_at, first.created_at)
      assert.equal(again.kind, "org")
      assert.equal(Date.parse(again.expires_at!), Date.parse("2999-01-01T00:00:00Z"))
      assert.equal(again.metadata, undefined, "PUT replaces what it does not name")
    },
  },
  {
    name: "making a namespace again keeps its memories",
    check: async (client) => {
      const name = await client.namespace()
      await client.write(name, "kept")
      await client.put(name, { kind: "custom", metadata: { a: 1 } })
      assert.deepEqual(await client.contents(name), ["kept"])
    },
  },
  {
    name: "a name arrives plain or percent-encoded",
    check: async (client) => {
      const name = `workspace:A_b.c-d:${randomUUID()}`
      const plain = await client.ask("PUT", `/v1/namespaces/${name}`, { kind: "workspace" })
      assert.equal(plain.status, 200)
      const encoded = await client.ask("PUT", `/v1/namespaces/${encodeURIComponent(name)}`, { kind: "workspace" })
      assert.equal(encoded.body.created_at, plain.body.created_at)
      const lower = await client.ask("PUT", `/v1/namespaces/${name.replaceAll(":", "%3a")}`, { kind: "workspace" })
      assert.equal(lower.body.created_at, plain.body.created_at)
    },
  },
  {
    name: "PATCH changes what it names and leaves the rest; null names nothing",
    check: async (client) => {
      const name = fresh()
      const put = await client.put(name, { kind: "team", metadata: { a: 1 }, expires_at: "2999-01-01T00:00:00Z" })
      const path = `/v1/namespaces/${name}`
      const patched = await client.ask("PATCH", path, { metadata: { b: 2 }, expires_at: null })
      assert.equal(patched.status, 200)
      assert.deepEqual(patched.body, { ...put, metadata: { b: 2 } })
      const later = await client.ask("PATCH", path, { expires_at: "2998-01-01T00:00:00+01:00" })
      assert.deepEqual(later.body.metadata, { b: 2 })
      assert.equal(Date.parse(later.body.expires_at), Date.parse("2998-01-01T00:00:00+01:00"))
      await client.refused(400, "bad_request", "PATCH", path, {})
      await client.refused(400, "bad_request", "PATCH", path, { expires_at: null })
      await client.refused(404, "not_found", "PATCH", `/v1/namespaces/${fresh()}`, { metadata: {} })
    },
  },
  {
    name: "deleting a namespace takes its memories along, and a new one of the name begins empty",
    check: async (client) => {
      const name = await client.namespace()
      const id = await client.write(name, "gone with it")
      const deleted = await client.ask("DELETE", `/v1/namespaces/${name}`, undefined, {})
      assert.equal(deleted.status, 204)
      assert.equal(deleted.text, "")
      assert.deepEqual(await client.search(name), [])
      await client.refused(404, "not_found", "DELETE", `/v1/namespaces/${name}`)
      await client.refused(404, "not_found", "DELETE", `/v1/memories/${id}`, { requested_by_namespace: name })
      const memory = { content: "x", kind: "fact", source: "user" }
      await client.refused(404, "not_found", "POST", `/v1/namespaces/${name}/memories`, memory)
      await client.put(name, { kind: "custom" })
      assert.deepEqual(await client.search(name), [])
      assert.deepEqual(await client.search(name, { query: "gone" }), [])
    },
  },
  {
    name: "a namespace that does not exist matches nothing, and takes no memory",
    check: async (client) => {
      const [there, nowhere] = [await client.namespace(), fresh()]
      await client.write(there, "here")
      assert.deepEqual(await client.search(nowhere), [])
      assert.deepEqual(await client.contents([nowhere, there]), ["here"])
      const memory = { content: "x", kind: "fact", source: "user" }
      await client.refused(404, "not_found", "POST", `/v1/namespaces/${nowhere}/memories`, memory)
    },
  },
]
