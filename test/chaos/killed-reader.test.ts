import { createHmac } from "node:crypto"
import { createConnectionAdmin } from "@engram/store/connection-admin"
import { createSealer } from "@engram/store/sealing"
import { startNotionServer } from "@engram/testkit/notion-server"
import { notionId, said } from "@engram/testkit/notion-workspace"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { event } from "../notion-bench.ts"
import { createSystem } from "../system.ts"

test("Notion shakes hands once, and a worker killed while it reads a page loses nothing", async () => {
  const notion = await startNotionServer()
  const system = await createSystem({ NOTION_BASE_URL: notion.url, EMBEDDING_DIMENSION: "64" })
  try {
    const sealer = createSealer(system.environment.ENGRAM_SECRET_KEY!)
    const admin = createConnectionAdmin({ database: system.database, sealer })
    const door = { workspaceId: "acme", storeName: "main", source: "notion", awaitsSecret: true }
    const { id } = await admin.create({ ...door, credentials: { token: notion.token } })
    const ingest = await system.start("ingest")
    const post = async (payload: unknown, secret?: string) => {
      const body = JSON.stringify(payload)
      const signature = secret && {
        "x-notion-signature": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
      }
      const headers = { "content-type": "application/json", ...signature }
      const response = await fetch(`${ingest.url}/v1/webhooks/notion/${id}`, { method: "POST", headers, body })
      await response.arrayBuffer()
      return response.status
    }
    const page = notionId(0x100)
    const { payload } = event("page.created", page, 0)
    expect(await post(payload)).toBe(401)
    expect(await post({ verification_token: "secret_first" })).toBe(200)
    expect(await post({ verification_token: "secret_intruder" })).toBe(401)
    expect(await post({ verification_token: "secret_first" })).toBe(200)
    expect(await post(payload)).toBe(401)
    expect(await post(payload, "secret_intruder")).toBe(401)

    notion.workspace.write({ id: page, title: "Plans", blocks: [said("paragraph", "We plan.")] })
    notion.failNext({ hang: true })
    const worker = await system.start("worker")
    // Doors look a connection up anew every five seconds.
    await waitUntil("the signed event is accepted", async () => (await post(payload, "secret_first")) === 202)
    expect(await post(payload, "secret_first")).toBe(200)
    await waitUntil("the page is being read", () => notion.requests.length > 0, 30_000)
    await worker.kill()
    expect(await system.rows("select state from ingest_deliveries")).toEqual([{ state: "processed" }])

    await system.start("worker")
    const titles = () => system.rows("select title from knowledge_documents where live")
    await waitUntil("the page is read", async () => (await titles()).length === 1, 60_000)
    await system.settled()
    expect(await titles()).toEqual([{ title: "Plans" }])
    expect(await system.rows("select answer, attempts from wanted_fetches")).toEqual([{ answer: "found", attempts: 0 }])
    expect(notion.refusedForPace()).toBe(0)
  } finally {
    await system.close()
    await notion.close()
  }
}, 180_000)
