import type { MemoryPlace, NewMemory } from "@engram/contracts/memory-ledger"
import type { VectorMetadata } from "@engram/contracts/ports"
import { callersModel } from "@engram/core/callers-model"
import { textHash } from "@engram/core/ids"
import { wantedHash } from "@engram/core/vector-hash"
import { modelKey } from "../embedding-values.ts"
import { unwant, unwanted, wantedAnew } from "../knowledge/vectors.ts"
import type { Transaction } from "../transaction.ts"

/** A memory as it is written, with the life of its namespace. */
export interface PlacedMemory extends NewMemory {
  readonly namespaceId: string
}

/** What is wanted of a memory's vector, in whichever version that is; `brought` if its caller gave the values. */
interface WantedVector {
  readonly id: string
  readonly textHash: string
  readonly metadata: VectorMetadata
  readonly wantedHash: string
  readonly brought: boolean
}

export function wantedOf(place: MemoryPlace, memory: PlacedMemory): WantedVector {
  const textHash = hashOf(place, memory)
  const metadata: VectorMetadata = {
    namespace: memory.namespaceId,
    type: memory.kind,
    source: memory.source,
    ...(memory.pin === null ? {} : { pin: memory.pin }),
    ...(memory.expiresAt === null ? {} : { expiresAt: memory.expiresAt.getTime() }),
  }
  const { id, embedding } = memory
  return { id, textHash, metadata, wantedHash: wantedHash(textHash, metadata), brought: embedding !== null }
}

/** A version `e` holds exactly one vector of a memory `k`: the callers' of what callers brought, the server's of all else. */
const isHeldIn = `e.store_id = $1 and e.status in ('active', 'canary', 'caller') and (e.status = 'caller') = k.brought`

/** Owes what `given`, a query of `WantedVector`, wants. $1 store, $2 workspace; the caller holds the store's versions. */
export const oweSql = (given: string): string => `
    insert into vector_entries as v (store_id, family, ref_id, view, embedding_version_id, workspace_id, text_hash, metadata, wanted_hash)
    select $1, 'memories', k.id, 'body', e.id, $2, k."textHash", k.metadata, k."wantedHash"
    from (${given}) k join embedding_versions e on ${isHeldIn} order by k.id, e.status
    on conflict (store_id, family, ref_id, view, embedding_version_id) do update set ${wantedAnew("v")}
    where v.wanted_hash is distinct from excluded.wanted_hash`

/** Values as one binary parameter, cut apart in the server. */
interface Brought {
  readonly model: string
  readonly textHashes: readonly string[]
  readonly bytes: Buffer
  readonly bytesEach: number
}

/** Of one dimension all: the store's version of them sees to that. `wanted` is in the order of the memories. */
export function broughtWith(memories: readonly PlacedMemory[], wanted: readonly WantedVector[]): Brought {
  const brought = memories.flatMap(({ embedding }, at) => {
    return embedding === null ? [] : [{ textHash: wanted[at]!.textHash, embedding }]
  })
  const dimension = brought[0]?.embedding.length ?? 0
  return {
    model: modelKey(callersModel(dimension)),
    textHashes: brought.map(({ textHash }) => textHash),
    bytes: Buffer.concat(brought.map(({ embedding }) => bytesOf(embedding))),
    bytesEach: dimension * Float32Array.BYTES_PER_ELEMENT,
  }
}

/**
 * For memories that were there before: owes them what they want now. Whatever other vectors the ids had are owed their removal,
 * and values that nothing needs any more go.
 */
export async function oweAgain(tx: Transaction, place: MemoryPlace, wanted: readonly WantedVector[]): Promise<void> {
  const ids = wanted.map(({ id }) => id)
  const before = await hashesOf(tx, place, ids)
  await tx.query(
    oweSql(
      `select * from json_to_recordset($3) as g(id text, "textHash" text, metadata jsonb, "wantedHash" text, brought boolean)`,
    ),
    [place.storeId, place.workspaceId, JSON.stringify(wanted)],
  )
  if (before.length === 0) return
  await tx.query(
    `update vector_entries v set ${unwanted}
     from unnest($2::text[], $3::boolean[]) k(id, brought) where v.store_id = $1 and v.family = 'memories' and v.ref_id = k.id
       and v.wanted_hash is not null
       and not exists (select from embedding_versions e where e.id = v.embedding_version_id and ${isHeldIn})`,
    [place.storeId, ids, wanted.map(({ brought }) => brought)],
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

/**
 * Without the values of memories that have gone or changed while they were embedded: nobody would let them go again. The others'
 * vectors are locked, so that who removes one of them now does it behind these values.
 */
export async function stillWanted<Row extends { readonly textHash: string }>(
  tx: Transaction,
  workspaceId: string,
  rows: readonly Row[],
): Promise<Row[]> {
  const ofMemories = rows.flatMap(({ textHash }) => (textHash.startsWith(hashPrefix) ? [textHash] : []))
  if (ofMemories.length === 0) return [...rows]
  const wanted = await tx.query<{ textHash: string }>(
    `select text_hash as "textHash" from vector_entries
     where workspace_id = $1 and family = 'memories' and text_hash = any($2) and wanted_hash is not null order by ref_id for share`,
    [workspaceId, ofMemories],
  )
  const hashes = new Set(wanted.map(({ textHash }) => textHash))
  return rows.filter(({ textHash }) => !textHash.startsWith(hashPrefix) || hashes.has(textHash))
}

/** Other families' hashes are hexadecimal, and come before these in the order of any language. */
export const hashPrefix = "memory:"

/** Of memories only: what they say is never known by the hash of another family's text, so it can go when they go. */
function hashOf(place: MemoryPlace, { id, content, embedding }: PlacedMemory): string {
  if (embedding === null) return `${hashPrefix}${textHash(content)}`
  return `${hashPrefix}${place.storeId}:${id}:${textHash(bytesOf(embedding).toString("base64"))}`
}

const bytesOf = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength)

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
