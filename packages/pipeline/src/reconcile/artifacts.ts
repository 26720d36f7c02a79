import { hash } from "node:crypto"
import type { ArtifactStore, StoredArtifact } from "@engram/contracts/ports"
import type { ArtifactBeliefs, ArtifactsReconciled, KnownArtifact, LostArtifact } from "@engram/contracts/reconcile"
import { artifactsPrefix } from "../archive.ts"
import { sideBySide } from "./side-by-side.ts"
import { settleMs } from "./vectors.ts"

const pageMax = 1_000
const examplesMax = 100
/** A share of 1/30 read every night has read everything after a month. */
const dayMs = 86_400_000

export interface ReconcileArtifactsDeps {
  readonly beliefs: ArtifactBeliefs
  readonly artifacts: ArtifactStore
}

export interface ReconcileArtifacts {
  readonly workspaceId: string
  /** What this store's deliveries lost, and no orphans: another store may know them. */
  readonly storeId?: string
  readonly now: Date
  readonly repair?: boolean
  /** Which share of the artifacts is read and hashed, another one each day; none by default, their length is compared always. */
  readonly readShare?: number
  /** Repairing removes orphans last written before then; none unless it is said. */
  readonly orphansBefore?: Date
  readonly onProgress?: (so: ArtifactsReconciled) => void
}

type Tally = { -readonly [Name in keyof ArtifactsReconciled]: ArtifactsReconciled[Name] } & {
  lost: LostArtifact[]
  orphans: string[]
}

interface Work extends ReconcileArtifacts {
  readonly deps: ReconcileArtifactsDeps
  readonly tally: Tally
}

/**
 * Compares what deliveries believe archived with what is there, both in the order of their keys, a page of each at a time. Each
 * difference is looked at once more before it counts, so that an archive lane at work makes none.
 */
export async function reconcileArtifacts(
  deps: ReconcileArtifactsDeps,
  request: ReconcileArtifacts,
): Promise<ArtifactsReconciled> {
  const counts = { looked: 0, read: 0, missing: 0, damaged: 0, orphaned: 0, fresh: 0, restored: 0, removed: 0 }
  const tally: Tally = { ...counts, lost: [], orphans: [] }
  const work = { ...request, deps, tally }
  const known = knownArtifacts(deps.beliefs, request.workspaceId)
  const stored = deps.artifacts.list(artifactsPrefix(request.workspaceId))
  for await (const [believed, object] of sideBySide(known, stored)) {
    if (believed) await lookAt(work, believed, object)
    else if (object && request.storeId === undefined) await lookAtUnknown(work, object)
    if (++tally.looked % pageMax === 0) request.onProgress?.(tally)
  }
  request.onProgress?.(tally)
  return tally
}

async function* knownArtifacts(beliefs: ArtifactBeliefs, workspaceId: string): AsyncGenerator<KnownArtifact[]> {
  for (let after = ""; ; ) {
    const page = await beliefs.artifacts(workspaceId, after, pageMax)
    if (page.length === 0) return
    yield page
    after = page.at(-1)!.key
  }
}

async function lookAt(work: Work, believed: KnownArtifact, object: StoredArtifact | undefined): Promise<void> {
  const { deps, workspaceId, storeId, tally } = work
  if (believed.isForgotten) return
  if (storeId !== undefined && !believed.deliveries.some((delivery) => delivery.storeId === storeId)) return
  let what = await differenceOf(work, believed, object)
  if (what === undefined) return
  const again = await deps.beliefs.artifact(workspaceId, believed.key)
  if (again === undefined || again.isForgotten) return
  what = await differenceOf(work, again, await deps.artifacts.stat(again.key))
  if (what === undefined) return
  tally[what]++
  if (work.repair && (await restore(work, again))) {
    tally.restored++
    return
  }
  if (tally.lost.length >= examplesMax) return
  const deliveries = again.deliveries.map(({ id }) => id)
  const documents = await deps.beliefs.documentsOf(workspaceId, deliveries)
  tally.lost.push({ what, key: again.key, deliveries, documents })
}

async function differenceOf(
  { deps, now, readShare = 0, tally }: Work,
  { key, bytes, bodyHash }: KnownArtifact,
  object: StoredArtifact | undefined,
): Promise<LostArtifact["what"] | undefined> {
  if (object === undefined) return "missing"
  if (object.bytes !== bytes) return "damaged"
  if (!isInShare(bodyHash, readShare, now)) return undefined
  tally.read++
  const body = await deps.artifacts.get(key)
  if (body === undefined) return "missing"
  return hash("sha256", body, "hex") === bodyHash ? undefined : "damaged"
}

/** Hashes are spread evenly; each day's share begins where the day before ended. */
function isInShare(bodyHash: string, share: number, now: Date): boolean {
  if (share <= 0) return false
  const at = Number.parseInt(bodyHash.slice(-8), 16) / 0x1_0000_0000
  const start = (Math.floor(now.getTime() / dayMs) * share) % 1
  return (at - start + 1) % 1 < share
}

/** Another delivery may have brought the same bytes and still have them. */
async function restore({ deps, workspaceId }: Work, { key, bodyHash }: KnownArtifact): Promise<boolean> {
  const body = await deps.beliefs.body(workspaceId, bodyHash)
  if (body === undefined) return false
  await deps.artifacts.put(key, body)
  return true
}

/** Bytes go to object storage before their row says so, and stay in the row until then. */
async function lookAtUnknown(work: Work, object: StoredArtifact): Promise<void> {
  const { now, tally, repair, orphansBefore } = work
  if (await isWanted(work, object.key)) return
  if (now.getTime() - object.modifiedAt.getTime() < settleMs) {
    tally.fresh++
    return
  }
  tally.orphaned++
  const isOld = orphansBefore !== undefined && object.modifiedAt < orphansBefore
  if (repair && isOld && (await removeOrphan(work, object.key))) tally.removed++
  else if (tally.orphans.length < examplesMax) tally.orphans.push(object.key)
}

/** In this order: bytes leave a row in the moment it learns their key. */
const isWanted = async ({ deps, workspaceId }: Work, key: string): Promise<boolean> =>
  (await deps.beliefs.body(workspaceId, key.slice(key.lastIndexOf("/") + 1))) !== undefined ||
  (await deps.beliefs.artifact(workspaceId, key)) !== undefined

/**
 * A delivery of the very same bytes may come this moment and be archived under this key. Its row is there long before its bytes are
 * put, so when a look after the removal finds one, the bytes are put back.
 */
async function removeOrphan(work: Work, key: string): Promise<boolean> {
  const { artifacts } = work.deps
  const bytes = await artifacts.get(key)
  if (await isWanted(work, key)) return false
  await artifacts.remove(key)
  if (bytes === undefined || !(await isWanted(work, key))) return true
  await artifacts.put(key, bytes)
  return false
}
