import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type {
  FoundLists,
  MemoryFilter,
  MemoryLedger,
  MemoryPlace,
  MemoryRow,
  NearQuestion,
  RankedMemory,
} from "@engram/contracts/memory-ledger"
import { compareText } from "@engram/core/compare-text"
import { dot } from "@engram/core/dot"
import { placesOf } from "@engram/core/places"
import type { Database } from "../database.ts"
import { floatsOf, modelKey } from "../embedding-values.ts"
import { listsSql, type Text, type Way } from "./lists-sql.ts"
import type { Namespace, SurroundingsMemory } from "./surroundings.ts"
import { askedTogether } from "./together.ts"

type Row = readonly [
  namespace: string,
  content: string,
  kind: string,
  source: string,
  expiresMs: number | null,
  propagation: string | null,
  createdMs: number,
]
type Listed = readonly [id: string, rank: number, pin: boolean | null, createdSeconds: number, row: Row | null]
type Near = readonly [...Listed, moving: boolean, values: string | null]
interface Answered {
  /** The question's place in its statement. */
  readonly at: number
  readonly lives: readonly Namespace[]
  readonly asOf: string
  readonly wordless: boolean
  /** False where more memories match than are ranked: then nothing is said of how well. */
  readonly ranked: boolean
  /** False where more has changed than can be compared: then nothing is said of what is near. */
  readonly whole: boolean
  readonly byText: readonly Listed[]
  readonly byVector: readonly Near[]
}

/** Of more namespaces a search is not light. */
const lightNamespacesMax = 16

/** What one statement is asked for one search. */
interface Question {
  readonly place: MemoryPlace
  readonly filter: MemoryFilter
  readonly query: string | undefined
  readonly by: Text
  readonly near: NearQuestion | undefined
  readonly version: EmbeddingVersion | undefined
  readonly way: Way
  readonly max: number
  readonly rows: number
}

/** Whether it costs little more than being asked. What reads whole namespaces is asked by itself, and holds up nobody. */
const isLight = ({ by, way, filter }: Question): boolean =>
  by !== "substring" && by !== "chosenWords" && way !== "newest" && filter.namespaces.length <= lightNamespacesMax

/** Whether one statement can answer both of these light ones. */
const isAlike = (a: Question, b: Question): boolean =>
  a.place.workspaceId === b.place.workspaceId &&
  a.place.storeId === b.place.storeId &&
  a.by === b.by &&
  a.way === b.way &&
  a.version?.id === b.version?.id &&
  a.near?.exactMax === b.near?.exactMax

/** What a search finds by words and by nearness, best first, in one statement. What the others say is read by whoever answers with them. */
export const createLists = (database: Database, surroundings: SurroundingsMemory): Pick<MemoryLedger, "lists"> => {
  const statements = new Map<string, string>()
  const statementOf = ({ by, way }: Question): string => {
    const key = `${by} ${way}`
    const known = statements.get(key) ?? listsSql(by, way)
    statements.set(key, known)
    return known
  }

  const askAll = async (questions: readonly Question[]): Promise<readonly Answered[]> => {
    const [first] = questions
    const answers = await database.oneInWorkspace<Answered>(first!.place.workspaceId, statementOf(first!), () =>
      valuesOf(questions),
    )
    return answers.toSorted((a, b) => a.at - b.at)
  }
  const askTogether = askedTogether(askAll, isAlike)
  const ask = async (question: Question): Promise<Answered> =>
    isLight(question) ? askTogether(question) : (await askAll([question]))[0]!

  /** What the first statement does not rank. */
  const ranked = async (question: Question, answered: Answered): Promise<Answered> =>
    answered.ranked
      ? answered
      : ask({ ...question, near: undefined, version: undefined, by: "chosenWords", way: "none" })
  /** What it does not compare. */
  const nearby = async (question: Question, answered: Answered): Promise<Answered> =>
    answered.whole || question.near === undefined ? answered : ask({ ...question, by: "none", way: "newest" })

  return {
    lists: async (place, filter, { text, near, emptyVersion, max, rows }) => {
      const version = near?.version ?? emptyVersion
      const [by, way] = [text?.by ?? "none", wayTo(near, emptyVersion)] as const
      const question: Question = { place, filter, by, way, query: text?.query, near, version, max, rows }
      const answered = await ask(question)
      const [texts, vectors] = [await ranked(question, answered), await nearby(question, answered)]
      const isEmpty = emptyVersion !== undefined && answered.whole
      if (version && !isEmpty) surroundings.sawVectors(place, version)
      surroundings.saw(place, filter.namespaces, answered.lives)
      return {
        byText: texts.byText.map(rankedOf),
        wordless: answered.wordless,
        ...nearest(vectors.byVector, near, max),
        isEmpty,
        lives: answered.lives.map(({ id }) => id),
        // What the first statement saw may have changed before another's.
        asOf: (text ? answered : vectors).asOf,
      }
    },
  }
}

