import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { waitUntil } from "@engram/testkit/wait-until"
import { afterEach, expect, test } from "vitest"
import { engram } from "../engram.ts"
import { everyColumn } from "../every-column.ts"
import { issue } from "../payloads.ts"
import { createSystem, type System } from "../system.ts"

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const run = (system: System, ...args: string[]) => engram(system, ...args).ended

async function filled(issues: number): Promise<System & { readonly ingestUrl: string }> {
  const system = await createSystem()
  closing.push(system.close)
  const ingest = await system.start("ingest")
  await system.start("worker")
  await system.postAll(
    ingest.url,
    Array.from({ length: issues }, (_, at) =>
      issue({ number: at + 1, title: `Nightingale ${at + 1}`, body: `Secret plan ${at + 1}.` }),
    ),
  )
  await system.settled()
  return { ...system, ingestUrl: ingest.url }
}

/** Which files of the data directory hold the text: artifacts, vectors. */
async function filesHolding({ dataDir }: System, text: string): Promise<string[]> {
  const names = await readdir(dataDir, { recursive: true, withFileTypes: true })
  const files = names.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
  const held = await Promise.all(files.map(async (file) => (await readFile(file)).includes(text)))
  return files.filter((_, at) => held[at])
}

test("one document is shown, forgotten, and proved forgotten, beside a running fleet", async () => {
  const system = await filled(3)
  const url = "https://github.com/Codertocat/Hello-World/issues/2"
  const lasting = "github:repository:186853002#2"
  expect(await filesHolding(system, "Secret plan 2.")).not.toEqual([])

  const dry = await run(system, "forget", "--document", url)
  expect(dry).toMatchObject({ code: 0, stderr: expect.stringContaining("say --yes") })
  expect(dry.stdout).toContain("1 document")
  expect(dry.stdout).toContain(`Would forget ${lasting}: `)
  expect(await run(system, "forget", "--document", url, "--verify")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("never forgotten"),
  })

  const done = await run(system, "forget", "--document", url, "--yes", "--json")
  expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining(`Forgetting ${lasting}: name it so`) })
  expect(JSON.parse(done.stdout)).toMatchObject({
    document: lasting,
    resumed: false,
    counts: { documents: 1, deliveries: 1 },
  })
  // Its name is gone with it; what it is called by its source still proves it.
  const name = (await system.rows<{ id: string }>("select ref as id from forgotten_refs where kind = 'document'"))[0]!
    .id
  expect(await run(system, "forget", "--document", url, "--verify")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("forgotten before is known by source:sourceId alone, as forget printed it"),
  })
  expect(await run(system, "forget", "--document", lasting, "--yes")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`Forgotten ${lasting}: `),
    stderr: expect.stringContaining(`engram forget --document ${lasting} --verify`),
  })
  expect(name).toMatch(/^doc_/)
  await waitUntil(
    "the proof is clean",
    async () => (await run(system, "forget", "--document", lasting, "--verify")).code === 0,
    60_000,
  )
  const proof = await run(system, "forget", "--document", lasting, "--verify", "--json")
  expect(JSON.parse(proof.stdout)).toMatchObject({ clean: true })
  expect(JSON.parse(proof.stdout).looked.map(({ where }: { where: string }) => where)).toEqual(
    expect.arrayContaining(["vectors", "artifacts", "cache", "postgres knowledge_chunks"]),
  )
  expect(await everyColumn(system, ["Secret plan 2."])).toEqual([])
  expect(await filesHolding(system, "Secret plan 2.")).toEqual([])
  expect(await everyColumn(system, ["Secret plan 3."])).not.toEqual([])
}, 240_000)

test("killed half way and run again, a source goes whole, and what it still sends stays out", async () => {
  const system = await filled(400)
  const args = ["forget", "--source", "github", "--workspace", "acme", "--yes", "--json"]
  const count = async () =>
    (await system.rows<{ n: number }>("select count(*)::int as n from knowledge_documents"))[0]!.n
  const dying = engram(system, ...args)
  await waitUntil("it is half way", async () => (await count()) < 400, 60_000)
  dying.child.kill("SIGKILL")
  await dying.ended
  const left = await count()
  expect(left).toBeGreaterThan(0)

  const again = await run(system, ...args)
  expect(again).toMatchObject({ code: 0 })
  expect(JSON.parse(again.stdout)).toMatchObject({ resumed: true, counts: { documents: left } })
  await system.postAll(system.ingestUrl, [
    issue({ number: 900, title: "Nightingale sings on", body: "Secret plan again." }),
  ])
  await system.settled()
  await waitUntil(
    "the proof is clean",
    async () => (await run(system, ...args.slice(0, 5), "--verify")).code === 0,
    60_000,
  )
  expect(await everyColumn(system, ["Nightingale", "Secret plan"])).toEqual([])
  expect(await filesHolding(system, "Secret plan")).toEqual([])
}, 300_000)

test("what makes no sense is refused in words", async () => {
  const system = await createSystem()
  closing.push(system.close)
  const wrong: [args: string[], words: string][] = [
    [[], "say what"],
    [["--source", "github", "--document", "x"], "one thing at a time"],
    [["--document", "nothing"], "there is no document nothing"],
    [["--person", "nobody"], "nobody goes by nobody"],
    [["--workspace", "elsewhere"], "there is no workspace elsewhere"],
    [["--document", "x", "--replay"], "--replay goes with --source"],
  ]
  for (const [args, words] of wrong) {
    expect(await run(system, "forget", ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(words) })
  }
}, 120_000)
