import { spokenNames } from "@engram/pipeline/spoken-names"
import { sources } from "@engram/sources/registry"
import { createAccountNames } from "@engram/store/account-names"
import { createSummaryDesk } from "@engram/store/consolidation/desk"
import { afterEach, expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { incidentPayloads } from "../examples.ts"
import { night } from "../nights.ts"
import { openSearchDoor, type SearchDoor } from "../search-door.ts"
import { said, slackEvent } from "../slack.ts"
import { createWorkbench, type Payload, type Workbench } from "../workbench.ts"

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(): Promise<{
  bench: Workbench
  door: SearchDoor
  take: (...payloads: Payload[]) => Promise<void>
}> {
  const bench = await createWorkbench()
  closing.push(bench.close)
  const door = await openSearchDoor(bench)
  closing.push(door.close)
  const take = async (...payloads: Payload[]) => {
    await bench.accept(payloads)
    await bench.drain()
  }
  return { bench, door, take }
}

const called = (id: string, name: string, at: number) =>
  slackEvent({ type: "user_change", user: { id, profile: { real_name: name }, updated: at }, event_ts: `${at}.000000` })

const asked = said({ ts: "1700000000.000100", user: "U0ADA00001", text: "Who restarts the importer, <@U0BOB00002>?" })
const answered = said({
  ts: "1700000060.000100",
  thread: "1700000000.000100",
  user: "U0BOB00002",
  text: "Decision: <@U0ADA00001> restarts the importer every night.",
})

test("a reader is told what people are called now; what is stored keeps the id", async () => {
  const { bench, door, take } = await open()
  await take(asked, answered)
  const key = await door.key()
  const ask = async () => (await door.ask(key, { query: "importer" })).body.hits[0]
  expect(await ask()).toMatchObject({ title: "Who restarts the importer, @U0BOB00002?" })

  await take(called("U0ADA00001", "Ada King", 1_700_000_100), called("U0BOB00002", "Bob", 1_700_000_100))
  const hit = await ask()
  expect(hit.title).toBe("Who restarts the importer, @Bob?")
  const { body } = await door.read(key, hit.documentId)
  expect(body.title).toBe("Who restarts the importer, @Bob?")
  expect(body.chunks.map(({ section }: { section: string }) => section).join()).toContain("by @Ada King, @Bob")
  expect(body.chunks.map(({ text }: { text: string }) => text).join()).toContain("@Ada King restarts the importer")
  expect(body.observations.map(({ text }: { text: string }) => text)).toContain(
    "@Ada King restarts the importer every night.",
  )
  const around = await door.around(key, "entity=slack:user:T123ABC456:U0BOB00002")
  expect(JSON.stringify(around.body)).toContain("Who restarts the importer, @Bob?")
  expect(JSON.stringify(around.body)).not.toContain("@U0")

  const before = await currentState(bench)
  await take(called("U0BOB00002", "Robert", 1_700_000_200))
  expect((await ask()).title).toBe("Who restarts the importer, @Robert?")
  const { knowledge_documents: documents, knowledge_chunks: chunks } = await currentState(bench)
  expect({ documents, chunks }).toEqual({ documents: before.knowledge_documents, chunks: before.knowledge_chunks })
})

test("summaries and what they rest on name people too, by the team of what each sentence cites", async () => {
  const { bench, door, take } = await open()
  const lines = ["restarts the importer every night", "owns the importer's alerts", "rewrites the importer"]
  const decisions = lines.map((line, n) =>
    said({
      ts: `170000010${n}.000100`,
      thread: "1700000000.000100",
      user: "U0BOB00002",
      text: `Decision: <@U0ADA00001> ${line}.`,
    }),
  )
  await take(asked, ...decisions, called("U0ADA00001", "Ada King", 1_700_000_100))
  await night(bench, "2023-11-20")
  const stored = await createSummaryDesk(bench.database).summaries(bench.lane.workspaceId, { max: 10 })
  const idOf = (texts: readonly string[]) => texts.filter((text) => text.includes("@U0ADA00001")).length
  expect(idOf(stored.map(({ text }) => text))).toBeGreaterThan(0)

  const spoken = spokenNames({ names: createAccountNames(bench.database), sources })
  const shown = await spoken.summaries(bench.lane.workspaceId, stored)
  expect(JSON.stringify(shown)).not.toContain("@U0ADA00001")
  for (const { text, sentences, evidence } of shown.filter(({ topic }) => topic === "decisions")) {
    expect(text).toContain("@Ada King restarts the importer")
    expect(sentences.map((sentence) => sentence.text).join(" ")).toBe(text)
    expect(evidence.map((piece) => piece.text).join()).toContain("@Ada King restarts the importer")
  }
  const { body } = await door.ask(await door.key(), { query: "decisions importer", kinds: ["summary"] })
  expect(body.hits.length).toBeGreaterThan(0)
  expect(JSON.stringify(body)).not.toContain("@U0ADA00001")
})

test("one person is one node, with all that their accounts say, in whichever order that came", async () => {
  const around = async (payloads: readonly Payload[]) => {
    const { door, take } = await open()
    for (let from = 0; from < payloads.length; from += 7) await take(...payloads.slice(from, from + 7))
    const answer = await door.around(await door.key(), "entity=ENG-142&hops=2&limit=100")
    expect(answer.status).toBe(200)
    return answer.body
  }
  const found = await around(incidentPayloads)
  const people = found.nodes.filter(({ kind }: { kind: string }) => kind === "person")
  expect(people.map(({ name }: { name: string }) => name).sort()).toEqual(["Jonas Lind", "Mira Okafor"])
  expect(found.nodes.filter(({ name }: { name: string }) => /^(?:Mira|mira|Jonas|jonas)/.test(name))).toHaveLength(2)
  const mira = people.find(({ name }: { name: string }) => name === "Mira Okafor")
  const sources = new Set(
    found.edges
      .filter(({ from, to }: { from: string; to: string }) => from === mira.id || to === mira.id)
      .flatMap(({ evidence }: { evidence: { source: string }[] }) => evidence.map(({ source }) => source)),
  )
  expect([...sources].sort()).toEqual(["github", "linear", "notion", "slack"])
  expect(await around(incidentPayloads.toReversed())).toEqual(found)
})
