import type { ChunkId, DocumentId } from "@engram/contracts/ids"
import type { EmbeddingVersion, WantedVector } from "@engram/contracts/knowledge"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { createKnowledge } from "@engram/store/knowledge"
import { createVersionLedger } from "@engram/store/versions/version-ledger"
import { onlyEmbedders } from "@engram/testkit/only-embedders"
import { afterEach, beforeEach, expect, test } from "vitest"
import { comment, issue, paragraphs } from "../payloads.ts"
import {
  createReindexBench,
  expectWhole,
  local,
  memory,
  openMemories,
  reindexTo,
  untilWaiting,
  versionOf,
  versionsOf,
  wantedIn,
} from "../reindexing.ts"
import type { Workbench } from "../workbench.ts"

let bench: Workbench
let ledger: ReturnType<typeof createVersionLedger>
const held: (() => Promise<unknown>)[] = []
beforeEach(async () => {
  bench = await createReindexBench()
  ledger = createVersionLedger(bench.database)
})
afterEach(async () => {
  for (const release of held.splice(0)) await release()
  await bench.close()
})

const [v64, v96, v128] = [64, 96, 128].map(local) as [
  ReturnType<typeof local>,
  ReturnType<typeof local>,
  ReturnType<typeof local>,
]
const two = () => ({ from: versionOf(bench, v64).id, to: versionOf(bench, v128).id })

/** Runs statements in a transaction that stays open until the returned function is called. */
async function hold(...statements: readonly (readonly [sql: string, values: readonly unknown[]])[]) {
  const client = await bench.database.pool.connect()
  let open = true
  const release = async () => {
    if (!open) return
    open = false
    await client.query("rollback")
    client.release()
  }
  held.push(release)
  await client.query("begin")
  for (const [sql, values] of statements) await client.query(sql, [...values])
  return release
}

/** Keeps the making of `model`'s version waiting in the middle, with the other versions locked. */
const holdMaking = (model = v128) => {
  const { id, indexName } = versionOf(bench, model)
  return hold([
    `insert into embedding_versions (id, workspace_id, store_id, provider, model, dimension, status, index_name)
     values ($1, $2, $3, $4, $5, $6, 'canary', $7)`,
    [id, bench.lane.workspaceId, bench.lane.storeId, model.provider, model.model, model.dimension, indexName],
  ])
}

function barrier(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open }
}

const vector = (version: Pick<EmbeddingVersion, "id">, ref: string, wantedHash = "a"): WantedVector => ({
  storeId: bench.lane.storeId,
  family: "chunks",
  refId: `chk_${ref}` as ChunkId,
  view: "body",
  embeddingVersionId: version.id,
  textHash: `text ${ref}`,
  metadata: { documentId: "doc_none" as DocumentId },
  wantedHash,
})

/** A transaction as persist's: it locks the versions and, when it may, wants a vector in each. */
function persisting(ref: string, wantedHash = "a") {
  const [locked, go] = [barrier(), barrier()]
  const done = createKnowledge(bench.database).write(bench.lane.workspaceId, async (write) => {
    const versions = await write.lockVersions(bench.lane.storeId)
    locked.open()
    await go.passed
    await write.wantVectors(versions.map((version) => vector(version, ref, wantedHash)))
    return versions.map(({ status }) => status)
  })
  return { locked: locked.passed, go: go.open, done }
}

async function fillStore(): Promise<void> {
  await bench.accept([issue({ number: 1, body: paragraphs(6, "begin").join("\n\n") })])
  await bench.drain()
}

