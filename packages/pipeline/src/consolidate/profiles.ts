import type {
  ConsolidationLedger,
  Measure,
  ProfileRow,
  ProfileValues,
  ProfileVector,
  Rests,
  StoredProfile,
} from "@engram/contracts/consolidation-ledger"
import type { ProfileId } from "@engram/contracts/ids"
import type { EmbeddingVersion, VectorView } from "@engram/contracts/knowledge"
import {
  addTo,
  centroids,
  drift,
  driftAtMost,
  driftMax,
  rebuildAfterDays,
  type Sums,
  weightOf,
} from "@engram/core/consolidate/centroid"
import { membersMin, weightiest } from "@engram/core/consolidate/clusters"
import { type Background, background, describe, termsOf } from "@engram/core/consolidate/descriptors"
import { deriveId, textHash } from "@engram/core/ids"
import { profileVector } from "../persist/wanted-vectors.ts"
import type { EntityDue, StoreDue } from "./due.ts"
import { assertOurs, type Run } from "./run.ts"

/** Observations whose words describe an entity: its weightiest. */
const describedMax = 100
/** Observations of the store that its entities are set apart from. */
const backgroundMax = 2_000
/** Memory for sums of vectors: 64 MB hold 5,200 entities of 512 numbers in three views. */
const sumBytesMax = 64 << 20
/** Profiles described and saved together. */
const batchMax = 25

/** What one entity's evidence adds up to, in one embedding version. */
interface Sum {
  readonly sums: Sums
  readonly members: NonNullable<ProfileVector["member"]>[]
  readonly scopeIds: Set<ProfileVector["scopeIds"][number]>
  summaries: number
}

type Due = StoreDue["entities"]

/** The profiles of all due entities of a store, from what the workspace may read. */
export async function rebuildProfiles(run: Run, store: StoreDue): Promise<void> {
  const { ledger, workspaceId, report } = run
  const versions = await ledger.versions(workspaceId, store.storeId)
  const active = versions.find(({ status }) => status === "active")
  if (active === undefined) return
  const due = store.entities
  report.profilesDue += due.size
  const context = {
    run,
    storeId: store.storeId,
    versions,
    active,
    background: once(() => readBackground(run, store.storeId)),
  }
  const perEntity = 3 * Math.max(...versions.map(({ model }) => model.dimension)) * Float64Array.BYTES_PER_ELEMENT
  const chunk = Math.max(1, Math.floor(sumBytesMax / perEntity / versions.length))
  const ids = [...due.keys()].sort()
  for (let from = 0; from < ids.length; from += chunk) {
    await rebuildSome(context, store, new Map(ids.slice(from, from + chunk).map((id) => [id, due.get(id)!])))
  }
}

interface Context {
  readonly run: Run
  readonly storeId: string
  readonly versions: readonly EmbeddingVersion[]
  readonly active: EmbeddingVersion
  readonly background: () => Promise<Background>
}

async function rebuildSome(context: Context, store: StoreDue, due: Due): Promise<void> {
  const { run, storeId, active } = context
  const { ledger, workspaceId, report } = run
  const rows = await ledger.profiles(workspaceId, storeId, [...due.keys()], active)
  const stored = new Map(rows.map((row) => [row.entityId, row]))
  const near = stillNear(context, due, rows)
  report.profilesUnchanged += near.size
  await save(context, { rebuilt: [], measured: [...near.values()], withdrawn: [] })
  const open = [...due.keys()].filter((entityId) => !near.has(entityId))
  if (open.length === 0) return

  const byVersion = await sumsOf(context, store, open)
  const rebuilt: Moved[] = []
  const measured: Measured[] = []
  const withdrawn: ProfileId[] = []
  for (const entityId of open) {
    const sum = byVersion.get(active.id)!.get(entityId)
    const before = stored.get(entityId)
    report.observationsRead += sum?.members.length ?? 0
    const now = sum && measure(sum, before)
    if (now === undefined) withdrawn.push(...(before ? [before.id] : []))
    else if (before && isKept(context, before, now, due.get(entityId)!)) measured.push({ id: before.id, ...now })
    else rebuilt.push({ entityId, weight: now.weight })
  }
  report.profilesUnchanged += measured.length
  report.profilesWithdrawn += withdrawn.length
  await save(context, { rebuilt: [], measured, withdrawn })
  for (let from = 0; from < rebuilt.length; from += batchMax) {
    await rebuild(context, rebuilt.slice(from, from + batchMax), byVersion)
  }
}

type Measured = Measure & { readonly id: ProfileId }

/** Those that so little came to that they cannot have moved far: nothing of theirs is read. */
function stillNear(context: Context, due: Due, stored: readonly StoredProfile[]): Map<string, Measured> {
  const near = new Map<string, Measured>()
  for (const before of stored) {
    const { entityId, id, drift, weight } = before
    const owed = due.get(entityId)!
    const now = { drift, weight, changed: before.changed + owed.added }
    if (isKept(context, before, { ...now, drift: driftAtMost(now) }, owed)) near.set(entityId, { id, ...now })
  }
  return near
}

