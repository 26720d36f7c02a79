import { type EmbeddingVersion, vectorFamilies } from "@engram/contracts/knowledge"
import type { VectorIndex, VectorTarget } from "@engram/contracts/ports"
import type { VectorBeliefs, VectorEntry, VectorKey, VectorSpace, VectorsReconciled } from "@engram/contracts/reconcile"
import { namespaceOf, vectorId, vectorRef } from "../embed.ts"
import { judge, type Verdict } from "./judge.ts"

/** Rows, or ids, held at once: some hundred kilobytes however many vectors there are. */
const pageMax = 1_000
const examplesMax = 20
/** What was written this lately the index may not show: Pinecone's documentation speaks of seconds, its incidents of minutes. */
export const settleMs = 5 * 60_000

export interface ReconcileVectorsDeps {
  readonly beliefs: VectorBeliefs
  readonly index: Pick<VectorIndex, "list" | "hashes">
}

export interface ReconcileVectors {
  readonly workspaceId: string
  /** This store only. */
  readonly storeId?: string
  readonly now: Date
  readonly repair?: boolean
  readonly onProgress?: (space: VectorsReconciled) => void
}

/**
 * Compares what Postgres believes of the workspace's indexes with what they hold. A finding is a difference that stands between
 * two equal readings of its row, so that a lane at work makes none. Repairing owes what was found to the lane, and writes nothing
 * itself: the lane stays the only writer.
 */
export async function reconcileVectors(
  deps: ReconcileVectorsDeps,
  request: ReconcileVectors,
): Promise<VectorsReconciled[]> {
  const { workspaceId } = request
  const done: VectorsReconciled[] = []
  for (const { storeId, name } of await deps.beliefs.stores(workspaceId)) {
    if (request.storeId !== undefined && request.storeId !== storeId) continue
    for (const version of await deps.beliefs.versions(workspaceId, storeId)) {
      for (const family of vectorFamilies) {
        const space = { workspaceId, storeId, versionId: version.id, family }
        done.push(await reconcileSpace(deps, request, { space, version, name }))
      }
    }
  }
  return done
}

type Tally = { -readonly [Name in keyof VectorsReconciled]: VectorsReconciled[Name] } & {
  examples: VectorsReconciled["examples"][number][]
}

interface Work {
  readonly deps: ReconcileVectorsDeps
  readonly space: VectorSpace
  readonly target: VectorTarget
  readonly settledAt: Date
  readonly repair: boolean
  readonly tally: Tally
  readonly onPage: () => void
}

async function reconcileSpace(
  deps: ReconcileVectorsDeps,
  { now, repair = false, onProgress }: ReconcileVectors,
  { space, version, name }: { space: VectorSpace; version: EmbeddingVersion; name: string },
): Promise<VectorsReconciled> {
  const { storeId, versionId, family } = space
  const counts = { looked: 0, missing: 0, stale: 0, orphaned: 0, fresh: 0, owed: 0, parked: 0, repaired: 0 }
  const tally: Tally = { storeId, store: name, versionId, model: version.model.model, family, ...counts, examples: [] }
  const target = { index: version.indexName, namespace: namespaceOf(family, version) }
  const settledAt = new Date(now.getTime() - settleMs)
  const work = { deps, space, target, settledAt, repair, tally, onPage: () => onProgress?.(tally) }
  await findMissingAndStale(work)
  await findOrphaned(work)
  return tally
}

/** From Postgres to the index. */
async function findMissingAndStale(work: Work): Promise<void> {
  const { deps, space, target, settledAt, tally } = work
  for (let after: VectorKey | undefined; ; ) {
    const entries = await deps.beliefs.entries(space, after, pageMax)
    if (entries.length === 0) return
    after = entries.at(-1)!
    tally.looked += entries.length
    // What the index holds of the others does not matter to their verdict.
    const byVerdict = Map.groupBy(entries, (entry) => judge(entry, undefined, settledAt))
    const { missing: settled = [], ...others } = Object.fromEntries(byVerdict) as Partial<
      Record<Verdict, VectorEntry[]>
    >
    for (const [verdict, { length }] of Object.entries(others)) count(tally, verdict as Verdict, length)
    const hashes = await deps.index.hashes(target, settled.map(vectorId))
    const differing = settled.filter((entry) => judge(entry, hashes.get(vectorId(entry)), settledAt) !== "right")
    const found = await unchanged(work, differing)
    for (const entry of found) note(tally, judge(entry, hashes.get(vectorId(entry)), settledAt), vectorId(entry))
    if (work.repair && found.length > 0) tally.repaired += await deps.beliefs.oweWriting(space, found, settledAt)
    work.onPage()
  }
}

/** Of these rows, those that are still as they were read. */
async function unchanged({ deps, space }: Work, entries: readonly VectorEntry[]): Promise<VectorEntry[]> {
  if (entries.length === 0) return []
  const now = new Map((await deps.beliefs.entriesOf(space, entries)).map((entry) => [vectorId(entry), entry]))
  return entries.filter((entry) => {
    const same = now.get(vectorId(entry))
    return (
      same?.wantedHash === entry.wantedHash &&
      same.writtenHash === entry.writtenHash &&
      same.writtenAt?.getTime() === entry.writtenAt?.getTime()
    )
  })
}

/** From the index to Postgres. */
async function findOrphaned(work: Work): Promise<void> {
  let ids: string[] = []
  for await (const page of work.deps.index.list(work.target)) {
    ids.push(...page)
    if (ids.length < pageMax) continue
    await judgeListed(work, ids)
    ids = []
  }
  if (ids.length > 0) await judgeListed(work, ids)
}

async function judgeListed(work: Work, ids: readonly string[]): Promise<void> {
  const { deps, space, target, tally } = work
  const suspects = await unwanted(work, ids)
  if (suspects.length > 0) {
    // Still there, and then still not wanted: not written or removed between the listing and the rows.
    const there = await deps.index.hashes(target, suspects)
    const found = await unwanted(
      work,
      suspects.filter((id) => there.has(id)),
    )
    for (const id of found) note(tally, "orphaned", id)
    if (work.repair && found.length > 0) {
      const keys = found.map((id) => vectorRef(space.family, id))
      tally.repaired += await deps.beliefs.oweRemoval(space, keys, work.settledAt)
    }
  }
  work.onPage()
}

/** Of ids that the index has, those that Postgres does not want there. */
async function unwanted({ deps, space, settledAt }: Work, ids: readonly string[]): Promise<string[]> {
  const keys = ids.map((id) => vectorRef(space.family, id))
  const entries = new Map((await deps.beliefs.entriesOf(space, keys)).map((entry) => [vectorId(entry), entry]))
  return ids.filter((id) => judge(entries.get(id), "", settledAt) === "orphaned")
}

function count(tally: Tally, verdict: Verdict, entries = 1): void {
  if (verdict !== "right") tally[verdict] += entries
}

function note(tally: Tally, verdict: Verdict, id: string): void {
  count(tally, verdict)
  const isFinding = verdict === "missing" || verdict === "stale" || verdict === "orphaned"
  if (isFinding && tally.examples.length < examplesMax) tally.examples.push({ what: verdict, id })
}