test("a version is made when whoever began to write before has ended, and what they wrote is copied", async () => {
  await fillStore()
  const [first, second] = [persisting("first"), persisting("second")]
  await Promise.all([first.locked, second.locked])
  const making = ledger.create(bench.lane, versionOf(bench, v128))
  await untilWaiting(bench, 1)
  expect((await versionsOf(bench)).map(({ status }) => status)).toEqual(["active"])
  first.go()
  expect(await first.done).toEqual(["active"])
  second.go()
  expect(await second.done).toEqual(["active"])
  expect(await making).toEqual({ begun: "new" })

  const third = persisting("third")
  third.go()
  expect(await third.done).toEqual(["active", "canary"])
  await ledger.copy(bench.lane, two(), { after: undefined, max: 1_000 })
  expect(await ledger.difference(bench.lane, two())).toEqual({ missing: 0, extra: 0, refused: 0 })
  expect((await wantedIn(bench, two().to)).filter((key) => /first|second|third/.test(key))).toHaveLength(3)
})

test("who waited for the making of a version writes it too, although it began before the version was there", async () => {
  await fillStore()
  const release = await holdMaking()
  const making = ledger.create(bench.lane, versionOf(bench, v128))
  await untilWaiting(bench, 1)
  const waiting = persisting("late")
  waiting.go()
  await untilWaiting(bench, 2)
  await release()
  await making
  expect(await waiting.done).toEqual(["active", "canary"])
})

test("a memory that waited for the making of a version is wanted in both", async () => {
  await fillStore()
  const memories = await openMemories(bench)
  await memories.write(bench.lane, [memory("known", "known before"), memory("brought", "x")])
  const release = await holdMaking()
  const making = ledger.create(bench.lane, versionOf(bench, v128))
  await untilWaiting(bench, 1)
  const writing = [
    memories.write(bench.lane, [memory("new", "written just then")]),
    memories.write(bench.lane, [memory("known", "known and changed")]),
  ]
  await untilWaiting(bench, 3)
  await release()
  await making
  expect((await Promise.all(writing)).flat()).toEqual(["written", "written"])
  const wanted = (await wantedIn(bench, two().to)).map((key) => key.split(" ")[1])
  expect(wanted).toEqual(["known", "new"])
  await ledger.copy(bench.lane, two(), { after: undefined, max: 1_000 })
  expect(await ledger.difference(bench.lane, two())).toEqual({ missing: 0, extra: 0, refused: 0 })
})

/** Keeps the copying of one vector waiting after it has locked what it copies from. */
const holdCopyOf = (family: string, refId: string) =>
  hold([
    `insert into vector_entries (store_id, family, ref_id, view, embedding_version_id, workspace_id, text_hash, metadata, wanted_hash)
     select store_id, family, ref_id, view, $3, workspace_id, text_hash, metadata, 'other' from vector_entries
     where family = $1 and ref_id = $2 and embedding_version_id = $4`,
    [family, refId, two().to, two().from],
  ])

test("a removal that began while its vector was being copied removes the copy", async () => {
  await fillStore()
  const memories = await openMemories(bench)
  await memories.write(bench.lane, [memory("goes", "soon gone"), memory("stays", "here to stay")])
  await bench.drain()
  await ledger.create(bench.lane, versionOf(bench, v128))
  const release = await holdCopyOf("memories", "goes")
  const copying = ledger.copy(bench.lane, two(), { after: undefined, max: 1_000 })
  await untilWaiting(bench, 1)
  const removing = memories.remove(bench.lane, "goes", "team:a")
  await untilWaiting(bench, 2)
  await release()
  await copying
  expect(await removing).toBe("removed")
  expect(await ledger.difference(bench.lane, two())).toEqual({ missing: 0, extra: 0, refused: 0 })
  expect((await wantedIn(bench, two().to)).filter((key) => key.startsWith("memories"))).toEqual([
    expect.stringMatching(/^memories stays /),
  ])
})