/** What the evidence of these entities adds up to, by version. */
async function sumsOf(
  { run: { ledger, workspaceId }, storeId, versions }: Context,
  store: StoreDue,
  entityIds: readonly string[],
): Promise<Map<string, Map<string, Sum>>> {
  const wanted = new Set(entityIds)
  const aliases = store.names.aliasesOf(entityIds)
  const byVersion = new Map<string, Map<string, Sum>>()
  for (const version of versions) {
    const sums = new Map<string, Sum>()
    await ledger.profileVectors(workspaceId, { storeId, version, aliases }, (page) => {
      for (const vector of page) add(sums, wanted, vector)
    })
    byVersion.set(version.id, sums)
  }
  return byVersion
}

interface Moved {
  readonly entityId: string
  readonly weight: number
}

/** How far its centroid is from that of the last rebuild; undefined when there is too little to have one. */
function measure({ sums, members, summaries }: Sum, before: StoredProfile | undefined): Measure | undefined {
  const body = centroids(sums).get("body")
  if (body === undefined || members.length + summaries < membersMin) return undefined
  return { drift: before?.body ? drift(body, before.body) : 0, weight: weightOf(sums, "body"), changed: 0 }
}

const isKept = (context: Context, before: StoredProfile, now: Measure, { lost }: EntityDue): boolean =>
  !lost && now.drift <= driftMax && !isOld(context, before)

function add(
  sums: Map<string, Sum>,
  wanted: ReadonlySet<string>,
  { entityIds, view, values, member, scopeIds }: ProfileVector,
): void {
  for (const entityId of entityIds) {
    if (!wanted.has(entityId)) continue
    let sum = sums.get(entityId)
    if (sum === undefined) {
      sum = { sums: new Map(), members: [], scopeIds: new Set(), summaries: 0 }
      sums.set(entityId, sum)
    }
    addTo(sum.sums, view, values)
    for (const scopeId of scopeIds) sum.scopeIds.add(scopeId)
    if (view !== "body") continue
    if (member) sum.members.push(member)
    else sum.summaries++
  }
}

/** It is empty, a month old, or a version has come that it is not in. */
function isOld({ run, versions }: Context, before: StoredProfile): boolean {
  if (before.body === null) return true
  if (run.now - before.rebuiltAt > rebuildAfterDays * 86_400_000) return true
  return versions.some(({ id }) => !before.versionIds.includes(id))
}

async function rebuild(
  context: Context,
  batch: readonly Moved[],
  byVersion: ReadonlyMap<string, ReadonlyMap<string, Sum>>,
): Promise<void> {
  const { run, storeId, versions, active } = context
  const described = batch.map((each) => {
    const sum = byVersion.get(active.id)!.get(each.entityId)!
    return { ...each, sum, evidence: weightiest(sum.members, describedMax) }
  })
  const ids = new Set(described.flatMap(({ evidence }) => evidence.map(({ id }) => id)))
  const rows = await run.ledger.evidence(run.workspaceId, [...ids])
  run.report.textsRead += rows.length
  const texts = new Map(rows.map(({ id, title, text }) => [id, title ? `${title}. ${text}` : text]))
  const all = await context.background()
  const profiles = described.map(({ entityId, weight, sum, evidence }) => {
    const id: ProfileId = deriveId("prf", storeId, entityId)
    const vectors = versions.flatMap((version) =>
      vectorsOf(context, { id, entityId }, version, byVersion.get(version.id)!.get(entityId)),
    )
    return {
      id,
      storeId,
      entityId,
      descriptors: describe(evidence.flatMap(({ id }) => texts.get(id) ?? []).map(termsOf), all),
      observations: sum.members.length,
      summaries: sum.summaries,
      scopeIds: [...sum.scopeIds].sort(),
      weight,
      evidence,
      vectors,
    }
  })
  await save(context, { rebuilt: profiles, measured: [], withdrawn: [] })
}

function vectorsOf(
  { storeId }: Context,
  profile: { readonly id: ProfileId; readonly entityId: string },
  version: EmbeddingVersion,
  sum: Sum | undefined,
): ProfileValues[] {
  if (sum === undefined) return []
  return [...centroids(sum.sums)].map(([view, values]): ProfileValues => {
    const hash = centroidHash(profile.id, view, values)
    return {
      version,
      view,
      textHash: hash,
      values,
      wanted: profileVector(version, storeId, { ...profile, view }, hash),
    }
  })
}

/** Names a centroid's values where those of texts are kept: no other profile's are the same row. */
const centroidHash = (id: ProfileId, view: VectorView, values: Float32Array): string =>
  textHash(`${id} ${view} ${Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64")}`)

type Change = Omit<Parameters<ConsolidationLedger["saveProfiles"]>[2], "storeId" | "now"> & {
  readonly rebuilt: readonly (ProfileRow & Rests)[]
}

async function save({ run, storeId }: Context, change: Change): Promise<void> {
  if (change.rebuilt.length + change.measured.length + change.withdrawn.length === 0) return
  assertOurs(run)
  const saved = await run.ledger.saveProfiles(run.workspaceId, run.id, { ...change, storeId, now: run.now })
  run.report.profilesRebuilt += saved.length
}

async function readBackground(run: Run, storeId: string): Promise<Background> {
  const texts = await run.ledger.sampleTexts(run.workspaceId, storeId, backgroundMax)
  run.report.textsRead += texts.length
  return background(texts)
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= work()
    return made
  }
}
