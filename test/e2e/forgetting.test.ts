import type { Cache } from "@engram/contracts/ports"
import { chunkLimits } from "@engram/core/chunk/chunk"
import { documentId } from "@engram/core/ids"
import { createRedactor } from "@engram/core/redact/redactor"
import { createLruCache } from "@engram/lru/lru-cache"
import { forget } from "@engram/pipeline/forget/forget"
import type { ForgetDeps } from "@engram/pipeline/forget/forget-deps"
import { findTarget } from "@engram/pipeline/forget/target"
import { normalize } from "@engram/pipeline/normalize"
import { persist } from "@engram/pipeline/persist"
import { sources } from "@engram/sources/registry"
import { createDeliveryDesk } from "@engram/store/delivery-desk"
import { createKeyedHash } from "@engram/store/keyed-hash"
import { createKnowledge } from "@engram/store/knowledge"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import { silentLog } from "@engram/testkit/silent-log"
import { waitUntil } from "@engram/testkit/wait-until"
import { waitingForLocks } from "@engram/testkit/waiting-for-locks"
import { normalizeLimits } from "@engram/worker/turns"
import { afterEach, describe, expect, test } from "vitest"
import { type CurrentState, currentState } from "../current-state.ts"
import { everyColumn } from "../every-column.ts"
import { examplePayloads } from "../examples.ts"
import { forgetDepsOf, forgetIn, left } from "../forgetting.ts"
import { night } from "../nights.ts"
import { comment, issue } from "../payloads.ts"
import { find, openSearchDoor, page } from "../search-door.ts"
import { openChannel, slackEvent, said as slackSaid, team } from "../slack.ts"
import { createWorkbench, type Payload, testSecretKey, type Workbench } from "../workbench.ts"

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(options: Parameters<typeof createWorkbench>[0] = {}): Promise<Workbench> {
  const bench = await createWorkbench(options)
  closing.push(bench.close)
  return bench
}

/** Workers catch up, and again after the longest timeout. */
async function settle(bench: Workbench): Promise<void> {
  await bench.drain()
  await createSweepLedger(bench.database).removeAgain(-1)
  await bench.drain()
}

const secret = "The merger with Globex is called Project Nightingale."
const words = ["Nightingale", "Globex"]
const kept = "The canteen closes at three on Fridays."
const about = (occurredAt: string, more = "") =>
  page("merger", `${secret}\n\nDecision: Nightingale is announced in May. ${more}`, {
    occurredAt,
    title: "Nightingale",
    url: "https://wiki.example.org/merger",
    metadata: { code: "Nightingale" },
  })
const canteen = () => page("canteen", kept, { occurredAt: "2024-01-01T00:00:00Z" })
const request = { kind: "document", name: "events:wiki:merger" } as const

async function withSecret(bench: Workbench): Promise<void> {
  await bench.accept([about("2024-01-01T00:00:00Z"), canteen()])
  await bench.drain()
  // An edit, whose former text was embedded too.
  await bench.accept([about("2024-01-02T00:00:00Z", "Or in June.")])
  await bench.drain()
}

const ask = (bench: Workbench, documentId: string, query: string): Promise<unknown> =>
  bench.rows(
    "insert into eval_queries (id, workspace_id, store_id, query, document_id) values ('evq_' || md5($3), 'acme', $1, $3, $2)",
    [...[bench.lane.storeId, documentId, query]],
  )

/** Until so many transactions wait for a lock. */
const waiting = (bench: Workbench, many: number): Promise<void> =>
  waitUntil("transactions wait", async () => (await waitingForLocks(bench.rows)) >= many)