test("a change that came while its vector was being copied is in both", async () => {
  await fillStore()
  const first = persisting("edited", "before")
  first.go()
  await first.done
  await ledger.create(bench.lane, versionOf(bench, v128))
  const release = await holdCopyOf("chunks", "chk_edited")
  const copying = ledger.copy(bench.lane, two(), { after: undefined, max: 1_000 })
  await untilWaiting(bench, 1)
  const changing = persisting("edited", "after")
  changing.go()
  await untilWaiting(bench, 2)
  await release()
  await copying
  await changing.done
  expect(await ledger.difference(bench.lane, two())).toEqual({ missing: 0, extra: 0, refused: 0 })
  expect((await wantedIn(bench, two().to)).filter((key) => key.includes("edited"))).toEqual([
    "chunks chk_edited body after",
  ])
})

test("a vector whose change was owed to a version that was given up is owed when the version is taken up again", async () => {
  await fillStore()
  const want = async (hash: string): Promise<void> => {
    const writing = persisting("changes", hash)
    writing.go()
    await writing.done
  }
  const begin = async (): Promise<void> => {
    await ledger.create(bench.lane, versionOf(bench, v128))
    await ledger.copy(bench.lane, two(), { after: undefined, max: 1_000 })
  }
  await want("before")
  await begin()
  await bench.rows("update vector_entries set written_hash = wanted_hash")
  // May be on its way to the version's index when that is given up.
  await want("changed")
  await ledger.abandon(bench.lane)
  await want("before")
  await begin()
  expect(await ledger.owed(bench.lane, two().to)).toBe(1)
})

test("what leaves a caller's version stays in the store's own, and the other way round", async () => {
  await fillStore()
  const memories = await openMemories(bench)
  const brought = Float32Array.of(1, 0)
  const caller = versionOf(bench, { provider: "caller", model: "", dimension: 2 })
  await memories.writeFirst(bench.lane, { ...memory("moves", "between versions"), embedding: brought }, caller)
  const statuses = async () =>
    (
      await bench.rows<{ status: string }>(
        `select e.status from vector_entries v join embedding_versions e on e.id = v.embedding_version_id
         where v.family = 'memories' and v.wanted_hash is not null order by 1`,
      )
    ).map(({ status }) => status)
  for (const [embedding, wanted] of [
    [brought, ["caller"]],
    [null, ["active"]],
    [brought, ["caller"]],
  ] as const) {
    await memories.write(bench.lane, [{ ...memory("moves", "between versions"), embedding }])
    expect(await statuses()).toEqual(wanted)
  }
})

test("a switch waits for whoever is writing, and does not happen while something is owed", async () => {
  await fillStore()
  await ledger.create(bench.lane, versionOf(bench, v128))
  await ledger.copy(bench.lane, two(), { after: undefined, max: 1_000 })
  while ((await bench.turn("embed")) !== "idle");
  const writing = persisting("just then")
  await writing.locked
  const switching = ledger.activate(bench.lane, two().to, { settle: async () => {}, holdMaxMs: 0 })
  await untilWaiting(bench, 1)
  writing.go()
  await writing.done
  expect(await switching).toBe(1)
  expect((await versionsOf(bench)).map(({ status }) => status)).toEqual(["active", "canary"])
})

test("what is owed at the last moment is written while writers wait, and they write to the new version only", async () => {
  await fillStore()
  await ledger.create(bench.lane, versionOf(bench, v128))
  await ledger.copy(bench.lane, two(), { after: undefined, max: 1_000 })
  expect(await ledger.owed(bench.lane, two().to)).toBeGreaterThan(0)
  const waited = barrier()
  let after: ReturnType<typeof persisting> | undefined
  const switching = ledger.activate(bench.lane, two().to, {
    holdMaxMs: 60_000,
    settle: async () => {
      if (after === undefined) {
        after = persisting("after")
        after.go()
        await untilWaiting(bench, 1)
        waited.open()
      }
      await bench.turn("embed")
    },
  })
  await waited.passed
  expect(await switching).toBe(0)
  expect(await after!.done).toEqual(["active"])
  expect((await versionsOf(bench)).map(({ model, status }) => [model.dimension, status])).toEqual([
    [64, "archived"],
    [128, "active"],
  ])
  const key = "chunks chk_after body a"
  expect(await wantedIn(bench, two().to)).toContain(key)
  expect(await wantedIn(bench, two().from)).not.toContain(key)
})

