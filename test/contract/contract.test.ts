import { afterAll, beforeAll, describe, test } from "vitest"
import { openPlugin, type Plugin } from "../memory/plugin.ts"
import { type Client, createClient } from "./client.ts"
import { contractPromises } from "./promises.ts"

describe("the memory plugin keeps the contract on the embedded default", () => {
  let plugin: Plugin
  let client: Client
  beforeAll(async () => {
    plugin = await openPlugin()
    client = await createClient(plugin.url)
  })
  afterAll(() => plugin?.close())

  test.each(contractPromises)("$name", ({ check }) => check(client))
})
