import * as ids from "@engram/core/ids"
import { describe, expect, test } from "vitest"
import { createApiKeyAdmin, createApiKeys } from "../src/api-keys.ts"
import { createConnectionAdmin } from "../src/connection-admin.ts"
import { createConnections } from "../src/connections.ts"
import { createSealer } from "../src/sealing.ts"
import { useDatabase } from "./store-fixture.ts"

const secretKey = "a key that is long enough"
const sealer = createSealer(secretKey)

describe("sealed secrets", () => {
  test("open for their owner and under their key only, and never look the same twice", () => {
    const sealed = sealer.seal("hush", "con_a")
    expect(createSealer(secretKey).open(sealed, "con_a")).toBe("hush")
    expect(sealed).not.toContain("hush")
    expect(sealer.seal("hush", "con_a")).not.toBe(sealed)
    const refusal = expect.objectContaining({ code: "secret_sealed_otherwise" })
    expect(() => createSealer("another key, also long").open(sealed, "con_a")).toThrow(refusal)
    expect(() => sealer.open(sealed, "con_b")).toThrow(refusal)
    expect(() => sealer.open(`${sealed.slice(0, -2)}AA`, "con_a")).toThrow(refusal)
    expect(() => sealer.open("v1.", "con_a")).toThrow(refusal)
  })
})

describe("connections", () => {
  const context = useDatabase()
  const admin = () => createConnectionAdmin({ ...context, sealer })
  const found = (id: string) => createConnections({ ...context, sealer }).find(id)
  const door = { workspaceId: "acme", storeName: "engineering", source: "github" }

  test("are made with their workspace and store, once, and keep their secret when made again", async () => {
    const first = await admin().create(door)
    expect(first).toMatchObject({ created: true, storeId: ids.storeId("acme", "engineering") })
    expect(first.secrets[0]).toMatch(/^[0-9a-f]{64}$/)
    const { created, dropped: _, ...again } = await admin().create(door)
    expect(created).toBe(false)
    expect(await found(first.id)).toEqual(again)
    expect(again.secrets).toEqual(first.secrets)
    expect(await admin().list()).toMatchObject([{ id: first.id, storeName: "engineering", secrets: 1 }])
  })

  test("keep the secret before while they rotate, and not the one before that", async () => {
    const { id } = await admin().create({ ...door, storeName: "rotating", secret: "one" })
    await admin().rotate(id, "two")
    expect((await found(id))?.secrets).toEqual(["two", "one"])
    await admin().create({ ...door, storeName: "rotating", secret: "three" })
    expect((await found(id))?.secrets).toEqual(["three", "two"])
    await admin().create({ ...door, storeName: "rotating", secret: "three" })
    expect((await found(id))?.secrets).toEqual(["three", "two"])
    expect(await admin().settle(id)).toBe(true)
    expect((await found(id))?.secrets).toEqual(["three"])
    expect(await admin().rotate("con_nobody")).toBeUndefined()
  })

  test("know a secret that a handshake brought at once, in every process; until then they are not kept", async () => {
    const { created: _, ...waiting } = await admin().create({ ...door, storeName: "shaking", awaitsSecret: true })
    const [one, another] = [createConnections({ ...context, sealer }), createConnections({ ...context, sealer })]
    for (const process of [one, another]) expect((await process.find(waiting.id))?.secrets).toEqual([])
    expect(await one.adopt(waiting, "brought")).toBe(true)
    for (const process of [one, another]) expect((await process.find(waiting.id))?.secrets).toEqual(["brought"])
  })

  test("keep credentials for the provider's API beside their secrets: by name, replaced and taken away one by one", async () => {
    const storeName = "calling"
    const first = await admin().create({ ...door, storeName, credentials: { token: "ghp_old", hook: "7" } })
    expect(first.credentials).toEqual({ token: "ghp_old", hook: "7" })
    await admin().rotate(first.id)
    const again = await admin().create({ ...door, storeName, credentials: { token: "ghp_new" } })
    expect(again.secrets[0]).not.toBe(first.secrets[0])
    expect((await found(first.id))?.credentials).toEqual({ token: "ghp_new", hook: "7" })
    const listed = (await admin().list()).find(({ id }) => id === first.id)
    expect(listed?.credentials).toEqual(["hook", "token"])
    await admin().create({ ...door, storeName, credentials: { hook: "" } })
    expect((await found(first.id))?.credentials).toEqual({ token: "ghp_new" })
    expect((await admin().create({ ...door, storeName: "silent" })).credentials).toEqual({})
  })

  test("made at once by several processes are made once", async () => {
    const made = await Promise.all(Array.from({ length: 6 }, () => admin().create({ ...door, workspaceId: "racing" })))
    expect(made.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(made.map(({ secrets }) => secrets[0])).size).toBe(1)
  })

  test("are found without a query each time, and what changed is seen soon", async () => {
    const { id } = await admin().create({ ...door, storeName: "cached", secret: "one" })
    const connections = createConnections({ ...context, sealer })
    await connections.find(id)
    await admin().rotate(id, "two")
    expect((await connections.find(id))?.secrets).toEqual(["one"])
    await expect.poll(async () => (await connections.find(id))?.secrets[0], { timeout: 7_000 }).toBe("two")
  })

  test("their secrets are not in the database as they are, and a wrong key is told at once", async () => {
    await admin().create({ ...door, storeName: "sealed", secret: "plain as day", credentials: { token: "ghp_day" } })
    const rows = await context.database.asFleet((tx) =>
      tx.query<{ all: string }>("select c::text as all from connections c"),
    )
    expect(rows.map((row) => row.all).join()).not.toMatch(/plain as day|ghp_day/)
    const never = (error: Error): never => expect.unreachable(error.message)
    const wrong = createConnections({ ...context, sealer: createSealer("another key, also long") })
    await expect(wrong.checkSecretKey(never)).rejects.toMatchObject({ code: "secret_sealed_otherwise" })
    await createConnections({ ...context, sealer }).checkSecretKey(never)
  })
})