/** A turn that has read its deliveries and is kept from writing, until released. */
async function readThenHold(
  bench: Workbench,
  knowledge = createKnowledge(bench.database),
): Promise<() => Promise<unknown>> {
  const read = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const lane = { ...bench.lane, stage: "normalize" as const }
  const turn = normalize({
    desk: createDeliveryDesk(bench.database),
    sources,
    artifacts: bench.artifactStore,
    redactorOf: async () => createRedactor({ policy: { emails: false, phones: null }, pseudonym: () => "" }),
    open: async () => {},
    persist: async (place, deliveries) => {
      read.resolve()
      await go.promise
      return persist({
        knowledge,
        chunkLimits,
        settling: { settleMs: 0, settleMaxMs: 0 },
        hash: createKeyedHash(testSecretKey, "suppressions"),
      })(place, deliveries)
    },
    announce: async () => {},
    queue: { wake: async () => {} },
    log: silentLog,
    limits: { ...normalizeLimits, leaseMs: 30_000 },
  })(lane)
  await read.promise
  return () => {
    go.resolve()
    return turn
  }
}

describe("a forgotten document", () => {
  test("is in no table, vector, object or cache, and what else there is stays as it was", async () => {
    const cache = createLruCache()
    const bench = await open({ cache })
    await withSecret(bench)
    const door = await openSearchDoor(bench)
    closing.push(door.close)
    const key = await door.key()
    const id = documentId("acme", bench.lane.storeId, "events", "wiki:merger")
    expect((await door.read(key, id)).status).toBe(200)
    expect(await cache.get(`document:${id}`)).toContain("Nightingale")
    await ask(bench, id, "when is Nightingale announced?")
    await ask(bench, documentId("acme", bench.lane.storeId, "events", "wiki:canteen"), "when does the canteen close?")
    expect(await everyColumn(bench, words)).not.toEqual([])

    const { counts, look } = await forgetIn(bench, request)
    expect(await bench.rows("select query from eval_queries")).toEqual([{ query: "when does the canteen close?" }])
    expect(counts).toMatchObject({ documents: 1, deliveries: 2 })
    expect(await everyColumn(bench, words)).toEqual([])
    expect([...bench.artifacts.values()].filter((bytes) => Buffer.from(bytes).includes("Nightingale"))).toEqual([])
    expect(await cache.get(`document:${id}`)).toBeUndefined()
    expect((await door.read(key, id)).status).toBe(404)
    // The index hears of it with the next turn, and the proof says so until then.
    expect(left(await look()).map(({ where }) => where)).toEqual(["vectors"])
    await settle(bench)
    expect(left(await look())).toEqual([])
    expect((await find(bench, { query: "canteen fridays" })).map(({ title }) => title)).toEqual(["canteen"])

    const alone = await open()
    await alone.accept([canteen()])
    await alone.drain()
    const texts = (other: Workbench) => other.rows("select text_hash from embedding_values order by 1")
    expect(await texts(bench)).toEqual(await texts(alone))
    expect(await bench.rows("select ref_id from vector_entries where wanted_hash is null")).toEqual([])
  })

  test("is not brought back by a replay, by what was sent before, or by what comes anew", async () => {
    const bench = await open()
    await withSecret(bench)
    await forgetIn(bench, request)
    await settle(bench)
    const before = await currentState(bench)
    await bench.rows(
      "update ingest_deliveries set state = 'received', attempts = 0, claimed_until = null where not forget_raw",
    )
    await bench.accept([about("2024-01-01T00:00:00Z"), about("2024-03-01T00:00:00Z", "In July.")])
    await bench.drain()
    expect(await currentState(bench)).toEqual(before)
    expect(await everyColumn(bench, words)).toEqual([])
    expect([...bench.artifacts.values()].filter((bytes) => Buffer.from(bytes).includes("Nightingale"))).toEqual([])
    expect(left(await (await forgetIn(bench, request)).look())).toEqual([])
  })

  test("stays forgotten when a worker is writing it for the first time at that moment", async () => {
    const bench = await open()
    await bench.accept([canteen()])
    await bench.drain()
    await bench.accept([page("canteen", "It closes at four."), about("2024-04-01T00:00:00Z")])
    // Somebody holds another row of the batch, so that the worker stands between having asked what is forgotten and writing.
    const reader = await bench.database.pool.connect()
    await reader.query("begin; select from knowledge_documents where source_id = 'wiki:canteen' for update")
    const writing = bench.turn("normalize")
    await waiting(bench, 1)
    const forgotten = forgetIn(bench, request)
    await Promise.race([forgotten, waiting(bench, 2)])
    await reader.query("commit")
    reader.release()
    await writing
    // Forgetting waited for the worker, and then found what it wrote.
    const { look } = await forgotten
    await settle(bench)
    expect(await everyColumn(bench, words)).toEqual([])
    expect(left(await look())).toEqual([])
  })

  test("stays forgotten when a worker has read it and not yet written", async () => {
    const bench = await open()
    await withSecret(bench)
    await bench.accept([about("2024-04-01T00:00:00Z", "Now in August.")])
    const release = await readThenHold(bench)
    const { look } = await forgetIn(bench, request)
    await release()
    await settle(bench)
    expect(await everyColumn(bench, words)).toEqual([])
    expect(left(await look())).toEqual([])
  })

  test("takes its late vectors and values along", async () => {
    const late: (() => Promise<void>)[] = []
    const bench = await open({
      index: (real) => ({
        ...real,
        upsert: async (target, records) => {
          late.push(() => real.upsert(target, records))
          await real.upsert(target, records)
        },
      }),
    })
    await withSecret(bench)
    const { look } = await forgetIn(bench, request)
    await bench.drain()
    // Requests that were given up on arrive after the removal.
    for (const write of late) await write()
    expect(left(await look()).map(({ where }) => where)).toEqual(["vectors"])
    await settle(bench)
    expect(left(await look())).toEqual([])
  })

  test("can be named before it ever comes, and by id and URL", async () => {
    const bench = await open()
    await forgetIn(bench, request)
    await withSecret(bench)
    expect(await everyColumn(bench, words)).toEqual([])
    const other = await open()
    await withSecret(other)
    expect(
      (await forgetIn(other, { kind: "document", name: "https://wiki.example.org/merger" })).counts.documents,
    ).toBe(1)
    expect(
      (
        await forgetIn(other, {
          kind: "document",
          name: documentId("acme", other.lane.storeId, "events", "wiki:canteen"),
        })
      ).counts.documents,
    ).toBe(1)
    await expect(forgetIn(other, { kind: "document", name: "https://wiki.example.org/merger" })).rejects.toThrow(
      /there is no document/,
    )
  })

  test("of GitHub takes its comments, moments, names and edges along, and leaves the others'", async () => {
    const bench = await open()
    await bench.accept([
      issue({ number: 1, title: "Nightingale leaks", body: secret }),
      comment({ number: 1, id: 7, text: "Globex knows." }),
      issue({ number: 1, action: "closed", minute: 5, title: "Nightingale leaks", body: secret }),
      issue({ number: 2, title: "Another", body: "See #1." }),
    ])
    await bench.drain()
    const [document] = await bench.rows<{ id: string }>(
      "select id from knowledge_documents where title = 'Nightingale leaks'",
    )
    const { look } = await forgetIn(bench, { kind: "document", name: document!.id })
    expect(await everyColumn(bench, words)).toEqual([])
    await settle(bench)
    expect(left(await look())).toEqual([])
    expect(await bench.rows("select title from knowledge_documents")).toEqual([{ title: "Another" }])
    expect(
      await bench.rows(
        "select 1 from relationship_evidence e where not exists (select from knowledge_documents d where d.id = e.evidence_id) and not exists (select from memory_observations o where o.id = e.evidence_id)",
      ),
    ).toEqual([])
  })

  test("leaves an audit row that does not say what it was, and a key other than the one it was made with lets nothing in", async () => {
    const bench = await open()
    await withSecret(bench)
    await forgetIn(bench, request)
    const audit = await bench.rows<{ action: string; actor: string }>("select action, actor from audit_log order by at")
    expect(audit).toEqual([
      { action: "forget.document", actor: "test" },
      { action: "forget.document.done", actor: "engram forget" },
    ])
    expect(await everyColumn(bench, ["wiki:merger"])).toEqual([])
    await bench.rows("update suppressions set key_id = 'another'")
    await bench.accept([page("new", "Anything.")])
    await expect(bench.turn("normalize")).rejects.toThrow(/another ENGRAM_SECRET_KEY/)
  })
})

