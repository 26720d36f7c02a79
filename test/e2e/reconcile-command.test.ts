import { readdir, rm, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { createSqliteVecIndex } from "@engram/sqlite-vec/sqlite-vec-index"
import { waitUntil } from "@engram/testkit/wait-until"
import { afterEach, expect, test } from "vitest"
import { engram } from "../engram.ts"
import { variedPayloads } from "../payloads.ts"
import { createSystem, type System } from "../system.ts"

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** From now on nothing is too fresh to be judged. */
const age = (system: System) => system.rows("update vector_entries set written_at = written_at - interval '1 hour'")

test("what differs is told by exit code, table and JSON, put right by a worker, and then nothing differs", async () => {
  const system = await createSystem({ EMBEDDING_DIMENSION: "64" })
  closing.push(system.close)
  const run = (...args: string[]) => engram(system, "reconcile", ...args).ended
  const ingest = await system.start("ingest")
  const worker = await system.start("worker")
  await system.postAll(ingest.url, variedPayloads(12))
  await system.settled()

  const fresh = await run("--json")
  expect(fresh, fresh.stderr).toMatchObject({ code: 0 })
  expect(JSON.parse(fresh.stdout)).toMatchObject({ clean: true, left: 0, workspaces: [{ workspaceId: "acme" }] })
  expect(JSON.parse(fresh.stdout).workspaces[0].vectors[0].fresh).toBeGreaterThan(0)
  await age(system)
  expect(await run("--verify")).toMatchObject({ code: 0, stdout: expect.stringContaining("agree") })

  await worker.stop()
  const [version] = await system.rows<{ id: string; index: string }>(
    "select id, index_name as index from embedding_versions",
  )
  const chunks = { index: version!.index, namespace: `chunks-${version!.id}` }
  const index = createSqliteVecIndex({ path: join(system.dataDir, "vectors.db") })
  closing.push(() => index.close())
  const ids: string[] = []
  for await (const page of index.list(chunks)) ids.push(...page)
  const values = new Float32Array(64).fill(0.125)
  await index.remove(chunks, ids.slice(0, 3))
  await index.upsert(chunks, [
    { id: ids[5]!, values, metadata: { hash: "another" } },
    { id: "chk_never", values, metadata: {} },
  ])
  const [lost] = await system.rows<{ id: string; key: string }>(
    `select min(d.id) as id, artifact_key as key from ingest_deliveries d join document_deliveries l on l.delivery_id = d.id
     group by artifact_key having count(distinct d.id) = 1 order by 1 limit 1`,
  )
  await rm(join(system.dataDir, "artifacts", lost!.key))
  const unknown = join(system.dataDir, "artifacts/workspaces/acme/knowledge/raw/ab", "ab".repeat(32))
  await writeFile(unknown, "nobody's").catch(async () => {
    throw new Error(
      `no folder for ${unknown}: ${await readdir(join(system.dataDir, "artifacts"), { recursive: true })}`,
    )
  })
  await utimes(unknown, new Date("2026-01-01"), new Date("2026-01-01"))

  const told = await run()
  expect(told).toMatchObject({ code: 1, stderr: expect.stringContaining("7 differences") })
  expect(told.stdout).toMatch(/main chunks \(local-hash-v1\)\s+\d+\s+3\s+1\s+1\s+0/)
  expect(told.stdout).toContain(`missing: ${lost!.key}, of deliveries ${lost!.id}; documents doc_`)
  expect(told.stdout).toContain("orphaned: workspaces/acme")
  const json = await run("--store", "main", "--workspace", "acme", "--json")
  expect(json).toMatchObject({ code: 1 })
  expect(JSON.parse(json.stdout)).toMatchObject({
    clean: false,
    workspaces: [{ findings: 6, repaired: 0, artifacts: { missing: 1, orphaned: 0 } }],
  })

  // Nobody has its bytes any more, so that one stays, and says so.
  const repaired = await run("--repair", "--remove-orphans-before", "30d", "--json")
  expect(repaired).toMatchObject({ code: 1, stderr: expect.stringContaining("1 difference could not be put right") })
  expect(JSON.parse(repaired.stdout)).toMatchObject({ left: 1, workspaces: [{ findings: 7, repaired: 6 }] })
  await system.start("worker")
  await system.settled()
  await age(system)
  await waitUntil("only the lost one is left", async () => {
    const { code, stdout } = await run("--deep", "--json")
    const { findings, artifacts } = JSON.parse(stdout).workspaces[0]
    return code === 1 && findings === 1 && artifacts.missing === 1 && artifacts.read === artifacts.looked - 1
  })
  await system.rows("update ingest_deliveries set artifact_key = null where id = $1", [lost!.id])
  expect(await run("--deep")).toMatchObject({ code: 0 })
}, 240_000)

test("a line that makes no sense changes nothing and says why", async () => {
  const system = await createSystem()
  closing.push(system.close)
  const run = (...args: string[]) => engram(system, ...args).ended
  const says = (words: string) => ({ code: 2, stdout: "", stderr: expect.stringContaining(words) })
  expect(await run("reconcile", "--verify", "--repair")).toMatchObject(says("--verify changes nothing"))
  expect(await run("reconcile", "--remove-orphans-before", "1d")).toMatchObject(says("goes with --repair"))
  expect(await run("reconcile", "--deep", "0")).toMatchObject(says("percentage"))
  expect(await run("reconcile", "--workspace", "nowhere")).toMatchObject(says("no workspace nowhere"))
  expect(await run("rebuild")).toMatchObject(says("--vectors, --caches, --queue"))
  expect(await run("rebuild", "--queue", "--store", "main")).toMatchObject(says("go with --vectors"))
  expect(await run("reconcile", "--help")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("engram reconcile --repair"),
  })
  expect(await run("rebuild", "--help")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("engram rebuild --vectors"),
  })
}, 120_000)
