import { Rejected } from "@engram/contracts/errors"
import {
  isBlank,
  type LegacyBatch,
  type LegacyMemories,
  type LegacyMemory,
  type LegacyPosition,
  type LegacySelection,
} from "@engram/store/legacy-memories"
import { inLanes } from "./in-lanes.ts"
import type { MemoryPlugin } from "./memory-plugin.ts"
import { blankPlace, type NamespaceKind, type NamespaceTree, type Place } from "./namespace-tree.ts"
import { noId, placeOfUnidentified } from "./unidentified.ts"

interface Failure {
  readonly id: string
  readonly reason: string
}

export interface Failed {
  readonly failedRows: number
  /** The first `failuresKept` of them. */
  readonly failures: readonly Failure[]
}

/** What became of the rows of this run; what failed is also of the run that it goes on from. */
export interface Applied extends Failed {
  rows: number
  written: number
  /** Rows by the rule that leaves them out. */
  readonly skipped: Map<string, number>
  failedRows: number
  readonly failures: Failure[]
}

const failuresKept = 1_000
const batchRows = 500

/**
 * Copies the selected rows, oldest first, so that what the plugin calls newest is what was newest here. Every write carries the
 * row's id: doing it twice is doing it once. A refused row is a failure of that row, and so, at the end of each run, is a row
 * that no id identifies; an outage ends the run. `onBatch` is told
 * after each batch, with the position up to which nothing is left to do, and what failed up to there; a run that goes on from it
 * is given both.
 */
export async function applyBackfill(job: {
  readonly legacy: LegacyMemories
  readonly plugin: MemoryPlugin
  readonly tree: NamespaceTree
  readonly selection: LegacySelection
  readonly failed?: Failed | undefined
  readonly rowsMax: number
  readonly lanes: number
  readonly signal: AbortSignal
  onBatch(position: LegacyPosition, applied: Applied): Promise<void>
}): Promise<Applied> {
  const { legacy, plugin, tree, selection, rowsMax, lanes, signal, onBatch } = job
  const { failedRows, failures } = job.failed ?? { failedRows: 0, failures: [] }
  const applied: Applied = { rows: 0, written: 0, skipped: new Map(), failedRows, failures: [...failures] }
  const write = createWriter(plugin)

  const copy = async (row: LegacyMemory): Promise<Place> => {
    signal.throwIfAborted()
    const place = isBlank(row) ? blankPlace : tree.placeOf(row)
    if (place.outcome === "copy") await write(row, place)
    return place
  }
  const copyOrFail = (row: LegacyMemory): Promise<Place> =>
    copy(row).catch((error) => {
      if (!(error instanceof Rejected)) throw error
      return { outcome: "error", reason: error.message }
    })

  // A batch ends when its last row is done, and so are the batches before it; meanwhile the lanes go on with the next.
  const begun: Begun[] = []
  let told = Promise.resolve()
  const endBatches = (): Promise<void> => {
    while (begun[0]?.left === 0) {
      const { position, failures } = begun.shift()!
      told = told.then(() => {
        applied.failedRows += failures.length
        applied.failures.push(...failures.slice(0, failuresKept - applied.failures.length))
        return onBatch(position, applied)
      })
    }
    return told
  }
  const batches = ahead(legacy.read(selection, Math.min(batchRows, rowsMax)))
  await inLanes(rowsOf(batches, rowsMax, begun), lanes, async ({ row, batch }) => {
    record(applied, batch, row, await copyOrFail(row))
    batch.left--
    if (batch.left === 0) await endBatches()
  })
  await addUnidentified(applied, job)
  return applied
}

async function addUnidentified(
  applied: Applied,
  { legacy, tree, selection }: Pick<Parameters<typeof applyBackfill>[0], "legacy" | "tree" | "selection">,
): Promise<void> {
  for (const row of await legacy.unidentified(selection)) {
    const place = placeOfUnidentified(tree, row)
    applied.rows += row.rows
    if (place.outcome === "skip") skip(applied, place.reason, row.rows)
    if (place.outcome !== "error") continue
    applied.failedRows += row.rows
    if (applied.failures.length < failuresKept) applied.failures.push({ id: row.id ?? noId, reason: place.reason })
  }
}

const skip = ({ skipped }: Applied, reason: string, rows: number): void =>
  void skipped.set(reason, (skipped.get(reason) ?? 0) + rows)

interface Begun {
  readonly position: LegacyPosition
  /** Rows that are not done yet. */
  left: number
  /** Counted when the batch has ended: a run that goes on before it copies its rows again. */
  readonly failures: Failure[]
}

async function* rowsOf(batches: AsyncGenerator<LegacyBatch, void>, rowsMax: number, begun: Begun[]) {
  let rest = rowsMax
  for await (const { rows, position } of batches) {
    const batch = { position, left: Math.min(rest, rows.length), failures: [] }
    begun.push(batch)
    for (const row of rows.slice(0, rest)) yield { row, batch }
    rest -= rows.length
    if (rest <= 0) return
  }
}

function record(applied: Applied, { failures }: Begun, { id }: LegacyMemory, place: Place): void {
  applied.rows++
  if (place.outcome === "copy") applied.written++
  else if (place.outcome === "skip") skip(applied, place.reason, 1)
  else failures.push({ id, reason: place.reason })
}

type Write = (row: LegacyMemory, to: { readonly namespace: string; readonly kind: NamespaceKind }) => Promise<void>

/** So often is a namespace made for one row. */
const makesMax = 2

/**
 * Makes a namespace only when the plugin has none of that name: a PUT would take an existing one's expiry and metadata away. One
 * that somebody deletes meanwhile is made again, by the first of the rows that are told so.
 */
function createWriter(plugin: MemoryPlugin): Write {
  const made = new Map<string, Promise<void>>()
  return async ({ id, content }, { namespace, kind }) => {
    const memory = { id, content: content ?? "", kind: "fact", source: "agent" } as const
    for (let makes = 0; ; makes++) {
      const last = made.get(namespace)
      await last
      if (await plugin.write(namespace, memory)) return
      if (makes === makesMax) throw new Rejected("not_found", `the namespace ${namespace} was made, and is not there`)
      if (made.get(namespace) === last) made.set(namespace, plugin.putNamespace(namespace, kind))
    }
  }
}

/** Asks for the next item while the present one is worked on. */
async function* ahead<T>(items: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  let coming = items.next()
  try {
    for (;;) {
      const { done, value } = await coming
      if (done) return
      coming = items.next()
      // Whoever stops before it is awaited must not leave a rejection that nobody handles.
      coming.catch(() => {})
      yield value
    }
  } finally {
    await coming.catch(() => {})
  }
}