test("a forgotten source goes whole and stays out; the other stays", async () => {
  const bench = await open()
  await withSecret(bench)
  await bench.accept([issue({ number: 1, title: "Stays", body: "As it is." })])
  await bench.drain()
  const { look } = await forgetIn(bench, { kind: "source", name: "events" })
  await bench.accept([about("2025-01-01T00:00:00Z")])
  await settle(bench)
  expect(await everyColumn(bench, [...words, "canteen"])).toEqual([])
  expect(left(await look())).toEqual([])
  expect(await bench.rows("select title from knowledge_documents")).toEqual([{ title: "Stays" }])
})

test("taken out to be read again, a source is as if its settings had always been these", async () => {
  const bench = await open()
  await bench.accept([page("contact", "Write to jo@acme.com."), canteen()])
  await bench.drain()
  await bench.rows("update workspaces set redact_emails = true")
  const { counts } = await forgetIn(bench, { kind: "source", name: "events" }, { replay: true })
  expect(counts).toMatchObject({ documents: 2, deliveries: 2 })
  const fresh = await createWorkbench({ databaseUrl: bench.databaseUrl, artifacts: () => bench.artifactStore })
  closing.push(fresh.close)
  await settle(fresh)
  expect(await everyColumn(bench, ["jo@acme.com"], { except: ["ingest_deliveries.body"] })).toEqual([])
  expect(await bench.rows("select title from knowledge_documents order by 1")).toEqual([
    { title: "canteen" },
    { title: "contact" },
  ])
})

