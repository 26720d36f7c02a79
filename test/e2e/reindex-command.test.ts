import { startCohereServer } from "@engram/testkit/cohere-server"
import { waitUntil } from "@engram/testkit/wait-until"
import { afterEach, expect, test } from "vitest"
import { engram } from "../engram.ts"
import { issue, paragraphs } from "../payloads.ts"
import { createSystem, type System } from "../system.ts"

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Beside the fleet and on the same stores; ended with the test. */
function start(system: System, args: readonly string[], more: Record<string, string> = {}) {
  const running = engram({ environment: { ...system.environment, ...more } }, ...args)
  closing.push(() => running.child.kill("SIGKILL"))
  return running
}

const target = "cohere:embed-v4.0:256"
const place = ["--workspace", "acme", "--store", "main"]

const about = (number: number) =>
  issue({ number, title: `Lighthouse ${number}`, body: paragraphs(2, `lamp ${number}`).join("\n\n") })

/** A store of local vectors, and a Cohere that takes its time. */
async function filled(issues: number) {
  const cohere = await startCohereServer()
  closing.push(cohere.close)
  const system = await createSystem({
    COHERE_API_KEY: cohere.apiKey,
    COHERE_BASE_URL: cohere.url,
    EMBEDDING_MODEL: "local-hash-v1",
    EMBEDDING_DIMENSION: "64",
  })
  closing.push(system.close)
  const ingest = await system.start("ingest")
  const worker = await system.start("worker")
  await system.postAll(
    ingest.url,
    Array.from({ length: issues }, (_, at) => about(at + 1)),
  )
  await system.settled()
  const documents = () =>
    cohere.calls.filter(({ inputType }) => inputType === "search_document").flatMap(({ texts }) => texts)
  const statuses = async () =>
    (
      await system.rows<{ status: string }>(
        "select provider || ' ' || status as status from embedding_versions order by created_at",
      )
    ).map(({ status }) => status)
  const written = async () =>
    (
      await system.rows<{ n: number }>(
        `select count(*)::int as n from vector_entries v join embedding_versions e on e.id = v.embedding_version_id
         where e.provider = 'cohere' and wanted_hash = written_hash`,
      )
    )[0]!.n
  return { system, ingest, worker, cohere, documents, statuses, written }
}

test("killed in the middle and run again, it ends where it would have, and no text is paid for twice", async () => {
  const { system, worker, cohere, documents, statuses, written } = await filled(150)
  await worker.stop()
  cohere.failNext({ slowMs: 250 }, 30)
  const dying = start(system, ["reindex", "--to", target, ...place])
  await waitUntil("it is in the middle", async () => (await written()) > 0, 60_000)
  dying.child.kill("SIGKILL")
  await dying.ended
  expect(await statuses()).toEqual(["local active", "cohere canary"])
  const half = await written()
  const all =
    (
      await system.rows<{ n: number }>("select count(*)::int as n from vector_entries where wanted_hash is not null")
    )[0]!.n / 2
  expect(half).toBeLessThan(all)

  const shown = await start(system, ["reindex", ...place, "--json"]).ended
  expect(JSON.parse(shown.stdout).versions).toMatchObject([
    { model: "local:local-hash-v1:64", status: "active" },
    { model: target, status: "canary", families: [{ family: "chunks" }, { family: "observations" }] },
  ])

  const again = await start(system, ["reindex", "--to", target, ...place, "--json"]).ended
  expect(again).toMatchObject({ code: 0 })
  expect(JSON.parse(again.stdout)).toMatchObject({
    workspace: "acme",
    store: "main",
    begun: "again",
    active: { model: target, status: "active" },
    archived: { model: "local:local-hash-v1:64", status: "archived", keptUntil: expect.any(String) },
    verified: { vectors: all, recallAt10: 1, refused: 0 },
  })
  // The kill may have come between Cohere's answer and its being saved: at most the calls of that moment are made again.
  const texts = documents()
  expect(texts.length - new Set(texts).size).toBeLessThanOrEqual(4 * 96)
  expect(await statuses()).toEqual(["local archived", "cohere active"])
  expect(await start(system, ["reindex", "--to", target, ...place]).ended).toMatchObject({
    code: 2,
    stderr: `engram: ${target} is what the store answers from already\n`,
  })
}, 300_000)