describe("under another key", () => {
  const context = useDatabase()
  const admin = () => createConnectionAdmin({ ...context, sealer })
  const otherSealer = createSealer("another key, also long")
  const other = () => createConnectionAdmin({ ...context, sealer: otherSealer })
  const door = { workspaceId: "acme", storeName: "lost", source: "github" }
  const linear = { ...door, source: "linear", awaitsSecret: true }
  const refusal = { code: "secret_sealed_otherwise", message: expect.stringContaining("acme/lost") }
  const opens = async (id: string, by = otherSealer) => createConnections({ ...context, sealer: by }).find(id)

  test("nothing is made, changed or sealed; a new secret replaces what is sealed of its connection alone", async () => {
    const one = await admin().create({ ...door, secret: "the old one", credentials: { token: "ghp_old", hook: "7" } })
    const two = await admin().create({ ...door, source: "slack", secret: "of another" })
    const waiting = await admin().create(linear)
    const rows = () => context.database.asFleet((tx) => tx.query("select * from connections order by id"))
    const before = await rows()

    await expect(other().create({ ...door, workspaceId: "fresh" })).rejects.toMatchObject(refusal)
    await expect(other().create({ ...linear, secret: "lin_wh_first" })).rejects.toMatchObject(refusal)
    await expect(other().rotate(waiting.id)).rejects.toMatchObject(refusal)
    await expect(other().create({ ...linear, credentials: { token: "lin_api" } })).rejects.toMatchObject(refusal)
    for (const change of [() => other().create(door), () => other().settle(one.id)])
      await expect(change()).rejects.toMatchObject({ code: refusal.code })
    expect(await rows()).toEqual(before)
    expect(await context.database.asFleet((tx) => tx.query("select id from workspaces"))).toEqual([{ id: "acme" }])

    const rotated = await other().rotate(one.id, "the new one", { token: "ghp_new" })
    expect(rotated).toMatchObject({ secrets: ["the new one"], credentials: { token: "ghp_new" } })
    expect(rotated?.dropped.toSorted()).toEqual(["hook", "secret", "token"])
    expect(await opens(one.id)).toMatchObject({ secrets: ["the new one"], credentials: { token: "ghp_new" } })
    expect((await opens(two.id, sealer))?.secrets).toEqual(["of another"])
    const told: unknown[] = []
    await createConnections({ ...context, sealer: otherSealer }).checkSecretKey((error) => told.push(error))
    expect(told).toMatchObject([
      { message: expect.stringContaining(`1 of 2 connections do not open: slack of acme/lost`) },
    ])
    await expect(other().create({ ...door, workspaceId: "fresh" })).rejects.toMatchObject(refusal)

    expect(await other().create({ ...door, source: "slack", secret: "given" })).toMatchObject({
      secrets: ["given"],
      dropped: ["secret"],
    })
    expect(await other().create({ ...door, workspaceId: "fresh" })).toMatchObject({ created: true, dropped: [] })
  })
})

describe("API keys", () => {
  const context = useDatabase()
  const admin = () => createApiKeyAdmin(context)
  const keyring = () => createApiKeys(context)
  const wish = {
    workspaceId: "acme",
    storeName: "engineering",
    name: "importer",
    actions: ["write", "search"],
  } as const

  test("say whose they are, until they are revoked", async () => {
    const { id, key } = await admin().create({ ...wish, scopeIds: ["scp_private"] })
    expect(key).toMatch(/^engram_sk_[A-Za-z0-9_-]{43}$/)
    expect(await keyring().authenticate(key)).toEqual({
      id,
      name: "importer",
      workspaceId: "acme",
      storeId: ids.storeId("acme", "engineering"),
      actions: ["write", "search"],
      scopeIds: ["scp_private"],
    })
    expect(await keyring().authenticate(`${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`)).toBeUndefined()
    expect(await keyring().authenticate("")).toBeUndefined()
    expect(await admin().revoke(id)).toBe(true)
    expect(await keyring().authenticate(key)).toBeUndefined()
    expect(await admin().revoke("key_nobody")).toBe(false)
    expect(await admin().list()).toMatchObject([{ id, storeName: "engineering", revokedAt: expect.any(Date) }])
  })

  test("are not in the database as they are", async () => {
    const { key } = await admin().create(wish)
    const rows = await context.database.asFleet((tx) =>
      tx.query<{ all: string }>("select k::text as all from api_keys k"),
    )
    expect(rows.map((row) => row.all).join()).not.toContain(key.slice(10))
  })

  test("that may write open a door for events, which no webhook can use", async () => {
    await admin().create({ ...wish, workspaceId: "doors", actions: ["search"] })
    const door = ids.connectionId("doors", "events", ids.storeId("doors", "engineering"))
    expect(await createConnections({ ...context, sealer }).find(door)).toBeUndefined()
    await admin().create({ ...wish, workspaceId: "doors", actions: ["write"] })
    await admin().create({ ...wish, workspaceId: "doors", actions: ["write"] })
    expect(await createConnections({ ...context, sealer }).find(door)).toMatchObject({ source: "events", secrets: [] })
  })
})
