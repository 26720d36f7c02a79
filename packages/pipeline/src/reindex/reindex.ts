import { Rejected } from "@engram/contracts/errors"
import type { EmbeddingModel, Lane } from "@engram/contracts/ports"
import type { FamilyState, StoredVersion, StorePlace, VectorKey } from "@engram/contracts/versions"
import { embeddingVersionId } from "@engram/core/ids"
import { indexName } from "@engram/core/index-name"
import { tellQueue } from "../wake.ts"
import { dropVersion } from "./drop-archived.ts"
import { fill } from "./fill.ts"
import type { ReindexDeps, ReindexOptions } from "./reindex-deps.ts"
import { type Verified, verify } from "./verify.ts"

export interface Reindexed {
  /** Whether this call began it, or an earlier one had. */
  readonly begun: "new" | "again"
  readonly active: StoredVersion
  readonly archived: StoredVersion
  readonly families: readonly FamilyState[]
  readonly verified: Verified
}

const copyMax = 2_000
/** Everybody who writes knowledge of the store waits so long, at most, while the last vectors are written and the row is switched. */
const holdMaxMs = 2_000

/**
 * Gives a store another embedding model: a version is filled beside the one that readers use, verified, and takes its place.
 * Ingestion goes on and writes both; search goes on and reads the old one until the switch, which is one row. Stopped anywhere,
 * also by a kill, the same call goes on. `Rejected`, with nothing changed, where the version cannot be made, and
 * `Rejected("not_as_the_old")`, with both versions kept, where the new one cannot take its place.
 */
export const reindex =
  (deps: ReindexDeps) =>
  async (place: StorePlace, model: EmbeddingModel, options: ReindexOptions): Promise<Reindexed> => {
    const { begun, from, to } = await begin(deps, place, model)
    await copyAll(deps, place, { from, to }, options)
    const lane: Lane = { ...place, stage: "embed" }
    await tellQueue(deps.queue, deps.log, lane)
    await fill(deps, lane, to, options)
    const verified = await verify(deps, place, { from, to }, options)
    await takePlace(deps, lane, to, options)
    const versions = await deps.ledger.list(place)
    const families = await deps.ledger.state(place, to.id)
    return { begun, active: byId(versions, to.id), archived: byId(versions, from.id), families, verified }
  }

/** What came since it was filled is written too. While more comes than can be written in the time allowed, it is tried again. */
async function takePlace(deps: ReindexDeps, lane: Lane, to: StoredVersion, options: ReindexOptions): Promise<void> {
  const settle = () => deps.turn(lane)
  for (;;) {
    options.signal.throwIfAborted()
    options.onProgress({ step: "switching", done: 0, total: 1 })
    if ((await deps.ledger.activate(lane, to.id, { settle, holdMaxMs })) === 0) return
    await fill(deps, lane, to, options)
  }
}

/** Everything that can be refused is refused before the version is made. */
async function begin(deps: ReindexDeps, place: StorePlace, model: EmbeddingModel) {
  const id = embeddingVersionId(place.storeId, model)
  const name = indexName({ ...place, dimension: model.dimension })
  const before = await deps.ledger.list(place)
  const known = before.find((version) => version.id === id)
  // Refused by `create` too, which knows for certain; here it costs no call.
  if (known?.status !== "active") {
    const embedder = await deps.embedderOf(model)
    if (known?.status === "dropping") await dropVersion(deps, known)
    await embedder.check()
    if (known?.status !== "canary") {
      // Also shows that the model gives this dimension, where its provider takes any model at its word.
      await embedder.embed(["Does this model answer?"], "search_query")
      await deps.index.ensure(name, model.dimension)
    }
  }
  const { begun } = await deps.ledger.create(place, { id, model, indexName: name })
  const versions = await deps.ledger.list(place)
  const from = versions.find(({ status }) => status === "active")
  if (from === undefined) throw new Rejected("no_version", "the store has no active version any more")
  return { begun, from, to: byId(versions, id) }
}

/** Wants in the new version what is wanted in the old one. Begun again it goes through all of it, and copies what is missing. */
async function copyAll(
  { ledger }: ReindexDeps,
  place: StorePlace,
  { from, to }: { readonly from: StoredVersion; readonly to: StoredVersion },
  { signal, onProgress }: ReindexOptions,
): Promise<void> {
  const total = (await ledger.state(place, from.id)).reduce((sum, { wanted }) => sum + wanted, 0)
  let done = 0
  let after: VectorKey | undefined
  do {
    signal.throwIfAborted()
    const page = await ledger.copy(place, { from: from.id, to: to.id }, { after, max: copyMax })
    done += page.seen
    after = page.last
    onProgress({ step: "copying", done, total: Math.max(total, done) })
  } while (after !== undefined)
}

const byId = (versions: readonly StoredVersion[], id: string): StoredVersion => {
  const found = versions.find((version) => version.id === id)
  if (found === undefined) throw new Rejected("not_canary", "the version was removed meanwhile")
  return found
}
