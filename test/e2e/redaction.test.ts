import type { Cache } from "@engram/contracts/ports"
import { createLruCache } from "@engram/lru/lru-cache"
import { createWorkspaceAdmin } from "@engram/store/workspace-settings"
import { type Planted, plantedCredentials } from "@engram/testkit/planted-credentials"
import { afterEach, expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { everyColumn } from "../every-column.ts"
import { comment, issue } from "../payloads.ts"
import { openSearchDoor, page } from "../search-door.ts"
import { createWorkbench, type Payload, type Workbench } from "../workbench.ts"

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(options: Parameters<typeof createWorkbench>[0] = {}): Promise<Workbench> {
  const bench = await createWorkbench(options)
  closing.push(bench.close)
  return bench
}

/** Pieces of a secret that would give it away; of a key over several lines, those of its lines. */
const piecesOf = ({ secret }: Planted): string[] =>
  secret.split("\n").flatMap((line) => {
    const from = line.length > 40 ? 12 : 0
    return line.length < 8 || line.includes("PRIVATE KEY") ? [] : [line.slice(from, from + 24)]
  })

/** Each credential in every place that a payload offers for text. */
function payloadsWith(planted: readonly Planted[]): Payload[] {
  return planted.flatMap(({ kind, text }, at) => {
    const line = text.replaceAll("\n", " ")
    return [
      issue({
        number: at + 1,
        title: `Leak ${line}`.slice(0, 240),
        body: `# Why\n\nDecision: rotate ${text}\n`,
        labels: [line.slice(0, 100)],
      }),
      issue({ number: at + 1, action: "closed", minute: 9, title: line, body: text }),
      comment({ number: at + 1, id: at + 1, text: `Found in the log:\n\n\`\`\`\n${text}\n\`\`\`\n` }),
      {
        ...page(`${kind}/${line}`.slice(0, 500), `The ${kind}: ${text}`, {
          title: line.slice(0, 400),
          labels: [line.slice(0, 90)],
          // No longer than an id may be.
          author: { id: line.length > 512 ? "jo" : line, name: `Jo ${line}` },
          scope: { id: `scope ${line}`.slice(0, 250), name: line, privacy: "org" },
          metadata: { list: [text], deep: { [line]: text }, password: "hunter2 is no word".replaceAll(" ", "") },
        }),
        key: `key ${line}`.slice(0, 250),
      },
      // Parked, with a reason that may quote what it could not read.
      { key: `broken-${at}`, event: "issues", payload: `{"action": ${text}` },
      { key: `unknown-${at}`, event: line.slice(0, 90), payload: {} },
    ]
  })
}

test("no planted credential reaches text in Postgres, vectors, caches, logs or search results", async () => {
  const planted = plantedCredentials()
  const secrets = planted.flatMap(piecesOf)
  const logs: string[] = []
  const say = (fields: object, message: string) => void logs.push(`${message} ${JSON.stringify(fields)}`)
  const cached: string[] = []
  const lru = createLruCache()
  const cache: Cache = {
    ...lru,
    set: (entries) => {
      cached.push(JSON.stringify(entries))
      return lru.set(entries)
    },
  }
  const vectors: string[] = []
  const bench = await open({
    cache,
    log: { debug: say, info: say, warn: say, error: say },
    index: (real) => ({
      ...real,
      upsert: (target, records) => {
        vectors.push(JSON.stringify([target, records.map(({ id, metadata }) => ({ id, metadata }))]))
        return real.upsert(target, records)
      },
    }),
  })
  await bench.accept(payloadsWith(planted))
  await bench.drain()

  const [ended] = await bench.rows<{ processed: number; parked: number }>(
    `select count(*) filter (where state = 'processed')::int as processed, count(*) filter (where state = 'parked')::int as parked
     from ingest_deliveries`,
  )
  expect(ended!.processed).toBe(4 * planted.length)
  expect(ended!.parked).toBe(planted.length)
  expect(await everyColumn(bench, secrets, { except: ["ingest_deliveries.body"] })).toEqual([])

  const door = await openSearchDoor(bench)
  closing.push(door.close)
  const key = await door.key()
  const documents = await bench.rows<{ id: string }>("select id from knowledge_documents")
  const answers: string[] = []
  for (const { id } of documents.slice(0, 60)) answers.push(JSON.stringify((await door.read(key, id)).body))
  for (const query of [
    "rotate the leaked credential",
    "found in the log",
    ...planted.slice(0, 5).map(({ text }) => text.slice(0, 200)),
  ]) {
    answers.push(JSON.stringify((await door.ask(key, { query, limit: 100 })).body))
  }
  const said = [...logs, ...cached, ...vectors, ...answers].join("\n")
  expect(cached.length).toBeGreaterThan(0)
  expect(vectors.length).toBeGreaterThan(0)
  expect(said).toContain("[redacted:github-token]")
  for (const secret of secrets) expect(said).not.toContain(secret)
})

test("what was taken out is counted by its rule and said in the document's metadata, and nowhere what it was", async () => {
  const bench = await open()
  const [github, gitlab] = [plantedCredentials()[0]!, plantedCredentials().find(({ kind }) => kind === "gitlab")!]
  await bench.accept([
    issue({ number: 1, title: "Leak", body: `Both ${github.text} and ${gitlab.text}.` }),
    issue({ number: 2 }),
  ])
  await bench.drain()
  const rows = await bench.rows<{ redactions: number | null }>(
    "select (metadata->>'redactions')::int as redactions from knowledge_documents order by title desc",
  )
  expect(rows.map(({ redactions }) => redactions)).toEqual([2, null])
  expect(new Set(bench.redacted)).toEqual(new Set(["github-token", "gitlab-token"]))
})

test("a replay takes out the same: nothing changes and nothing is embedded again", async () => {
  const bench = await open()
  await bench.accept(payloadsWith(plantedCredentials().slice(0, 6)))
  await bench.drain()
  const before = await currentState(bench)
  const { texts } = bench.calls
  await bench.rows("update ingest_deliveries set state = 'received', attempts = 0")
  await bench.drain()
  expect(await currentState(bench)).toEqual(before)
  expect(bench.calls.texts).toBe(texts)
})

test("addresses and numbers of people go where the workspace says so, and tell the same person by the same mark", async () => {
  const bench = await open()
  const said = {
    body: "Ask Jo.Bloggs@acme.com or call +1 415 555 2671.",
    author: { id: "jo.bloggs@acme.com", name: "Jo" },
  }
  await bench.accept([page("one", said.body, said), page("kept", "Mail support@acme.com.")])
  await bench.drain()
  expect(
    await everyColumn(bench, ["415 555 2671", "jo.bloggs@acme.com"], { except: ["ingest_deliveries.body"] }),
  ).not.toEqual([])

  const private_ = await open()
  const admin = createWorkspaceAdmin(private_)
  await admin.set("acme", { redactEmails: true, redactPhones: "international" }, "test")
  await private_.accept([page("one", said.body, said), page("kept", "Mail support@acme.com.")])
  await private_.drain()
  expect(await everyColumn(private_, ["415 555 2671", "bloggs"], { except: ["ingest_deliveries.body"] })).toEqual([])
  const chunks = await private_.rows<{ text: string }>("select text from knowledge_chunks order by text")
  const text = chunks.map((chunk) => chunk.text).join("\n")
  for (const mark of [/\[redacted:email:[0-9a-f]{16}\]/, /\[redacted:phone:[0-9a-f]{16}\]/]) expect(text).toMatch(mark)
  expect(text).toContain("support@acme.com")
  const [author] = await private_.rows<{ value: string }>(
    "select value from entity_aliases where alias_type = 'events:wiki:author'",
  )
  expect(text).toContain(author!.value)
})

test("a workspace that keeps no raw bytes has none once its deliveries are read; parked ones keep theirs for the replay", async () => {
  const bench = await open()
  await createWorkspaceAdmin(bench).set("acme", { keepRaw: false }, "test")
  await bench.accept([
    issue({ number: 1 }),
    { key: "broken", event: "issues", payload: "{" },
    { key: "skip", event: "star", payload: {} },
  ])
  await bench.drain()
  const rows = await bench.rows(
    "select state, body is not null as kept, artifact_key as key from ingest_deliveries order by state",
  )
  expect(rows).toEqual([
    { state: "parked", kept: true, key: null },
    { state: "processed", kept: false, key: null },
    { state: "skipped", kept: false, key: null },
  ])
  expect(bench.artifacts.size).toBe(0)
})
