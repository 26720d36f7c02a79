import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { EmbeddingVersion, VectorFamily, VectorView } from "@engram/contracts/knowledge"
import type { Embedder, EmbedderOf, Lane, Log, TurnEnd, VectorIndex, VectorTarget } from "@engram/contracts/ports"
import type { OwedVector, VectorLedger } from "@engram/contracts/vectors"
import { withLease } from "./with-lease.ts"

/** Vectors looked at in one turn: more than its calls make, since many texts are known. */
const rowsMax = 500
/** Less than a full request of brought memories waits for company so long. Whoever writes wakes the lane sooner. */
const companyMs = 3_000
/** Calls of one turn. More share its cost among more texts, and keep other stores waiting. */
const callsMax = 4

export interface EmbedDeps {
  readonly ledger: VectorLedger
  readonly embedderOf: EmbedderOf
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
 * One turn on a store's owed vectors: texts never embedded before are embedded, in full calls as long as there are enough of
 * them; then everything whose values are known is written to the index and marked, if it is still what is wanted. There is more
 * when anything was done; but memories that come while the last of them are written wait for the next wake, and for company: a
 * search compares them exactly until then, and requests to the index are full.
 */
export const embed =
  (deps: EmbedDeps) =>
  async (lane: Lane): Promise<TurnEnd> => {
    const ends = await withLease(deps.ledger, lane, deps.leaseMs, async () => {
      const ends: TurnEnd[] = []
      for (const version of await deps.ledger.versions(lane)) ends.push(await unlessAway(deps, lane, version))
      return ends
    })
    if (ends === undefined) return { afterMs: deps.leaseMs / 6 }
    if (ends.includes("more")) return "more"
    return ends.find((end) => end !== "idle") ?? "idle"
  }

/** A model that is away keeps only its own version waiting, while that is not the one that readers use. */
async function unlessAway(deps: EmbedDeps, lane: Lane, version: EmbeddingVersion): Promise<TurnEnd> {
  try {
    return await work(deps, lane, version)
  } catch (error) {
    if (version.status !== "canary" || !(error instanceof RetryLater)) throw error
    deps.log.warn({ lane, model: version.model, reason: reasonOf(error) }, "the new embedding version waits")
    return { afterMs: error.afterMs }
  }
}

async function work(deps: EmbedDeps, lane: Lane, version: EmbeddingVersion): Promise<TurnEnd> {
  if (version.status === "caller") return writeBrought(deps, lane, version)
  if (version.status === "archived") return removeLeft(deps, lane, version)
  const embedder = await openEmbedder(deps, lane, version)
  if (embedder === undefined) return "idle"
  const owed = await deps.ledger.owed(lane, version, rowsMax)
  const lost = await unwantLost(deps, lane, version, owed)
  const { texts, values } = await embedTexts({ ...deps, embedder }, lane, version, owed)
  const known = owed.map((row) => ({ ...row, values: row.values ?? values.get(row.textHash) ?? null }))
  const ready = known.filter((row) => row.wantedHash === null || row.values !== null)
  await writeVectors(deps, lane, version, ready)
  if (texts + ready.length + lost === 0) return "idle"
  const isAll = owed.length < rowsMax && ready.length === owed.length
  return isAll && owed.every(({ family }) => family === "memories") ? "idle" : "more"
}

/**
 * Values that came with memories are known from the start; no embedder made them. As long as there are full requests to the index,
 * what is left over waits: a search compares it exactly until it is written.
 */
async function writeBrought(deps: EmbedDeps, lane: Lane, version: EmbeddingVersion): Promise<TurnEnd> {
  const owed = await deps.ledger.owed(lane, version, 2 * rowsMax)
  const lost = await unwantLost(deps, lane, version, owed)
  const ready = owed.filter((row) => row.wantedHash === null || row.values !== null)
  const now = ready.length < rowsMax ? ready : ready.slice(0, ready.length - (ready.length % rowsMax))
  for (let from = 0; from < now.length; from += rowsMax) {
    await writeVectors(deps, lane, version, now.slice(from, from + rowsMax))
  }
  if (lost > 0 || now.length === 2 * rowsMax) return "more"
  return now.length < ready.length ? { afterMs: companyMs } : "idle"
}

/**
 * Whoever removes a text stops wanting its vector. Where one is wanted all the same, nothing can be made of it any more, and it would
 * hold the head of the lane for ever: it is not wanted from here on, and owed its removal. Returns how many.
 */
async function unwantLost(
  deps: EmbedDeps,
  lane: Lane,
  version: EmbeddingVersion,
  owed: readonly OwedVector[],
): Promise<number> {
  const lost = owed.filter(({ wantedHash, values, text }) => wantedHash !== null && values === null && text === null)
  if (lost.length === 0) return 0
  const vectors = await deps.ledger.unwantLost(lane, version, lost)
  if (vectors > 0)
    deps.log.warn({ lane, version: version.id, vectors }, "lost texts or values: vectors not wanted any more")
  return vectors
}

/** What is forgotten leaves an archived version too; nothing is added to it. */
async function removeLeft(deps: EmbedDeps, lane: Lane, version: EmbeddingVersion): Promise<TurnEnd> {
  const gone = await deps.ledger.owed(lane, version, rowsMax)
  await writeVectors(deps, lane, version, gone)
  return gone.length > 0 ? "more" : "idle"
}

/** undefined where this process cannot embed for the version: its other versions go on, and a process that can will do this one. */
async function openEmbedder(deps: EmbedDeps, lane: Lane, version: EmbeddingVersion): Promise<Embedder | undefined> {
  try {
    return await deps.embedderOf(version.model)
  } catch (error) {
    if (!(error instanceof Rejected)) throw error
    deps.log.error({ lane, wants: version.model, reason: reasonOf(error) }, "this process cannot embed for the store")
    return undefined
  }
}

interface EmbeddingDeps extends EmbedDeps {
  readonly embedder: Embedder
}

/** By the hash of their text. Values are saved before anything is done with them: what was paid for once is never asked for again. */
async function embedTexts(
  deps: EmbeddingDeps,
  lane: Lane,
  version: EmbeddingVersion,
  owed: readonly OwedVector[],
): Promise<{ readonly texts: number; readonly values: Map<string, Float32Array> }> {
  // Several vectors may wait for one text.
  const texts = [...new Map(owed.flatMap(({ textHash, text }) => (text === null ? [] : [[textHash, text] as const])))]
  const { textsMax } = deps.embedder
  const calls = Math.min(Math.max(1, Math.floor(texts.length / textsMax)), callsMax)
  const now = texts.slice(0, calls * textsMax)
  const values = new Map<string, Float32Array>()
  for (let from = 0; from < now.length; from += textsMax) {
    await embedOrPark(deps, lane, version, now.slice(from, from + textsMax), values)
  }
  return { texts: now.length, values }
}

type HashedText = readonly [textHash: string, text: string]

/** Fills `values`. A text that the embedder refuses is found by halving and parked alone. */
async function embedOrPark(
  deps: EmbeddingDeps,
  lane: Lane,
  version: EmbeddingVersion,
  texts: readonly HashedText[],
  values: Map<string, Float32Array>,
): Promise<void> {
  try {
    const started = performance.now()
    const vectors = await deps.embedder.embed(
      texts.map(([, text]) => text),
      "search_document",
    )
    deps.onEmbedded?.({ texts: texts.length, textsMax: deps.embedder.textsMax, ms: performance.now() - started })
    const rows = texts.map(([textHash], i) => ({ textHash, values: vectors[i]! }))
    await deps.ledger.saveValues(lane, version.model, rows)
    for (const row of rows) values.set(row.textHash, row.values)
  } catch (error) {
    if (!(error instanceof Rejected) || error.code !== "text_refused") throw error
    if (texts.length === 1) return deps.ledger.park(lane, version.id, texts[0]![0], reasonOf(error))
    const half = Math.ceil(texts.length / 2)
    await embedOrPark(deps, lane, version, texts.slice(0, half), values)
    await embedOrPark(deps, lane, version, texts.slice(half), values)
  }
}

async function writeVectors(
  deps: EmbedDeps,
  lane: Lane,
  version: EmbeddingVersion,
  owed: readonly OwedVector[],
): Promise<void> {
  if (owed.length === 0) return
  await deps.index.ensure(version.indexName, version.model.dimension)
  for (const [family, vectors] of Map.groupBy(owed, (vector) => vector.family)) {
    await writeFamily(deps.index, { index: version.indexName, namespace: namespaceOf(family, version) }, vectors)
  }
  for (const document of await deps.ledger.markWritten(lane, version.id, owed)) deps.onSearchable?.(document)
}

async function writeFamily(index: VectorIndex, target: VectorTarget, vectors: readonly OwedVector[]): Promise<void> {
  const gone = vectors.filter((vector) => vector.wantedHash === null)
  await index.remove(target, gone.map(vectorId))
  await index.upsert(
    target,
    vectors.flatMap((vector) =>
      vector.wantedHash === null || vector.values === null
        ? []
        : [
            {
              id: vectorId(vector),
              values: vector.values,
              metadata: { ...vector.metadata, hash: writtenAs(vector.wantedHash) },
            },
          ],
    ),
  )
}

/** What the index is told of a wanted hash, by which `reconcile` knows what it holds: 64 bits of it. */
export const writtenAs = (wantedHash: string): string => wantedHash.slice(0, 16)

/** One vector a view: the ref's id, and the view unless it is the body. */
export const vectorId = ({ refId, view }: Pick<OwedVector, "refId" | "view">): string =>
  view === "body" ? refId : `${refId}#${view}`

/** The row a vector id belongs to. A memory's id is its writer's, may look like anything, and has only a body. */
export function vectorRef(family: VectorFamily, id: string): Pick<OwedVector, "refId" | "view"> {
  const [, refId, view] = (family !== "memories" && /^(.+)#(title|summary)$/s.exec(id)) || []
  return refId && view ? { refId, view: view as VectorView } : { refId: id, view: "body" }
}
