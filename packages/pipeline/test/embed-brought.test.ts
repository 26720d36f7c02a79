import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { Lane, VectorIndex } from "@engram/contracts/ports"
import type { OwedVector, VectorLedger } from "@engram/contracts/vectors"
import { embed } from "@engram/pipeline/embed"
import { expect, test } from "vitest"

const lane: Lane = { stage: "embed", workspaceId: "acme", storeId: "memories" }
const version = {
  id: "emb_caller",
  model: { provider: "caller", model: "", dimension: 2 },
  indexName: "index",
  status: "caller",
} as unknown as EmbeddingVersion

/** A lane that is owed `count` vectors which callers brought, and how many went into each request to the index. */
function owing(count: number) {
  let owed = Array.from({ length: count }, (_, i) => ({
    family: "memories",
    refId: `memory ${i}`,
    view: "body",
    wantedHash: `hash ${i}`,
    metadata: {},
    textHash: `hash ${i}`,
    text: null,
    values: Float32Array.of(1, 0),
  })) as unknown as OwedVector[]
  const requests: number[] = []
  const ledger = {
    lease: async () => true,
    release: async () => {},
    versions: async () => [version],
    owed: async (_lane: Lane, _version: EmbeddingVersion, max: number) => owed.slice(0, max),
    markWritten: async (_lane: Lane, _id: string, written: readonly OwedVector[]) => {
      const ids = new Set(written.map(({ refId }) => refId))
      owed = owed.filter(({ refId }) => !ids.has(refId))
      return []
    },
  } as unknown as VectorLedger
  const index = {
    ensure: async () => {},
    remove: async () => {},
    upsert: async (_target: unknown, records: readonly unknown[]) => void requests.push(records.length),
  } as unknown as VectorIndex
  const quiet = { debug() {}, info() {}, warn() {}, error() {} }
  const turn = embed({
    ledger,
    embedderOf: () => Promise.reject(new Error("nothing is embedded")),
    index,
    log: quiet,
    leaseMs: 30_000,
  })
  return { turn: () => turn(lane), requests }
}

test("a backlog of brought vectors is written in full requests, and the turn says that there is more", async () => {
  const { turn, requests } = owing(1_300)
  expect(await turn()).toBe("more")
  expect(requests).toEqual([500, 500])
})

test("what a full request leaves over waits for company, and is written when none came", async () => {
  const { turn, requests } = owing(700)
  expect(await turn()).toEqual({ afterMs: 3_000 })
  expect(requests).toEqual([500])
  expect(await turn()).toBe("idle")
  expect(requests).toEqual([500, 200])
})

test("the few that there are wait for nobody", async () => {
  const { turn, requests } = owing(3)
  expect(await turn()).toBe("idle")
  expect(requests).toEqual([3])
})