function wayTo(near: NearQuestion | undefined, emptyVersion: EmbeddingVersion | undefined): Way {
  if (near) return near.indexed ? "fewChanged" : "newest"
  return emptyVersion ? "nothing" : "none"
}

/** Of a statement for questions that are alike, made when it is sent. */
function valuesOf(questions: readonly Question[]): unknown[] {
  const { place, near, version, way } = questions[0]!
  const asked = questions.map(({ filter, query, near: own, max, rows }, at) => ({
    at,
    names: filter.namespaces,
    kinds: filter.kinds,
    query,
    max,
    rows,
    found: own?.indexed?.flatMap(({ id, score }) => (score < own.scoreMin ? [] : [id])) ?? [],
  }))
  return [
    place.storeId,
    JSON.stringify(asked),
    ...(version ? [place.workspaceId, version.id, modelKey(version.model)] : []),
    ...(near
      ? [
          near.exactMax,
          // What is compared for one for being too recent may be for all.
          Math.max(...questions.map((question) => question.near!.trailsMs())),
        ]
      : []),
    ...(near && way === "newest" ? [near.indexed === undefined] : []),
  ]
}

const rankedOf = ([id, rank, pin, createdSeconds, row]: Listed): RankedMemory => {
  const ranked = { id, rank, pin, createdAt: new Date(createdSeconds * 1_000) }
  return row === null ? ranked : { ...ranked, row: rowOf(id, pin, row) }
}

function rowOf(id: string, pin: boolean | null, row: Row): MemoryRow {
  const [namespace, content, kind, source, expiresMs, propagation, createdMs] = row
  const expiresAt = expiresMs === null ? null : new Date(expiresMs)
  return { id, namespace, content, kind, source, expiresAt, propagation, pin, createdAt: new Date(createdMs) }
}

function nearest(
  candidates: readonly Near[],
  near: NearQuestion | undefined,
  max: number,
): Pick<FoundLists, "byVector" | "unknown"> {
  if (near === undefined) return { byVector: [], unknown: new Set() }
  const scores = new Map(near.indexed?.map(({ id, score }) => [id, score]))
  const scored = candidates.map(([id, , pin, createdSeconds, row, moving, values]) =>
    rankedOf([id, scoreBy(scores, near.values, id, moving ? values : undefined), pin, createdSeconds, row]),
  )
  const byVector = scored.filter(({ rank }) => rank >= near.scoreMin)
  const unknown = new Set(scored.flatMap(({ id, rank }) => (Number.isNaN(rank) ? [id] : [])))
  return { byVector: bestFirst(byVector).slice(0, max), unknown }
}

/** By the index's score where the index can be believed, else exactly; NaN where the values are not known yet. */
function scoreBy(
  scores: ReadonlyMap<string, number>,
  asked: Float32Array,
  id: string,
  moving: string | null | undefined,
): number {
  if (moving === undefined) return scores.get(id) ?? Number.NEGATIVE_INFINITY
  return moving === null ? Number.NaN : dot(asked, floatsOf(Buffer.from(moving, "base64")))
}

/** Of equals the pinned first, then the newest. */
function bestFirst(memories: readonly RankedMemory[]): RankedMemory[] {
  const byRank = memories.toSorted((a, b) => b.rank - a.rank)
  const places = placesOf(byRank.map(({ rank }) => rank))
  return byRank
    .map((memory, at) => ({ memory, place: places[at]! }))
    .sort(
      (a, b) =>
        a.place - b.place ||
        Number(b.memory.pin ?? false) - Number(a.memory.pin ?? false) ||
        b.memory.createdAt.getTime() - a.memory.createdAt.getTime() ||
        compareText(a.memory.id, b.memory.id),
    )
    .map(({ memory }) => memory)
}
