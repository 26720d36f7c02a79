import type {
  ArtifactBeliefs,
  KnownArtifact,
  RebuildLedger,
  VectorBeliefs,
  VectorEntry,
  VectorKey,
  VectorSpace,
} from "@engram/contracts/reconcile"
import type { Database } from "./database.ts"
import { isOwed, writtenVersions } from "./knowledge/vectors.ts"
import { unpackBody } from "./packed-body.ts"

const entryColumns = `v.ref_id as "refId", v.view, v.wanted_hash as "wantedHash", v.written_hash as "writtenHash",
  v.written_at as "writtenAt", v.removed_at as "removedAt", v.parked_reason is not null as "isParked"`

const inSpace = "v.workspace_id = $1 and v.store_id = $2 and v.embedding_version_id = $3 and v.family = $4"
const ofSpace = ({ workspaceId, storeId, versionId, family }: VectorSpace): readonly unknown[] => [
  ...[workspaceId, storeId, versionId, family],
]
const ofKeys = (keys: readonly VectorKey[]): readonly unknown[] => [
  keys.map(({ refId }) => refId),
  keys.map(({ view }) => view),
]
const keys = "(select * from unnest($5::text[], $6::text[]) as k(ref_id, view)) k"
const byKey = "(v.ref_id, v.view) = (k.ref_id, k.view)"

/**
 * Nothing is written any more to a version that was archived meanwhile: what was owed to it would be owed for ever. Held until the
 * end, so that who archives it now finds what is owed here.
 */
const isWritten =
  "exists (select from embedding_versions e where e.id = $3 and e.status in ('active', 'canary', 'caller') for share)"

/** Runs as `engram_app` in the one workspace. */
export const createVectorBeliefs = (database: Database): VectorBeliefs => ({
  stores: (workspaceId) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query(`select id as "storeId", name from stores where workspace_id = $1 order by name`, [workspaceId]),
    ),

  versions: (workspaceId, storeId) => database.inWorkspace(workspaceId, (tx) => writtenVersions(tx, storeId)),

  entries: (space, after, max) =>
    database.inWorkspace(space.workspaceId, (tx) =>
      tx.query<VectorEntry>(
        `select ${entryColumns} from vector_entries v where ${inSpace} and (v.ref_id, v.view) > ($5, $6)
         order by v.ref_id, v.view limit $7`,
        [...ofSpace(space), after?.refId ?? "", after?.view ?? "", max],
      ),
    ),

  entriesOf: (space, wanted) =>
    database.inWorkspace(space.workspaceId, (tx) =>
      tx.query<VectorEntry>(`select ${entryColumns} from ${keys} join vector_entries v on ${byKey} where ${inSpace}`, [
        ...ofSpace(space),
        ...ofKeys(wanted),
      ]),
    ),

  oweWriting: (space, wanted, before) =>
    database.inWorkspace(space.workspaceId, async (tx) => {
      const owed = await tx.query(
        `update vector_entries v set written_hash = null from ${keys}
         where ${inSpace} and ${byKey} and v.wanted_hash is not null and v.written_hash = v.wanted_hash and v.written_at < $7
           and ${isWritten}
         returning v.ref_id`,
        [...ofSpace(space), ...ofKeys(wanted), before],
      )
      return owed.length
    }),

  // As if they had been wanted once: the lane removes them twice, as it removes everything, and their rows go.
  oweRemoval: (space, unwanted, before) =>
    database.inWorkspace(space.workspaceId, async (tx) => {
      const owed = await tx.query(
        `insert into vector_entries as v (workspace_id, store_id, embedding_version_id, family, ref_id, view, text_hash, metadata, written_hash)
         select $1, $2, $3, $4, k.ref_id, k.view, '', '{}', 'unknown' from ${keys} order by k.ref_id, k.view
         on conflict (store_id, family, ref_id, view, embedding_version_id) do update set written_hash = 'unknown', removed_at = null
           where v.wanted_hash is null and v.written_hash is null and v.removed_at < $7
         returning v.ref_id`,
        [...ofSpace(space), ...ofKeys(unwanted), before],
      )
      return owed.length
    }),
})

