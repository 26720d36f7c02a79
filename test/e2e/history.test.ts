import type { History, ImportRequest } from "@engram/contracts/history"
import { createGithubClient } from "@engram/github/github-client"
import { createGithubHistory, type GithubKind } from "@engram/github/github-history"
import { type Imported, importHistory } from "@engram/pipeline/import-history"
import { createDeliveryInbox } from "@engram/store/deliveries"
import { createImportLedger } from "@engram/store/import-ledger"
import { type GithubServer, startGithubServer } from "@engram/testkit/github-server"
import { afterAll, beforeAll, expect, test } from "vitest"
import { expectSameInAnyOrder, stateAfter, without } from "../any-order.ts"
import { githubPast } from "../github-past.ts"
import { known } from "../import-into.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

let server: GithubServer
/** One repository says afterwards what it said then; the other has thought again. */
const constant = githubPast()
const past = githubPast({ edited: 5, fullName: "octo-org/second-thoughts" })
beforeAll(async () => {
  server = await startGithubServer()
  server.repositories.push(constant.api, past.api)
})
afterAll(() => server.close())

const kinds: readonly GithubKind[] = ["issues", "pulls", "closings", "releases", "discussions", "codeowners"]

const historyOf = (repository: string, since?: Date): History =>
  createGithubHistory({
    client: createGithubClient({ identity: { token: server.token }, apiUrl: server.url, timeoutMs: 5_000 }),
    ...{ repository, kinds, since },
  })

const importInto = (bench: Workbench, repository: string, more: Partial<ImportRequest> = {}): Promise<Imported> =>
  importHistory(
    {
      ledger: createImportLedger(bench),
      inbox: createDeliveryInbox(bench),
      open: (since) => historyOf(repository, since),
      wake: async () => {},
      limits: { backlogMax: 1_000, backlogPollMs: 10, failuresMax: 3, backoffMs: 10 },
      signal: new AbortController().signal,
    },
    { ...bench.lane, source: "github", what: repository, ...more },
  )

async function on<T>(work: (bench: Workbench) => Promise<T>): Promise<T> {
  const bench = await createWorkbench()
  try {
    return await work(bench)
  } finally {
    await bench.close()
  }
}

test("what was imported reads as what its webhooks said: documents, chunks, moments, edges, entities", async () => {
  const live = await stateAfter((bench) => bench.accept(constant.webhooks))
  const imported = await stateAfter((bench) => importInto(bench, "codertocat/hello-world"))
  for (const table of ["knowledge_documents", "knowledge_chunks", "document_entities", "scopes"] as const) {
    expect([table, imported[table]]).toEqual([table, live[table]])
    expect(imported[table]!.length).toBeGreaterThan(0)
  }
  // Of a moment that is told afterwards only the mark that says so differs.
  expect(without(imported.memory_observations, "content_hash")).toEqual(
    without(live.memory_observations, "content_hash"),
  )
  expect(without(imported.relationships, "since")).toEqual(without(live.relationships, "since"))
  expect(without(imported.entities, "state")).toEqual(without(live.entities, "state"))
  expect(imported.entity_aliases).toEqual(live.entity_aliases)
})

test("webhooks and import end in the same state in any order, any mix and any repetition", async () => {
  const pages = async () => {
    const deliveries = []
    const history = historyOf("octo-org/second-thoughts")
    for (let cursor: Parameters<History["page"]>[0] = undefined; ; ) {
      const page = await history.page(cursor)
      deliveries.push(...page.deliveries)
      if (page.next === undefined) return deliveries
      cursor = page.next
    }
  }
  const asPayloads = (await pages()).map(({ deliveryKey: key, event, body }) => ({
    ...{ key, event, payload: Buffer.from(body).toString(), receivedAt: 1_700_000_000_000 },
  }))
  const all = [...past.webhooks, ...asPayloads]
  await expectSameInAnyOrder(all, { batch: 11, numRuns: 4, seed: 11 })
}, 120_000)

test("importing after webhooks changes no version, no observation and embeds nothing; again it adds nothing", () =>
  on(async (bench) => {
    await bench.accept(past.webhooks)
    await bench.drain()
    const knownAndWhy = async () => ({
      ...(await known(bench)),
      evidence: await bench.rows(
        "select relationship_id, evidence_id, since, until, live from relationship_evidence order by 1, 2",
      ),
    })
    const before = await knownAndWhy()
    const { texts } = bench.calls

    const first = await importInto(bench, "octo-org/second-thoughts")
    expect(first.added).toBe(first.fetched)
    expect(first.events).toEqual({
      "import.issue": 8,
      "import.closing": 3,
      "import.pull_request": 2,
      "import.issue_comment": 1,
      "import.review_comment": 1,
      "import.release": 6,
      "import.discussion": 1,
    })
    await bench.drain()
    expect(await bench.rows("select event, reason from ingest_deliveries where state = 'parked'")).toEqual([])
    expect(await knownAndWhy()).toEqual(before)
    expect(bench.calls.texts).toBe(texts)

    const again = await importInto(bench, "octo-org/second-thoughts", { restart: true })
    expect(again).toMatchObject({ fetched: first.fetched, added: 0, since: undefined })
    const later = await importInto(bench, "octo-org/second-thoughts")
    expect(later.since).toBeInstanceOf(Date)
    expect(later).toMatchObject({ fetched: 0, added: 0, resumed: false })
  }))
