import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { MemoryPlace, NewMemory } from "@engram/contracts/memories"
import type { VectorMetadata } from "@engram/contracts/ports"
import { textHash } from "@engram/core/ids"
import { wantedHash } from "@engram/core/vector-hash"
import type { Transaction } from "../database.ts"
import { modelKey, saveValues } from "../embedding-values.ts"
import { laneVersions, unwant, unwanted, wantVectors } from "../knowledge/vectors.ts"

/** A memory as it is written, with the life of its namespace. */
export interface PlacedMemory extends NewMemory {
  readonly namespaceId: string
}

/**
 * Owes each memory exactly one vector a version: those that callers brought in the callers' version, the others in the
 * server's. Whatever other vectors the ids had are owed their removal, and values that nothing needs any more go.
 */
export async function owe(tx: Transaction, place: MemoryPlace, memories: readonly PlacedMemory[]): Promise<void> {
  const known = memories.filter(({ mayExist }) => mayExist).map(({ id }) => id)
  const before = await hashesOf(tx, place, known)
  const versions = await laneVersions(tx, place.storeId, "for share")
  const caller = versions.find(({ status }) => status === "caller")
  const wanted = memories.flatMap((memory) => {
    const hash = hashOf(place, memory)
    const targets = versions.filter(({ status }) => (status === "caller") === (memory.embedding !== null))
    return targets.map((version) => wantedIn(version, place, memory, hash))
  })
  if (caller) await saveBrought(tx, place, caller, memories)
  await wantVectors(tx, place.workspaceId, wanted)
  if (before.length === 0) return
  await tx.query(
    `update vector_entries v set ${unwanted} where v.store_id = $1 and v.family = 'memories' and v.ref_id = any($2)
       and v.wanted_hash is not null and (v.ref_id, v.embedding_version_id) not in (select * from unnest($3::text[], $4::text[]))`,
    [place.storeId, known, wanted.map(({ refId }) => refId), wanted.map((each) => each.embeddingVersionId)],
  )
  await dropValues(tx, place.workspaceId, before)
}

/** Owes the removal of the vectors of memories that `gone`, a query of (store_id, id), removes. Returns how many went. */
export async function disown(
  tx: Transaction,
  place: MemoryPlace,
  gone: string,
  values: readonly unknown[],
): Promise<number> {
  const rows = await tx.query<{ id: string; textHash: string | null }>(
    `with gone as (${gone}), owed as (${unwant("memories")} returning v.ref_id as id, v.text_hash)
     select g.id, o.text_hash as "textHash" from gone g left join owed o on o.id = g.id`,
    values,
  )
  const hashes = rows.flatMap(({ textHash: hash }) => hash ?? [])
  await dropValues(tx, place.workspaceId, hashes)
  return new Set(rows.map(({ id }) => id)).size
}

/** Of memories only: what they say is never known by the hash of another family's text, so it can go when they go. */
function hashOf(place: MemoryPlace, { id, content, embedding }: PlacedMemory): string {
  if (embedding === null) return `memory:${textHash(content)}`
  const bytes = Buffer.from(embedding.buffer, embedding.byteOffset, embedding.byteLength)
  return `memory:${place.storeId}:${id}:${textHash(bytes.toString("base64"))}`
}

function wantedIn(version: EmbeddingVersion, place: MemoryPlace, memory: PlacedMemory, hash: string) {
  const metadata: VectorMetadata = {
    namespace: memory.namespaceId,
    type: memory.kind,
    source: memory.source,
    ...(memory.pin === null ? {} : { pin: memory.pin }),
    ...(memory.expiresAt === null ? {} : { expiresAt: memory.expiresAt.getTime() }),
  }
  return {
    storeId: place.storeId,
    family: "memories" as const,
    refId: memory.id,
    view: "body" as const,
    embeddingVersionId: version.id,
    textHash: hash,
    metadata,
    wantedHash: wantedHash(hash, metadata),
  }
}

async function saveBrought(
  tx: Transaction,
  place: MemoryPlace,
  caller: EmbeddingVersion,
  memories: readonly PlacedMemory[],
): Promise<void> {
  const brought = memories.flatMap((memory) =>
    memory.embedding === null ? [] : [{ textHash: hashOf(place, memory), values: memory.embedding }],
  )
  if (brought.length > 0) await saveValues(tx, place.workspaceId, caller.model, brought)
}

async function hashesOf(tx: Transaction, place: MemoryPlace, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await tx.query<{ textHash: string }>(
    `select distinct text_hash as "textHash" from vector_entries where store_id = $1 and family = 'memories' and ref_id = any($2)`,
    [place.storeId, ids],
  )
  return rows.map((row) => row.textHash)
}

/** Lets values go that no memory of the workspace wants any more. One that a writer wants this moment is computed again. */
async function dropValues(tx: Transaction, workspaceId: string, hashes: readonly string[]): Promise<void> {
  if (hashes.length === 0) return
  const versions = await tx.query<{ provider: string; model: string; dimension: number }>(
    "select distinct provider, model, dimension from embedding_versions where workspace_id = $1",
    [workspaceId],
  )
  await tx.query(
    `delete from embedding_values e using (select distinct h from unnest($3::text[]) h) k
     where e.workspace_id = $1 and e.model = any($2) and e.text_hash = k.h
       and not exists (select from vector_entries v where v.workspace_id = $1 and v.family = 'memories'
                       and v.text_hash = k.h and v.wanted_hash is not null)`,
    [workspaceId, versions.map(modelKey), hashes],
  )
}
