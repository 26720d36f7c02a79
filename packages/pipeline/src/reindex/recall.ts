import type { VectorFamily } from "@engram/contracts/knowledge"
import type { VectorIndex } from "@engram/contracts/ports"
import type { KnownVector, StoredVersion, StorePlace, VectorKey, VersionLedger } from "@engram/contracts/versions"
import { dot } from "@engram/core/dot"
import { namespaceOf, vectorId } from "../embed.ts"

const nearestMax = 10
/** Asked of the index: among the first may be what was written, or changed, since. */
const askedMax = 10 * nearestMax
/** Rows at a time: 12 MB of values at 1,536 dimensions. */
const pageMax = 2_000
/** The index and we round differently, and equal texts are equally near. */
const sameScore = 1e-4

/** One vector of the store, asked as a question. */
interface Question {
  readonly values: Float32Array
  /** What the index answered, nearest first. */
  readonly answers: readonly string[]
  /** How near those are by exact comparison, if they were compared. */
  readonly scores: Map<string, number>
  /** The ten greatest scores, the least first. */
  readonly best: number[]
}

/**
 * Of the ten nearest to each question by exact comparison with every vector of the family, how many the index finds. What is
 * written or changed meanwhile is left out of both. 100,000 vectors of 1,024 dimensions and 30 questions are some five seconds of this
 * process.
 */
export async function recallOf(
  { ledger, index }: { readonly ledger: VersionLedger; readonly index: VectorIndex },
  asked: {
    readonly place: StorePlace
    readonly version: StoredVersion
    readonly family: VectorFamily
    readonly questions: readonly KnownVector[]
    readonly signal: AbortSignal
  },
): Promise<{ readonly found: number; readonly of: number }> {
  const { place, version, family } = asked
  const target = { index: version.indexName, namespace: namespaceOf(family, version) }
  const until = await ledger.now(place)
  const questions: Question[] = []
  for (const { values } of asked.questions) {
    const hits = await index.query(target, values, { topK: askedMax })
    questions.push({ values, answers: hits.map(({ id }) => id), scores: new Map(), best: [] })
  }
  for (let after: VectorKey | undefined, more = questions.length > 0; more; ) {
    asked.signal.throwIfAborted()
    const page = await ledger.scan(place, version, family, { after, max: pageMax, until })
    for (const row of page) for (const question of questions) compare(question, row)
    after = page.at(-1)
    more = page.length > 0
  }
  return {
    found: questions.reduce((sum, question) => sum + foundOf(question), 0),
    of: questions.reduce((sum, { best }) => sum + best.length, 0),
  }
}

function compare({ values, answers, scores, best }: Question, row: KnownVector): void {
  const score = dot(values, row.values)
  const id = vectorId(row)
  if (answers.includes(id)) scores.set(id, score)
  if (best.length === nearestMax && score <= best[0]!) return
  best.push(score)
  best.sort((a, b) => a - b)
  if (best.length > nearestMax) best.shift()
}

/** Of the index's first ten that were compared, those as near as the least of the exact ten. */
function foundOf({ answers, scores, best }: Question): number {
  const compared = answers.flatMap((id) => scores.get(id) ?? []).slice(0, best.length)
  return compared.filter((score) => score >= best[0]! - sameScore).length
}
