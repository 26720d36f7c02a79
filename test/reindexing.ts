import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { MemoryLedger, NewMemory } from "@engram/contracts/memory-ledger"
import type { Embedder, EmbeddingModel, VectorIndex } from "@engram/contracts/ports"
import type { StoredVersion } from "@engram/contracts/versions"
import { embeddingVersionId } from "@engram/core/ids"
import { indexName } from "@engram/core/index-name"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import { embed, namespaceOf, vectorId } from "@engram/pipeline/embed"
import { type Reindexed, reindex } from "@engram/pipeline/reindex/reindex"
import type { ReindexOptions } from "@engram/pipeline/reindex/reindex-deps"
import { createMemoryLedger } from "@engram/store/memories/memory-ledger"
import { createVectorLedger } from "@engram/store/vector-ledger"
import { createVersionLedger } from "@engram/store/versions/version-ledger"
import { onlyEmbedders } from "@engram/testkit/only-embedders"
import { silentLog } from "@engram/testkit/silent-log"
import { waitUntil } from "@engram/testkit/wait-until"
import { waitingForLocks } from "@engram/testkit/waiting-for-locks"
import { expect } from "vitest"
import { createWorkbench, type Workbench, type WorkbenchOptions } from "./workbench.ts"

export const local = (dimension: number): EmbeddingModel => ({ provider: "local", model: "local-hash-v1", dimension })

/** A workbench of local vectors of 64 dimensions whose fleet also embeds with 96, 128, and what is given. */
export const createReindexBench = (
  options: WorkbenchOptions = {},
  more: readonly Embedder[] = [],
): Promise<Workbench> =>
  createWorkbench({
    embedderOf: onlyEmbedders(...[64, 96, 128].map((dimension) => createLocalEmbedder({ dimension })), ...more),
    ...options,
  })

export const versionOf = (bench: Workbench, model: EmbeddingModel): Omit<EmbeddingVersion, "status"> => ({
  id: embeddingVersionId(bench.lane.storeId, model),
  model,
  indexName: indexName({ ...bench.lane, dimension: model.dimension }),
})

/** What `engram reindex --to` does, on a workbench. */
export function reindexTo(
  bench: Workbench,
  model: EmbeddingModel,
  options: Partial<ReindexOptions> & { readonly index?: VectorIndex } = {},
): Promise<Reindexed> {
  const { index = bench.index, ...rest } = options
  const quiet = { debug() {}, info() {}, warn() {}, error() {} }
  const { embedderOf } = bench
  const ledger = createVectorLedger(bench.database)
  return reindex({
    ledger: createVersionLedger(bench.database),
    index,
    embedderOf,
    turn: embed({ ledger, embedderOf, index, log: quiet, leaseMs: 3_000 }),
    queue: { wake: async () => {} },
    log: silentLog,
  })(bench.lane, model, {
    signal: new AbortController().signal,
    onProgress: () => {},
    recallMin: 0.95,
    acceptRefused: false,
    trailMs: 10_000,
    ...rest,
  })
}

/** A memory of the namespace that `openMemories` makes. */
export const memory = (id: string, content: string): NewMemory => ({
  ...{ id, content, namespace: "team:a", kind: "fact", source: "agent" },
  ...{ expiresAt: null, propagation: null, pin: null, embedding: null },
})

export async function openMemories(bench: Workbench): Promise<MemoryLedger> {
  const memories = createMemoryLedger(bench.database)
  await memories.putNamespace(bench.lane, { name: "team:a", kind: "team", expiresAt: null, metadata: null })
  return memories
}

export const versionsOf = (bench: Workbench): Promise<StoredVersion[]> =>
  createVersionLedger(bench.database).list(bench.lane)

/** Resolves once so many of this database's connections wait for each other. */
export const untilWaiting = (bench: Workbench, connections: number): Promise<void> =>
  waitUntil(`${connections} wait for a lock`, async () => (await waitingForLocks(bench.rows)) >= connections, 60_000)

/** Keys of the vectors wanted in a version, sorted. */
export const wantedIn = async (bench: Workbench, versionId: string): Promise<string[]> =>
  (
    await bench.rows<{ key: string }>(
      `select family || ' ' || ref_id || ' ' || view || ' ' || wanted_hash as key from vector_entries
       where embedding_version_id = $1 and wanted_hash is not null order by 1`,
      [versionId],
    )
  ).map(({ key }) => key)

/** Every vector that a version wants is in its index, by its id, and no other is there. */
export async function expectWhole(bench: Workbench, version: StoredVersion): Promise<void> {
  for (const family of ["chunks", "observations", "memories"] as const) {
    const rows = await bench.rows<{ refId: string; view: "body" }>(
      `select ref_id as "refId", view from vector_entries
       where embedding_version_id = $1 and family = $2 and wanted_hash is not null and parked_reason is null`,
      [version.id, family],
    )
    const target = { index: version.indexName, namespace: namespaceOf(family, version) }
    const ids = rows.map(vectorId)
    expect([family, (await bench.index.present(target, ids)).length]).toEqual([family, ids.length])
    expect([family, await bench.index.count(target)]).toEqual([family, ids.length])
  }
}
