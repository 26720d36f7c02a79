import { isBlank, type LegacyMemories, type LegacyMemory, type LegacySelection } from "@engram/store/legacy-memories"
import type { Report } from "./finding.ts"
import { inLanes } from "./in-lanes.ts"
import { createJudge, hashOf, type Judge } from "./judge.ts"
import { type MemoryPlugin, searchLimitMax } from "./memory-plugin.ts"
import { queriesFor } from "./queries.ts"
import { createRareWords, type RareWords } from "./rare-words.ts"

const batchRows = 500

interface Comparison {
  readonly legacy: LegacyMemories
  readonly plugin: MemoryPlugin
  readonly namespace: string
  /** The legacy rows that belong there. */
  readonly selection: LegacySelection
  readonly lanes: number
  readonly signal: AbortSignal
  readonly report: Report
}

/** Says how many rows were compared, and whether one answer listed the namespace whole. */
export async function verifyNamespace(comparison: Comparison): Promise<{ rows: number; isListed: boolean }> {
  const { legacy, plugin, namespace, report } = comparison
  const newest = await plugin.search({ namespace })
  const isListed = newest.length < searchLimitMax
  const rareWords = isListed ? undefined : createRareWords()
  const expected = new Map<string, string>()
  for await (const { id, content } of rowsOf(comparison)) {
    expected.set(id, hashOf(content ?? ""))
    rareWords?.add(content ?? "")
  }

  const unidentified = new Set((await legacy.unidentified({})).map(({ id }) => id))
  const judge = createJudge(namespace, expected, unidentified, report)
  judge.see(newest)
  if (rareWords) await askForEach(comparison, judge, rareWords)
  for (const id of expected.keys()) {
    if (judge.seen.has(id)) continue
    const why = judge.unproven.get(id)
    const missing = isListed ? "it is not among all there is" : "no search for its text returns it"
    report({ kind: why === undefined ? "missing" : "not proven", id, namespace, detail: why ?? missing })
  }
  return { rows: expected.size, isListed }
}

/** Every answer settles up to a hundred rows, so most rows need no question of their own. */
async function askForEach(comparison: Comparison, judge: Judge, rareWords: RareWords): Promise<void> {
  await inLanes(rowsOf(comparison), comparison.lanes, async ({ id, content }) => {
    if (judge.seen.has(id)) return
    const why = await whyUnproven(comparison, judge, rareWords, { id, content: content ?? "" })
    if (why !== undefined && !judge.seen.has(id)) judge.unproven.set(id, why)
  })
}

/** Asks until the row is seen; undefined when it is, or when it is missing. */
async function whyUnproven(
  { plugin, namespace, signal }: Comparison,
  judge: Judge,
  rareWords: RareWords,
  { id, content }: { readonly id: string; readonly content: string },
): Promise<string | undefined> {
  let isMissing = false
  for (const { text, matches } of queriesFor(content, rareWords)) {
    signal.throwIfAborted()
    const found = await plugin.search({ namespace, query: text })
    judge.see(found)
    if (judge.seen.has(id)) return undefined
    const isFull = found.length >= searchLimitMax
    if (isFull && found.every((memory) => memory.content === content)) {
      return "more memories say just the same than an answer holds"
    }
    isMissing ||= matches && !isFull
  }
  return isMissing ? undefined : "every search for its text is answered with a hundred others"
}

async function* rowsOf({ legacy, selection }: Comparison): AsyncGenerator<LegacyMemory, void> {
  for await (const { rows } of legacy.read(selection, batchRows)) yield* rows.filter((row) => !isBlank(row))
}
