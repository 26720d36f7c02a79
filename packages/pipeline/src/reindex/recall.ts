import type { VectorFamily } from "@engram/contracts/knowledge"
import type { VectorIndex } from "@engram/contracts/ports"
import type { KnownVector, StoredVersion, StorePlace, VectorKey, VersionLedger } from "@engram/contracts/versions"
import { namespaceOf, vectorId } from "../embed.ts"

const nearestMax = 10
/** Rows at a time: 12 MB of values at 1,536 dimensions. */
const pageMax = 2_000
/** The index and we round differently, and equal texts are equally near. */
const sameScore = 1e-4

/** One vector of the store, asked as a question. */
interface Question {
  readonly values: Float32Array
  /** What the index answered. */
  readonly answered: ReadonlySet<string>
  /** How near each of those is, as we see it. */
  readonly scores: number[]
  /** The ten greatest scores, the least first. */
  best: number[]
}

/**
 * Of the ten nearest to each question by exact comparison with every written vector of the family, how many the index finds. One
 * vector is a question, and 100,000 of 1,024 dimensions with 30 questions are some five seconds of this process.
 */
export async function recallOf(
  { ledger, index }: { readonly ledger: VersionLedger; readonly index: VectorIndex },
  place: StorePlace,
  version: StoredVersion,
  family: VectorFamily,
  sample: readonly KnownVector[],
  signal: AbortSignal,
): Promise<{ readonly found: number; readonly of: number }> {
  const target = { index: version.indexName, namespace: namespaceOf(family, version) }
  const questions: Question[] = []
  for (const { values } of sample) {
    const hits = await index.query(target, values, { topK: nearestMax })
    questions.push({ values, answered: new Set(hits.map(({ id }) => id)), scores: [], best: [] })
  }
  for (let after: VectorKey | undefined, more = questions.length > 0; more; ) {
    signal.throwIfAborted()
    const page = await ledger.scan(place, version, family, { after, max: pageMax })
    for (const row of page) for (const question of questions) compare(question, row)
    after = page.at(-1)
    more = page.length > 0
  }
  return {
    found: questions.reduce((sum, { scores, best }) => sum + Math.min(best.length, near(scores, best)), 0),
    of: questions.reduce((sum, { best }) => sum + best.length, 0),
  }
}

function compare(question: Question, row: KnownVector): void {
  const score = dot(question.values, row.values)
  if (question.answered.has(vectorId(row))) question.scores.push(score)
  const { best } = question
  if (best.length === nearestMax && score <= best[0]!) return
  best.push(score)
  best.sort((a, b) => a - b)
  if (best.length > nearestMax) best.shift()
}

/** Answers that are as near as the least of the exact ten. */
const near = (scores: readonly number[], best: readonly number[]): number =>
  scores.filter((score) => score >= (best[0] ?? Number.POSITIVE_INFINITY) - sameScore).length

/** Cosine similarity, since both are of unit length. */
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
