import type { Knowledge } from "@engram/contracts/knowledge"
import { chunkLimits } from "@engram/core/chunk/chunk"
import { persist } from "@engram/pipeline/persist"
import { sources } from "@engram/sources/registry"
import { createKnowledge } from "@engram/store/knowledge"
import { unpackBody } from "@engram/store/packed-body"
import { expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { openChannel, said, slackEvent } from "../slack.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

const decisions = Array.from({ length: 130 }, (_, i) =>
  said({ ts: `${1_700_000_000 + i}.000100`, text: `Decision: the secret plan has step ${i}` }),
)
const elsewhere = said({ ts: "1700000000.000100", channel: "C0OTHER0001", text: "Decision: lunch is at twelve" })
const end = slackEvent({ type: "channel_deleted", channel: openChannel, event_ts: "1700009000.000100" })
const late = said({ ts: "1700008000.000100", text: "late: the secret plan goes on" })

async function leftovers(bench: Workbench): Promise<string[]> {
  const tables = ["document_parts", "knowledge_chunks", "knowledge_documents"]
  const found = await Promise.all(
    tables.map(async (table) =>
      JSON.stringify(await bench.rows(`select * from ${table}`)).includes("secret plan") ? table : "",
    ),
  )
  const observations = await bench.rows("select id from memory_observations where text like '%secret plan%'")
  const vectors = await bench.rows(
    "select 1 from vector_entries where wanted_hash is not null and metadata->>'type' in ('thread', 'decision')",
  )
  return [...found.filter(Boolean), ...observations.map(() => "observation"), `${vectors.length} vectors`]
}

/** Persists one delivery that waits, by the knowledge that is given. */
async function persistOne(bench: Workbench, knowledge: Knowledge, where = "true"): Promise<void> {
  const [row] = await bench.rows<{ id: never; connectionId: never; body: Buffer; bytes: number }>(
    `select id, connection_id as "connectionId", body, body_bytes as bytes from ingest_deliveries where state = 'received' and ${where}`,
  )
  const slack = sources.slack!
  const read = slack.normalize({ headers: {}, body: unpackBody(row!.body, row!.bytes), receivedAt: 0 })
  if (read.outcome !== "drafts") throw new Error(read.reason)
  const { id, connectionId } = row!
  const delivery = { id, connectionId, source: slack, receivedAt: 0, drafts: read.drafts }
  const settling = { settleMs: 0, settleMaxMs: 0 }
  await persist({ knowledge, chunkLimits, settling, hash: (_, text) => text })({ ...bench.lane, stage: "normalize" }, [
    delivery,
  ])
}

/** Takes the channel's end as a worker does that dies after so many transactions. */
async function persistUntilKilled(bench: Workbench, { writes }: { readonly writes: number }): Promise<void> {
  const knowledge = createKnowledge(bench.database)
  let begun = 0
  const dying: typeof knowledge = {
    write: (workspaceId, work) => {
      if (++begun > writes) throw new Error("killed")
      return knowledge.write(workspaceId, work)
    },
  }
  await expect(persistOne(bench, dying)).rejects.toThrow("killed")
}

test("a deleted channel's words leave the tables and the index, whatever comes late, and no other channel's do", async () => {
  const bench = await createWorkbench()
  try {
    await bench.accept([...decisions, elsewhere])
    await bench.drain()
    await bench.accept([end])
    await bench.drain()
    expect(await leftovers(bench)).toEqual(["3 vectors"])
    await bench.accept([late, { ...decisions[0]!, key: "again" }])
    await bench.drain()
    expect(await leftovers(bench)).toEqual(["3 vectors"])
    expect(await bench.rows("select distinct state from ingest_deliveries")).toEqual([{ state: "processed" }])

    const reversed = await createWorkbench()
    try {
      for (const payload of [end, late, elsewhere, ...decisions]) await reversed.accept([payload])
      await reversed.drain()
      expect(await currentState(reversed)).toEqual(await currentState(bench))
    } finally {
      await reversed.close()
    }
  } finally {
    await bench.close()
  }
}, 120_000)

test("a worker that dies halfway leaves the delivery to be taken again, and then nothing is left", async () => {
  const bench = await createWorkbench()
  try {
    await bench.accept(decisions)
    await bench.drain()
    await bench.accept([end])
    await persistUntilKilled(bench, { writes: 3 })
    expect((await leftovers(bench)).length).toBeGreaterThan(1)
    expect(await bench.rows("select state from ingest_deliveries where event = 'channel_deleted'")).toEqual([
      { state: "received" },
    ])

    await bench.drain()
    expect(await leftovers(bench)).toEqual(["0 vectors"])
  } finally {
    await bench.close()
  }
}, 120_000)

/** The channel is gone, and two of its messages come late. */
async function withTwoLate(work: (bench: Workbench) => Promise<void>): Promise<void> {
  const bench = await createWorkbench()
  try {
    await bench.accept([...decisions.slice(0, 2), end])
    await bench.drain()
    await bench.accept([late, { ...decisions[0]!, key: "again" }])
    await work(bench)
  } finally {
    await bench.close()
  }
}

const isLate = "delivery_key <> 'again'"

test("what another batch removes of a gone channel, after this one saw it, is no failure", () =>
  withTwoLate(async (bench) => {
    const knowledge = createKnowledge(bench.database)
    let seen = 0
    const overtaken: typeof knowledge = {
      write: async (workspaceId, work) => {
        // Its documents were asked for in the second transaction, and are removed in the third.
        if (++seen === 3) await persistOne(bench, knowledge, "delivery_key = 'again'")
        return knowledge.write(workspaceId, work)
      },
    }
    await persistOne(bench, overtaken, isLate)
    expect(seen).toBeGreaterThan(3)
    expect(await leftovers(bench)).toEqual(["0 vectors"])
    expect(await bench.rows("select distinct state from ingest_deliveries")).toEqual([{ state: "processed" }])
  }))

test("what stays of a gone channel, however often it is removed, ends the turn in an error", () =>
  withTwoLate(async (bench) => {
    const knowledge = createKnowledge(bench.database)
    const staying: typeof knowledge = {
      write: (workspaceId, work) =>
        knowledge.write(workspaceId, (tx) =>
          work({
            ...tx,
            documentsIn: async (scopes, max) =>
              (await tx.documentsIn(scopes, max)).map((document) => ({ ...document, sourceId: "never there" })),
          }),
        ),
    }
    await expect(persistOne(bench, staying, isLate)).rejects.toThrow("nothing was removed of a scope that is gone")
  }))

test("a deleted channel's words leave every store of the workspace, also when the worker dies between two", async () => {
  const bench = await createWorkbench()
  try {
    const other = await bench.addStore("acme", "other")
    const words = said({
      ts: "1700000001.000100",
      text: "Decision: the secret plan, as in https://github.com/a/b/issues/1",
    })
    for (const place of [bench.lane, other]) {
      await bench.accept([words], place)
      await bench.drain(place)
    }
    const liveEvidence = () => bench.rows("select from relationship_evidence where live and evidence_id like 'doc_%'")
    expect(await liveEvidence()).not.toEqual([])

    await bench.accept([end])
    // What the delivery says, what is left, and the first of two stores.
    await persistUntilKilled(bench, { writes: 3 })
    expect(await bench.rows("select count(distinct store_id)::int as stores from knowledge_chunks")).toEqual([
      { stores: 1 },
    ])
    await bench.drain()
    await bench.drain(other)
    expect(await leftovers(bench)).toEqual(["0 vectors"])
    expect(await liveEvidence()).toEqual([])
    expect(await bench.rows("select distinct state from ingest_deliveries")).toEqual([{ state: "processed" }])
  } finally {
    await bench.close()
  }
})
