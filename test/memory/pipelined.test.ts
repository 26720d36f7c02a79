import { randomUUID } from "node:crypto"
import { connect } from "node:net"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { createClient } from "../contract/client.ts"
import { openPlugin, type Plugin } from "./plugin.ts"

const request = (method: string, path: string, body: object) => {
  const text = JSON.stringify(body)
  return `${method} ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${text.length}\r\n\r\n${text}`
}

/** Statuses of the answers to requests that were written on one connection at once. */
async function statusesOf({ url }: Plugin, requests: readonly string[]): Promise<string[]> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let answers = ""
  socket.on("data", (data) => {
    answers += data
  })
  socket.write(requests.join(""))
  const statuses = () => answers.match(/(?<=HTTP\/1\.1 )\d+/g) ?? []
  await waitUntil("all are answered", () => statuses().length === requests.length)
  socket.destroy()
  return statuses()
}

test("what is sent on one connection without waiting for answers is done in that order", async () => {
  const plugin = await openPlugin()
  try {
    const client = await createClient(plugin.url)
    const memory = { content: "sent and taken back", kind: "fact", source: "agent" }
    for (let i = 0; i < 10; i++) {
      const name = `custom:${randomUUID()}`
      const id = randomUUID()
      const write = request("POST", `/v1/namespaces/${name}/memories`, { id, ...memory })
      const remove = request("DELETE", `/v1/memories/${id}`, { requested_by_namespace: name })
      const make = request("PUT", `/v1/namespaces/${name}`, { kind: "custom" })
      expect(await statusesOf(plugin, [make, write, remove])).toEqual(["200", "201", "204"])
      expect(await client.search(name)).toEqual([])
    }
  } finally {
    await plugin.close()
  }
})
