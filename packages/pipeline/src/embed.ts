import { Rejected, reasonOf } from "@engram/contracts/errors"
import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { Embedder, Lane, Log, TurnEnd, VectorIndex, VectorTarget } from "@engram/contracts/ports"
import type { OwedVector, UnembeddedText, VectorLedger } from "@engram/contracts/vectors"
import { withLease } from "./with-lease.ts"

/** Rows written to the index in one turn; five times the texts of one call, since many texts are known already. */
const rowsMax = 500

export interface EmbedDeps {
  readonly ledger: VectorLedger
  readonly embedder: Embedder
  readonly index: VectorIndex
  readonly log: Log
  /** How long a worker that dies keeps its lane from the others. */
  readonly leaseMs: number
  readonly onEmbedded?: (call: { readonly texts: number; readonly textsMax: number; readonly ms: number }) => void
  readonly onSearchable?: (document: { readonly acceptedAt: number }) => void
}

/** The namespace of one family in one embedding version. */
export const namespaceOf = (family: string, version: Pick<EmbeddingVersion, "id">): string => `${family}-${version.id}`

/**
 * One turn on a store's owed vectors: at most one embedding call, filled with texts never embedded before, then everything
 * whose values are known is written to the index and marked, if it is still what is wanted. There is more when anything was
 * done; but memories that come while the last of them are written wait for the next wake and for company: a search
 * compares them exactly until then, and requests to the index are full.
 */
export const embed =
  (deps: EmbedDeps) =>
  async (lane: Lane): Promise<TurnEnd> => {
    const ends = await withLease(deps.ledger, lane, deps.leaseMs, async () => {
      const ends: TurnEnd[] = []
      for (const version of await deps.ledger.versions(lane)) ends.push(await work(deps, lane, version))
      return ends
    })
    if (ends === undefined) return { afterMs: deps.leaseMs / 6 }
    return ends.includes("more") ? "more" : "idle"
  }

async function work(deps: EmbedDeps, lane: Lane, version: EmbeddingVersion): Promise<TurnEnd> {
  // Values that came with memories are known from the start; no embedder made them.
  if (version.status === "caller") return endOf(await writeVectors(deps, lane, version))
  if (!sameModel(deps.embedder, version)) {
    deps.log.error({ lane, wants: version.model, have: deps.embedder.model }, "store wants another embedding model")
    return "idle"
  }
  const texts = await embedTexts(deps, lane, version)
  const end = endOf(await writeVectors(deps, lane, version))
  return texts > 0 ? "more" : end
}

const endOf = (written: readonly OwedVector[]): TurnEnd => {
  const canWait = written.length < rowsMax && written.every(({ family }) => family === "memories")
  return canWait ? "idle" : "more"
}

export const sameModel = ({ model }: Embedder, { model: wanted }: EmbeddingVersion): boolean =>
  model.provider === wanted.provider && model.model === wanted.model && model.dimension === wanted.dimension

/** Values are saved before anything is done with them: what was paid for once is never asked for again. */
async function embedTexts(deps: EmbedDeps, lane: Lane, version: EmbeddingVersion): Promise<number> {
  const texts = await deps.ledger.unembedded(lane, version, deps.embedder.textsMax)
  if (texts.length > 0) await embedOrPark(deps, lane, version, texts)
  return texts.length
}

/** A text that the embedder refuses is found by halving and parked alone. */
async function embedOrPark(
  deps: EmbedDeps,
  lane: Lane,
  version: EmbeddingVersion,
  texts: readonly UnembeddedText[],
): Promise<void> {
  try {
    const started = performance.now()
    const values = await deps.embedder.embed(
      texts.map(({ text }) => text),
      "search_document",
    )
    deps.onEmbedded?.({ texts: texts.length, textsMax: deps.embedder.textsMax, ms: performance.now() - started })
    await deps.ledger.saveValues(
      lane,
      version.model,
      texts.map(({ textHash }, i) => ({ textHash, values: values[i]! })),
    )
  } catch (error) {
    if (!(error instanceof Rejected) || error.code !== "text_refused") throw error
    if (texts.length === 1) return deps.ledger.park(lane, version.id, texts[0]!.textHash, reasonOf(error))
    const half = Math.ceil(texts.length / 2)
    await embedOrPark(deps, lane, version, texts.slice(0, half))
    await embedOrPark(deps, lane, version, texts.slice(half))
  }
}

async function writeVectors(deps: EmbedDeps, lane: Lane, version: EmbeddingVersion): Promise<readonly OwedVector[]> {
  const owed = await deps.ledger.owed(lane, version, rowsMax)
  if (owed.length === 0) return owed
  await deps.index.ensure(version.indexName, version.model.dimension)
  for (const [family, vectors] of Map.groupBy(owed, (vector) => vector.family)) {
    await writeFamily(deps.index, { index: version.indexName, namespace: namespaceOf(family, version) }, vectors)
  }
  for (const document of await deps.ledger.markWritten(lane, version.id, owed)) deps.onSearchable?.(document)
  return owed
}

async function writeFamily(index: VectorIndex, target: VectorTarget, vectors: readonly OwedVector[]): Promise<void> {
  const gone = vectors.filter((vector) => vector.values === null)
  await index.remove(target, gone.map(vectorId))
  await index.upsert(
    target,
    vectors.flatMap((vector) =>
      vector.values === null ? [] : [{ id: vectorId(vector), values: vector.values, metadata: vector.metadata }],
    ),
  )
}

/** One vector a view: the ref's id, and the view unless it is the body. */
export const vectorId = ({ refId, view }: Pick<OwedVector, "refId" | "view">): string =>
  view === "body" ? refId : `${refId}#${view}`