const artifactColumns = `artifact_key collate "C" as key, min(body_hash) as "bodyHash", min(body_bytes)::int as bytes,
  json_agg(json_build_object('id', id, 'storeId', store_id) order by id) as deliveries, bool_and(forget_raw) as "isForgotten"`

export const createArtifactBeliefs = (database: Database): ArtifactBeliefs => ({
  artifacts: (workspaceId, after, max) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query<KnownArtifact>(
        `select ${artifactColumns} from ingest_deliveries
         where workspace_id = $1 and artifact_key is not null and artifact_key collate "C" > $2
         group by artifact_key collate "C" order by artifact_key collate "C" limit $3`,
        [workspaceId, after, max],
      ),
    ),

  artifact: (workspaceId, key) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const [row] = await tx.query<KnownArtifact>(
        `select ${artifactColumns} from ingest_deliveries
         where workspace_id = $1 and artifact_key is not null and artifact_key collate "C" = $2 group by artifact_key collate "C"`,
        [workspaceId, key],
      )
      return row
    }),

  body: (workspaceId, bodyHash) =>
    database.inWorkspace(workspaceId, async (tx) => {
      // Two questions, each answered by a partial index that holds only rows with bodies.
      await tx.query("set local enable_seqscan = off")
      const [row] = await tx.query<{ body: Buffer; bytes: number }>(
        `(select body, body_bytes as bytes from ingest_deliveries
          where workspace_id = $1 and state = 'received' and body is not null and body_hash = $2 and not forget_raw limit 1)
         union all
         (select body, body_bytes as bytes from ingest_deliveries
          where workspace_id = $1 and state <> 'received' and body is not null and body_hash = $2 and not forget_raw limit 1)
         limit 1`,
        [workspaceId, bodyHash],
      )
      return row && unpackBody(row.body, row.bytes)
    }),

  documentsOf: (workspaceId, deliveryIds) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const rows = await tx.query<{ id: string }>(
        `select distinct document_id as id from document_deliveries
         where workspace_id = $1 and delivery_id = any($2) order by 1 limit 100`,
        [workspaceId, deliveryIds],
      )
      return rows.map(({ id }) => id)
    }),
})

export const createRebuildLedger = (database: Database): RebuildLedger => ({
  refill: ({ workspaceId, storeId, versionId }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await tx.query("set local enable_seqscan = off")
      const [row] = await tx.query<{ emptiedAt: Date | null; left: number }>(
        `select e.emptied_at as "emptiedAt", (
           select count(*)::int from vector_entries v
           where v.workspace_id = $1 and v.store_id = $2 and v.embedding_version_id = e.id and v.written_at < e.emptied_at
             and v.wanted_hash is not null and ${isOwed("v.")}) as left
         from embedding_versions e where e.id = $3`,
        [workspaceId, storeId, versionId],
      )
      return row ?? { emptiedAt: null, left: 0 }
    }),

  oweAll: (space, after, max) =>
    database.inWorkspace(space.workspaceId, async (tx) => {
      const [last] = await tx.query<VectorKey & { n: number }>(
        `with page as (
           select v.ref_id, v.view from vector_entries v where ${inSpace} and (v.ref_id, v.view) > ($5, $6)
           order by v.ref_id, v.view limit $7),
         owed as (
           update vector_entries v set written_hash = null from page k
           where ${inSpace} and ${byKey} and v.wanted_hash is not null and v.written_hash = v.wanted_hash and ${isWritten})
         select ref_id as "refId", view, (select count(*)::int from page) as n from page order by ref_id desc, view desc limit 1`,
        [...ofSpace(space), after?.refId ?? "", after?.view ?? "", max],
      )
      return last && last.n === max ? { refId: last.refId, view: last.view } : undefined
    }),

  emptied: ({ workspaceId, versionId }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await tx.query("update embedding_versions set emptied_at = now() where id = $1", [versionId])
    }),
})