test("a forgotten workspace is empty, and another is untouched", async () => {
  const bench = await open()
  const other = await bench.addStore("rival", "main")
  await withSecret(bench)
  await bench.accept([page("rival", "Rivals have a canteen.")], other)
  await bench.drain(other)
  await ask(bench, "doc_of_nothing", "when does the canteen close? closes at three")
  const { look } = await forgetIn(bench, { kind: "workspace" })
  await settle(bench)
  expect(await everyColumn(bench, [...words, "closes at three"])).toEqual([])
  expect(left(await look())).toEqual([])
  expect(await bench.rows("select workspace_id, title from knowledge_documents")).toEqual([
    { workspace_id: "rival", title: "rival" },
  ])
})

test.each([{ kind: "workspace" }, { kind: "source", name: "events" }] as const)(
  "what comes after its $kind was forgotten is skipped, and says why",
  async (request) => {
    const bench = await open()
    await withSecret(bench)
    await forgetIn(bench, request)
    await bench.accept([page("late", "The canteen has moved.")])
    await bench.drain()
    expect(
      await bench.rows("select state, reason from ingest_deliveries where body is null and state <> 'processed'"),
    ).toEqual([{ state: "skipped", reason: "Forgotten." }])
    expect(await bench.rows("select id from knowledge_documents")).toEqual([])
  },
)

