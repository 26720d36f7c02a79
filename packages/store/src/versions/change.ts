import { Rejected } from "@engram/contracts/errors"
import type { EmbeddingModel } from "@engram/contracts/ports"
import type { StoredVersion, StorePlace, VersionLedger } from "@engram/contracts/versions"
import { byPartialIndex } from "../by-partial-index.ts"
import type { Database } from "../database.ts"
import { modelKey } from "../embedding-values.ts"
import { showComplete } from "../knowledge/chunks.ts"
import { isOwed } from "../knowledge/vectors.ts"
import type { Transaction } from "../transaction.ts"
import { aloneWithVersions } from "./rows.ts"

type Change = Pick<VersionLedger, "create" | "activate" | "abandon">

/** Between two looks at what is still owed while everybody waits. */
const lookMs = 20

export const changeVersions = (database: Database): Change => ({
  create: (place, { id, model, indexName }) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const versions = await aloneWithVersions(tx, place)
      const known = versions.find((version) => version.id === id)
      refuseUnlessFree(versions, known)
      if (known?.status === "canary") return { begun: "again" }
      if (known) {
        await takeUpAgain(tx, known)
        return { begun: "again" }
      }
      const { provider, model: name, dimension } = model
      await tx.query(
        `insert into embedding_versions (id, workspace_id, store_id, provider, model, dimension, status, index_name)
         values ($1, $2, $3, $4, $5, $6, 'canary', $7)`,
        [id, place.workspaceId, place.storeId, provider, name, dimension, indexName],
      )
      return { begun: "new" }
    }),

  activate: (place, versionId, { settle, holdMaxMs }) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const versions = await aloneWithVersions(tx, place)
      const next = versions.find(({ id }) => id === versionId)
      if (next?.status !== "canary")
        throw new Rejected("not_canary", "the version is not beside the active one any more")
      await tx.query(byPartialIndex)
      const deadline = performance.now() + holdMaxMs
      let owed = await owedTo(tx, place, versionId)
      while (owed > 0 && performance.now() < deadline) {
        await Promise.race([settle().catch(() => {}), wait(deadline - performance.now())])
        await wait(lookMs)
        owed = await owedTo(tx, place, versionId)
      }
      if (owed > 0) return owed
      for (const before of versions.filter(({ status }) => status === "active")) await archive(tx, before)
      await tx.query("update embedding_versions set status = 'active', archived_at = null where id = $1", [versionId])
      await showAll(tx, place)
      return 0
    }),

  abandon: (place) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const canary = (await aloneWithVersions(tx, place)).find(({ status }) => status === "canary")
      if (canary) await archive(tx, canary)
      return canary && { ...canary, status: "archived" }
    }),
})

export async function owedTo(tx: Transaction, place: StorePlace, versionId: string): Promise<number> {
  const [row] = await tx.query<{ owed: number }>(
    `select count(*)::int as owed from vector_entries where workspace_id = $1 and store_id = $2 and embedding_version_id = $3
     and ${isOwed()}`,
    [place.workspaceId, place.storeId, versionId],
  )
  return row!.owed
}

/**
 * Nothing more is written to it; what is owed now may be on its way there, so its removal can still be owed, and what the index holds of
 * it is not known.
 */
async function archive(tx: Transaction, { id, workspaceId, storeId }: StoredVersion): Promise<void> {
  await tx.query("update embedding_versions set status = 'archived', archived_at = now() where id = $1", [id])
  await tx.query(
    `update vector_entries set wanted_hash = 'unknown', written_hash = 'unknown'
     where workspace_id = $1 and store_id = $2 and embedding_version_id = $3
       and ${isOwed()} and wanted_hash is not null`,
    [workspaceId, storeId, id],
  )
}

/** What its embedder refused is asked once more. */
async function takeUpAgain(tx: Transaction, { id, storeId }: StoredVersion): Promise<void> {
  await tx.query("update embedding_versions set status = 'canary', archived_at = null where id = $1", [id])
  await tx.query(
    `update vector_entries set parked_reason = null, attempts = 0
     where store_id = $1 and embedding_version_id = $2 and parked_reason is not null`,
    [storeId, id],
  )
}

/** Documents that the version before still owed a vector are complete in this one. */
async function showAll(tx: Transaction, { workspaceId, storeId }: StorePlace): Promise<void> {
  await tx.query("set local enable_seqscan = on")
  const waiting = await tx.query<{ id: string }>(
    "select id from knowledge_documents where workspace_id = $1 and store_id = $2 and indexed_version < version",
    [workspaceId, storeId],
  )
  await showComplete(
    tx,
    workspaceId,
    waiting.map(({ id }) => id),
  )
}

/** Whether the version can be made, or taken up again, beside what there is. */
function refuseUnlessFree(versions: readonly StoredVersion[], known: StoredVersion | undefined): void {
  if (!versions.some(({ status }) => status === "active")) throw noVersion()
  if (known?.status === "active") throw refused("already_active", known.model, "is what the store answers from already")
  if (known?.status === "dropping") {
    throw refused("being_dropped", known.model, "is being removed; try again in a moment")
  }
  const other = versions.find(({ id, status }) => status === "canary" && id !== known?.id)
  if (other) throw refused("another_canary", other.model, "is being filled: finish it, or give it up with --abandon")
}

const noVersion = (): Rejected =>
  new Rejected(
    "no_version",
    "nothing was written to this store yet; its first model is the one that EMBEDDING_MODEL and EMBEDDING_DIMENSION name",
  )

const refused = (code: string, model: EmbeddingModel, words: string): Rejected =>
  new Rejected(code, `${modelKey(model)} ${words}`)

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
