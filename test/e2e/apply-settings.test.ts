import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createLruCache } from "@engram/lru/lru-cache"
import { readDocument } from "@engram/pipeline/read-document"
import { createDocumentIndex } from "@engram/store/document-index"
import { afterEach, beforeEach, expect, test } from "vitest"
import { issue } from "../payloads.ts"
import { createWorkbench, testSecretKey, type Workbench } from "../workbench.ts"

const main = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url))

let bench: Workbench
let dataDir: string
beforeEach(async () => {
  bench = await createWorkbench()
  dataDir = await mkdtemp(join(tmpdir(), "engram-apply-"))
})
afterEach(async () => {
  await bench.close()
  await rm(dataDir, { recursive: true, force: true })
})

/** The real command line, in a process of its own. */
const set = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const env = {
      PATH: process.env.PATH,
      NO_COLOR: "1",
      DATABASE_URL: bench.databaseUrl,
      ENGRAM_SECRET_KEY: testSecretKey,
      ENGRAM_DATA_DIR: dataDir,
    }
    execFile(process.execPath, [main, "workspace", "set", "acme", ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : Number(error !== null), stdout, stderr }),
    )
  })

const texts = async () =>
  (await bench.rows<{ text: string }>("select text from knowledge_chunks")).map((row) => row.text)

test("--apply reads what was read before by the new choices; without its bytes it stays as it is, in words", async () => {
  await bench.accept([issue({ number: 1, title: "Login", body: "Ask ada@acme.example about it." })])
  await bench.drain()
  expect(await texts()).toEqual([expect.stringContaining("ada@acme.example")])
  const before = await bench.rows("select id from knowledge_documents where live")

  const applied = await set("--redact-emails", "on", "--apply", "--json")
  expect(applied).toMatchObject({ code: 0 })
  expect(JSON.parse(applied.stdout)).toMatchObject({ redactEmails: true, again: { github: before.length } })
  await bench.drain()
  const [after, ...others] = await texts()
  expect(others).toEqual([])
  expect(after).toContain("about it.")
  expect(after).not.toContain("ada@acme.example")
  expect(await bench.rows("select id from knowledge_documents where live")).toEqual(before)

  await bench.rows("update ingest_deliveries set body = null, artifact_key = null")
  const refused = await set("--redact-emails", "off", "--apply")
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("github: 1 of its deliveries have no bytes"),
  })
  expect(await texts()).toEqual([after])
})

test("--apply is read at once by a process whose cache holds the text from before, of the same version", async () => {
  const read = readDocument({ documents: createDocumentIndex(bench.database), cache: createLruCache() })
  const reader = { workspaceId: "acme", storeId: bench.lane.storeId, scopeIds: "all" } as const
  await bench.accept([issue({ number: 1, title: "Ask ada@acme.example", body: "Or bob@acme.example." })])
  await bench.drain()
  const [{ id }] = (await bench.rows<{ id: string }>("select id from knowledge_documents where live")) as [
    { id: string },
  ]
  const before = await read(reader, id)
  expect(JSON.stringify(before)).toContain("bob@acme.example")

  expect(await set("--redact-emails", "on", "--apply")).toMatchObject({ code: 0 })
  await bench.drain()
  const after = await read(reader, id)
  expect(after).toMatchObject({ version: before!.version, title: expect.stringContaining("Ask ") })
  expect(JSON.stringify(after)).not.toMatch(/(ada|bob)@acme\.example/)
})