describe("a forgotten person", () => {
  const said = "As @mona-lisa said, Mona Lisa Overdrive owns this; ask mona-lisa."
  const byMona = (body: string) => page("plan", body, { author: { id: "mona-lisa", name: "Mona Lisa Overdrive" } })
  const name = "events:wiki:author:mona-lisa"

  test("leaves their words as nobody's, and their name nowhere", async () => {
    const bench = await open({ cache: createLruCache() })
    await bench.accept([byMona("Decision: we move to Oslo."), page("notes", said), canteen()])
    await bench.drain()
    await ask(bench, "doc_of_nothing", "what does Mona Lisa Overdrive own?")
    await ask(bench, "doc_of_nothing", "who moves to Oslo?")
    const { look } = await forgetIn(bench, { kind: "person", name })
    expect(await everyColumn(bench, ["mona-lisa", "Overdrive"])).toEqual([])
    expect(await bench.rows("select query from eval_queries")).toEqual([{ query: "who moves to Oslo?" }])
    expect([...bench.artifacts.values()].filter((bytes) => /mona-lisa/i.test(Buffer.from(bytes).toString()))).toEqual(
      [],
    )
    await settle(bench)
    expect(left(await look())).toEqual([])
    const texts = (await bench.rows<{ text: string }>("select text from knowledge_chunks where version_to is null"))
      .map(({ text }) => text)
      .join("\n")
    expect(texts).toContain("we move to Oslo")
    expect(texts).toContain("As @[forgotten] said, [forgotten] owns this; ask [forgotten].")
    expect(texts).toContain(kept)
  })

  test("does not come back with what names them anew", async () => {
    const bench = await open()
    await bench.accept([byMona("First."), canteen()])
    await bench.drain()
    await forgetIn(bench, { kind: "person", name })
    await bench.accept([byMona("Second."), page("more", said)])
    await bench.drain()
    expect(await everyColumn(bench, ["mona-lisa", "Overdrive"])).toEqual([])
    expect([...bench.artifacts.values()].filter((bytes) => /mona-lisa/i.test(Buffer.from(bytes).toString()))).toEqual(
      [],
    )
    expect(left(await (await forgetIn(bench, { kind: "person", name })).look())).toEqual([])
  })

  test("of GitHub: logins, ids, mentions and edges", async () => {
    const bench = await open()
    const mona = {
      login: "monalisa",
      id: 4_040_404,
      name: "Mona Lisa",
      type: "User",
      html_url: "https://github.com/monalisa",
    }
    const by = (payload: object, place: "comment" | "issue"): object => {
      const whole = payload as { comment?: object; issue: object; sender: object }
      return { ...whole, sender: mona, [place]: { ...whole[place], user: mona } }
    }
    const said = comment({ number: 1, id: 7, text: "I decide, says @monalisa. Decision: ship it." })
    const opened = issue({ number: 3, title: "Opened by one who left", body: "Body stays." })
    await bench.accept([
      issue({ number: 1, body: "Ask @monalisa." }),
      { ...said, payload: by(said.payload as object, "comment") },
      { ...opened, payload: by(opened.payload as object, "issue") },
    ])
    await bench.drain()
    expect(await everyColumn(bench, ["monalisa", "4040404"], { except: ["ingest_deliveries.body"] })).not.toEqual([])
    const { look } = await forgetIn(bench, { kind: "person", name: "github:login:monalisa" })
    expect(await everyColumn(bench, ["monalisa", "4040404"])).toEqual([])
    await settle(bench)
    expect(left(await look())).toEqual([])
    const rows = await bench.rows<{ text: string }>("select text from knowledge_chunks order by text")
    expect(rows.map(({ text }) => text).join("\n")).toContain("Body stays.")
    await bench.accept([{ ...said, key: "again", payload: by(said.payload as object, "comment") }])
    await bench.drain()
    expect(await everyColumn(bench, ["monalisa", "4040404"])).toEqual([])
  })

  const parts = (bench: Workbench) =>
    bench.rows(
      "select source_id, part_id, live from document_parts p join knowledge_documents d on d.id = p.document_id order by 1, 2",
    )

  test("of Slack is in no channel any more, and leaving it later is nobody's", async () => {
    const [ada, bob, alone] = ["U0ADA00001", "U0BOB00002", "C0ALONE0003"]
    const member = (type: "joined" | "left", user: string, second: number, channel = openChannel) =>
      slackEvent({
        type: `member_${type}_channel`,
        user,
        channel,
        channel_type: "C",
        team,
        event_ts: `${1_700_000_000 + second}.000100`,
      })
    const bench = await open()
    await bench.accept([member("joined", ada, 1), member("joined", bob, 2), member("joined", bob, 3, alone)])
    await bench.drain()
    const { look } = await forgetIn(bench, { kind: "person", name: `slack:user:${team}:${bob}` })
    expect(await everyColumn(bench, [bob])).toEqual([])
    await settle(bench)
    expect(left(await look())).toEqual([])
    expect(await parts(bench)).toEqual([{ source_id: openChannel, part_id: `member:${ada}`, live: true }])
    expect(await bench.rows("select metadata -> 'members' as members from knowledge_documents where live")).toEqual([
      { members: 1 },
    ])
    // That the channel was heard of is news of the channel.
    const state = async (): Promise<CurrentState> => ({ ...(await currentState(bench)), entities: [] })
    const before = await state()
    expect(before.relationships!.filter((edge) => edge.includes("MEMBER_OF"))).toHaveLength(1)

    await bench.accept([member("left", bob, 4), member("joined", bob, 5)])
    await bench.drain()
    expect(await state()).toEqual(before)
    expect(await everyColumn(bench, [bob, "member:[forgotten]"])).toEqual([])
    // What an earlier forgetting left.
    await bench.rows(
      `insert into document_parts (workspace_id, document_id, part_id, state)
       select workspace_id, document_id, $1, jsonb_set(state, '{partId}', to_jsonb($1::text)) from document_parts`,
      [`member:${bob}`],
    )
    expect(left(await look())).toContainEqual(expect.objectContaining({ where: "postgres document_parts, by name" }))
    await forgetIn(bench, { kind: "person", name: `slack:user:${team}:${bob}` })
    expect(await parts(bench)).toEqual([{ source_id: openChannel, part_id: `member:${ada}`, live: true }])
  })

  test("of GitHub is in no team any more, though only a number says who was", async () => {
    const example = examplePayloads.find(({ key }) => key === "membership-1")!
    const said = example.payload as { member: object; sender: object }
    const mona = { ...said.member, login: "monalisa", id: 4_040_404, html_url: "https://github.com/monalisa" }
    const membership = (action: "added" | "removed", member: object, receivedAt: number): Payload => ({
      key: `${action} ${receivedAt}`,
      event: "membership",
      receivedAt,
      payload: { ...said, action, member },
    })
    const words = ["monalisa", "4040404"]
    for (const past of [[], [membership("removed", mona, 3)]]) {
      const bench = await open()
      await bench.accept([membership("added", said.member, 1), membership("added", mona, 2), ...past])
      await bench.drain()
      const others = (await parts(bench)).filter((part) => part.part_id !== "member:4040404")
      const { look } = await forgetIn(bench, { kind: "person", name: "github:login:monalisa" })
      expect(await everyColumn(bench, words)).toEqual([])
      await settle(bench)
      expect(left(await look())).toEqual([])
      expect(await parts(bench)).toEqual(others)
      const read = () => bench.rows("select text from knowledge_chunks where version_to is null order by position")
      const before = await read()

      await bench.accept([membership("removed", mona, 4), membership("added", mona, 5)])
      await bench.drain()
      expect(await parts(bench)).toEqual(others)
      expect(await read()).toEqual(before)
      expect(await everyColumn(bench, words)).toEqual([])
    }
  })
})

