import { namespacesMax } from "@engram/contracts/memories"
import { expect, test } from "vitest"
import { createClient } from "../contract/client.ts"
import { openPlugin } from "./plugin.ts"

test("a refusal does not grow with what is wrong: lists that are too long are not looked into, and of the rest twenty reasons are given", async () => {
  const plugin = await openPlugin()
  try {
    const client = await createClient(plugin.url)
    const detailsOf = async (body: object) =>
      (await client.refused(400, "bad_request", "POST", "/v1/search", { namespaces: ["custom:a"], ...body })).body
        .details
    const zeros = Array(100_000).fill(0)
    const reasons = {
      namespaces: "must name at most 1000 namespaces",
      kinds: "must name at most 100 kinds",
      embedding: "must have at most 20000 numbers",
    }
    for (const [path, message] of Object.entries(reasons)) {
      expect(await detailsOf({ [path]: zeros })).toEqual([{ path, message }])
    }
    const wrong = { embedding: Array(20_000).fill(null), namespaces: Array(namespacesMax).fill(0) }
    for (const [path, items] of Object.entries(wrong)) {
      const details = await detailsOf({ [path]: items })
      expect(details).toHaveLength(20)
      expect(details[19].path).toBe(`${path}.19`)
    }
    const kinds = Array(100).fill("fact")
    expect((await client.ask("POST", "/v1/search", { namespaces: ["custom:a"], kinds })).status).toBe(200)
  } finally {
    await plugin.close()
  }
})