test("a document that the old version still owed a vector is shown by the switch", async () => {
  await bench.close()
  // The old model is not to be had any more.
  bench = await createReindexBench({ embedderOf: onlyEmbedders(createLocalEmbedder({ dimension: 128 })) })
  ledger = createVersionLedger(bench.database)
  await bench.accept([issue({ number: 1, body: paragraphs(6, "begin").join("\n\n") })])
  await bench.turn("normalize")
  await ledger.create(bench.lane, versionOf(bench, v128))
  await ledger.copy(bench.lane, two(), { after: undefined, max: 1_000 })
  while ((await bench.turn("embed")) !== "idle");
  const shown = () => bench.rows("select version, indexed_version as indexed from knowledge_documents")
  expect(await shown()).toEqual([{ version: 1, indexed: 0 }])
  expect(await ledger.activate(bench.lane, two().to, { settle: async () => {}, holdMaxMs: 0 })).toBe(0)
  expect(await shown()).toEqual([{ version: 1, indexed: 1 }])
  // Nothing is owed to a version that nobody reads.
  expect(await ledger.owed(bench.lane, two().from)).toBe(0)
})

test("five rounds of writers against copies and switches leave both versions alike and lose nothing", async () => {
  await fillStore()
  const memories = await openMemories(bench)
  let stopped = false
  let seed = 7
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed % below
  }
  const breath = () => new Promise((resolve) => setTimeout(resolve, random(10)))
  const documents = async () => {
    for (let minute = 1; !stopped; minute++) {
      const number = 1 + random(5)
      const body = paragraphs(1 + random(5), `edit ${minute}`).join("\n\n")
      const edited = issue({
        number,
        action: minute % 9 === 0 ? "deleted" : "edited",
        body,
        minute: minute * 10 + number,
      })
      await bench.accept([
        edited,
        comment({ number, id: minute % 7, text: `Decision: number ${minute}.`, minute: minute * 10 }),
      ])
      while ((await bench.turn("normalize")) === "more");
      await breath()
    }
  }
  const remembering = async () => {
    for (let at = 0; !stopped; at++) {
      const id = `m${random(12)}`
      if (random(3) === 0) await memories.remove(bench.lane, id, "team:a")
      else await memories.write(bench.lane, [memory(id, `says ${at}`)])
      await breath()
    }
  }
  const embedding = async () => {
    while (!stopped) {
      await bench.turn("embed")
      await breath()
    }
  }
  const writers = [documents(), remembering(), remembering(), embedding()]
  try {
    for (let round = 0; round < 5; round++) {
      await reindexTo(bench, [v128, v96, v64][round % 3]!)
    }
  } finally {
    stopped = true
    await Promise.all(writers)
  }
  await bench.drain()
  while ((await bench.turn("embed")) !== "idle");
  const active = (await versionsOf(bench)).find(({ status }) => status === "active")!
  const wanted = (await wantedIn(bench, active.id)).map((key) => key.split(" ").slice(0, 2).join(" "))
  const live = await bench.rows<{ key: string }>(
    `select 'chunks ' || id as key from knowledge_chunks union all
     select 'observations ' || id from memory_observations where live union all
     select 'memories ' || id from memory_records order by 1`,
  )
  expect([...new Set(wanted)].sort()).toEqual(live.map(({ key }) => key).sort())
  await expectWhole(bench, active)
  // What was removed was removed from those that nobody reads, too.
  for (const version of (await versionsOf(bench)).filter(({ status }) => status === "archived")) {
    const kept = (await wantedIn(bench, version.id)).map((key) => key.split(" ").slice(0, 2).join(" "))
    expect(kept.filter((key) => !wanted.includes(key))).toEqual([])
  }
}, 300_000)