test("beside a running fleet: search is answered and deliveries become searchable all the while", async () => {
  const { system, ingest, cohere } = await filled(60)
  const memory = await system.start("memory")
  const search = /"url":"([^"]+)"/.exec(memory.said())![1]!
  const key = JSON.parse(
    (await start(system, ["keys", "create", "--action", "search", ...place, "--json"]).ended).stdout,
  )
  const ask = async (query: string) => {
    const response = await fetch(`${search}/v1/search`, {
      method: "POST",
      headers: { authorization: `Bearer ${key.key}`, "content-type": "application/json" },
      body: JSON.stringify({ query, limit: 5 }),
    })
    const body = (await response.json()) as { hits?: { title: string; foundBy: string[] }[] }
    return { status: response.status, hits: body.hits ?? [] }
  }
  const finds = async (number: number) =>
    (await ask(`Lighthouse ${number} lamp ${number}`)).hits.some(
      ({ title, foundBy }) => new RegExp(`Lighthouse ${number}$`).test(title) && foundBy.includes("vector"),
    )
  cohere.failNext({ slowMs: 150 }, 20)
  const changing = start(system, ["reindex", "--to", target, ...place])
  let running = true
  void changing.ended.then(() => {
    running = false
  })
  let answers = 0
  for (let number = 1_000; running; number++) {
    await system.postAll(ingest.url, [about(number)])
    expect((await ask("Lighthouse 7 lamp 7")).status).toBe(200)
    expect(await finds(7)).toBe(true)
    answers++
  }
  expect(await changing.ended).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`acme/main answers from ${target}`),
  })
  expect(answers).toBeGreaterThan(2)
  await system.settled()
  for (const number of [7, 1_000, 1_000 + answers - 1]) {
    await waitUntil(`${number} is found`, () => finds(number))
  }
}, 300_000)

test("Ctrl-C ends it with 130 after the turn it is in, and leaves the lane free", async () => {
  const { system, worker, cohere, statuses, written } = await filled(100)
  await worker.stop()
  cohere.failNext({ slowMs: 200 }, 30)
  const stopping = start(system, ["reindex", "--to", target, ...place])
  await waitUntil("it is in the middle", async () => (await written()) > 0, 60_000)
  stopping.child.kill("SIGINT")
  expect(await stopping.ended).toMatchObject({ code: 130, stderr: expect.stringContaining("interrupted") })
  expect(await statuses()).toEqual(["local active", "cohere canary"])
  expect(await system.rows("select 1 from lanes")).toEqual([])
  const given = await start(system, ["reindex", "--abandon", ...place]).ended
  expect(given).toMatchObject({ code: 0, stdout: expect.stringContaining(`Gave up ${target} for acme/main`) })
  expect(await statuses()).toEqual(["local active", "cohere archived"])
}, 300_000)

test("what makes no sense is refused in one line, and nothing is changed", async () => {
  const { system, statuses } = await filled(1)
  const refused = async (args: readonly string[], stderr: RegExp, more: Record<string, string> = {}) => {
    const ended = await start(system, ["reindex", ...args], more).ended
    expect(ended.stderr.trim().split("\n")).toHaveLength(1)
    expect(ended).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(stderr) })
  }
  await Promise.all([
    refused(["--to", "cohere", ...place], /provider:model:dimension/),
    refused(["--to", target, "--abandon", ...place], /one of --to and --abandon/),
    refused(["--to", target, "--recall-min", "95", ...place], /number from 0 to 1/),
    refused(["--to", "openai:text-embedding-3-small:256", ...place], /nothing embeds with openai/),
    refused(["--to", "cohere:embed-v4.0:300", ...place], /embed-v4.0 gives 256, 512, 1024, 1536 dimensions, not 300/),
    refused(["--to", "local:local-hash-v1:8", ...place], /from 16 to 4096, not 8/),
    refused(["--to", target, ...place], /needs COHERE_API_KEY, which is not set/, {
      COHERE_API_KEY: "",
      COHERE_BASE_URL: "",
    }),
    refused(["--to", "local:local-hash-v1:64", ...place], /is what the store answers from already/),
    refused(["--to", target, "--workspace", "acme", "--store", "other"], /no such store/),
    refused(["--abandon", ...place], /no version of acme\/main is being filled/),
  ])
  expect(await statuses()).toEqual(["local active"])
  const help = await start(system, ["reindex", "--help"]).ended
  expect(help.stdout).toContain("engram reindex --to cohere:embed-v4.0:1024 --workspace acme --store main")
  const list = await start(system, ["reindex", ...place]).ended
  expect(list.stdout).toMatch(/local:local-hash-v1:64 +active +\d+ +\d+ +0 +0/)
}, 300_000)