test("killed after any of its steps and run again, it ends where one run ends", async () => {
  const whole = await open()
  await withSecret(whole)
  await forgetIn(whole, request)
  await settle(whole)
  const expected = await currentState(whole)
  for (let step = 1; step <= 12; step++) {
    const bench = await open()
    await withSecret(bench)
    const deps = forgetDepsOf(bench)
    const target = await findTarget(deps, "acme", request)
    let calls = 0
    const dying = <T extends object>(real: T): T =>
      new Proxy(real, {
        get: (from, name) => {
          const value = Reflect.get(from, name)
          if (typeof value !== "function") return value
          return async (...args: unknown[]) => {
            if (++calls > step) throw new Error("killed")
            return value.apply(from, args)
          }
        },
      })
    const mortal = {
      ...deps,
      ledger: dying(deps.ledger),
      artifacts: dying(deps.artifacts),
      cache: dying(deps.cache as Cache),
    }
    await forget(mortal)("acme", target, { actor: "test", replay: false }).catch(() => {})
    const again = await forgetIn(bench, request)
    await settle(bench)
    expect(left(await again.look()), `step ${step}`).toEqual([])
    expect(await everyColumn(bench, words), `step ${step}`).toEqual([])
    expect(await currentState(bench), `step ${step}`).toEqual(expected)
    if (calls <= step) break
  }
}, 240_000)

describe("a document whose forgetting a legal hold stopped halfway", () => {
  const channelEnd = slackEvent({ type: "channel_deleted", channel: openChannel, event_ts: "1700009000.000100" })

  /** Two messages of a channel, and one of them suppressed, but still there. */
  async function halfForgotten(): Promise<{ bench: Workbench; again: () => Promise<unknown> }> {
    const bench = await open()
    await bench.accept([
      slackSaid({ ts: "1700000001.000100", text: "Nightingale is secret" }),
      slackSaid({ ts: "1700000002.000100", text: "lunch is at twelve" }),
    ])
    await bench.drain()
    const deps = forgetDepsOf(bench)
    const [{ id }] = (await bench.rows<{ id: string }>(
      "select id from knowledge_documents where source_id like '%1700000001.000100'",
    )) as [{ id: string }]
    const target = await findTarget(deps, "acme", { kind: "document", name: id })
    const held: ForgetDeps["ledger"] = {
      ...deps.ledger,
      begin: async (...given) => {
        const begun = await deps.ledger.begin(...given)
        await bench.rows("update workspaces set legal_hold = true")
        return begun
      },
    }
    const stopped = forget({ ...deps, ledger: held })("acme", target, { actor: "test", replay: false })
    await expect(stopped).rejects.toThrow(/legal hold/)
    return { bench, again: () => forget(deps)("acme", target, { actor: "test", replay: false }) }
  }
  const live = (bench: Workbench) => bench.rows("select source_id from knowledge_documents where live")

  test("goes with its deleted channel, which keeps nobody waiting", async () => {
    const { bench, again } = await halfForgotten()
    expect(await live(bench)).toHaveLength(2)
    await bench.accept([channelEnd])
    await bench.drain()
    expect(await bench.rows("select distinct state from ingest_deliveries")).toEqual([{ state: "processed" }])
    expect(await live(bench)).toEqual([])
    await bench.rows("update workspaces set legal_hold = false")
    await again()
    await settle(bench)
    expect(await everyColumn(bench, ["Nightingale"])).toEqual([])
  }, 20_000)

  test("leaves no trace where it is forgotten while its channel is being removed", async () => {
    const { bench, again } = await halfForgotten()
    await bench.rows("update workspaces set legal_hold = false")
    await bench.accept([channelEnd])
    const knowledge = createKnowledge(bench.database)
    // Between what is found in the channel and its removal.
    let finds = 0
    const turn = await readThenHold(bench, {
      ...knowledge,
      write: async (workspaceId, work) => {
        const done = await knowledge.write(workspaceId, work)
        if (++finds === 2) await again()
        return done
      },
    })
    await turn()
    await settle(bench)
    expect(await live(bench)).toEqual([])
    expect(await everyColumn(bench, ["Nightingale", "1700000001.000100"])).toEqual([])
  }, 60_000)
})

test("forgetting a document takes the summaries that rest on it, its entities' profiles and their vectors along; a night writes them without it", async () => {
  const bench = await open()
  const about = (number: number, said: string) =>
    issue({
      number,
      title: `Talk ${number}`,
      body: `${said}\n\nDecision: ${said}`,
      labels: ["decision"],
      minute: number,
    })
  await bench.accept([
    about(1, secret),
    about(2, kept),
    about(3, "The lift is slow."),
    about(4, "Bikes go to the cellar."),
  ])
  await bench.drain()
  await night(bench, "2026-11-21")
  const rows = () => bench.rows<{ id: string; text: string }>("select id, text from memory_summaries")
  expect((await rows()).some(({ text }) => text.includes("Nightingale"))).toBe(true)
  const [{ id } = { id: "" }] = await bench.rows<{ id: string }>(
    "select id from knowledge_documents where title = 'Talk 1'",
  )

  const { look } = await forgetIn(bench, { kind: "document", name: id })
  expect((await rows()).filter(({ text }) => text.includes("Nightingale"))).toEqual([])
  await settle(bench)
  expect(await everyColumn(bench, words, { except: ["ingest_deliveries.body"] })).toEqual([])
  expect(left(await look())).toEqual([])

  await night(bench, "2026-11-21")
  expect((await rows()).length).toBeGreaterThan(0)
  expect(await everyColumn(bench, words, { except: ["ingest_deliveries.body"] })).toEqual([])
  expect(await bench.rows("select from memory_profiles")).not.toEqual([])
})
