import type { ArchiveLedger } from "@engram/contracts/vectors"
import { fromTheFirst } from "./by-partial-index.ts"
import type { Database } from "./database.ts"
import { unpackBody } from "./packed-body.ts"

/** Closed deliveries whose raw bytes are still to leave Postgres. */
export const createArchiveLedger = (database: Database): ArchiveLedger => ({
  unarchived: (lane, limits) =>
    database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
      tx.send(fromTheFirst)
      const rows = await tx.query<{ id: string; bodyHash: string; body: Buffer; bodyBytes: number }>(
        `with first as (
           select id, body_hash, body_bytes, body from ingest_deliveries
           where workspace_id = $1 and store_id = $2 and state <> 'received' and body is not null limit $3),
         summed as (select *, sum(body_bytes) over (order by id) as total from first)
         select id, body_hash as "bodyHash", body, body_bytes as "bodyBytes" from summed where total <= $4 or total = body_bytes`,
        [lane.workspaceId, lane.storeId, limits.rowsMax, limits.bytesMax],
      )
      return rows.map(({ bodyBytes, ...row }) => ({ ...row, body: unpackBody(row.body, bodyBytes) }))
    }),

  isBusy: (lane) =>
    database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
      const waiting = await tx.query(
        `select from ingest_deliveries
         where workspace_id = $1 and store_id = $2 and state = 'received' and due_at <= now() limit 1`,
        [lane.workspaceId, lane.storeId],
      )
      return waiting.length > 0
    }),

  dropBodies: (lane, max) =>
    database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
      tx.send(fromTheFirst)
      const dropped = await tx.query(
        `update ingest_deliveries set body = null where id in (
           select id from ingest_deliveries
           where workspace_id = $1 and store_id = $2 and state <> 'received' and state <> 'parked' and body is not null
           limit $3 for update skip locked)
         returning id`,
        [lane.workspaceId, lane.storeId, max],
      )
      return dropped.length
    }),

  forgotten: (lane, max) =>
    database.inWorkspacePlanned(lane.workspaceId, (tx) =>
      tx.query(
        `select id, artifact_key as "artifactKey" from ingest_deliveries
         where workspace_id = $1 and store_id = $2 and forget_raw and artifact_key is not null limit $3`,
        [lane.workspaceId, lane.storeId, max],
      ),
    ),

  removed: (lane, rows) =>
    database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
      await tx.query(
        `update ingest_deliveries d set artifact_key = null
         from unnest($1::text[], $2::text[]) as k(id, key) where d.id = k.id and d.artifact_key = k.key and d.forget_raw`,
        [rows.map((row) => row.id), rows.map((row) => row.artifactKey)],
      )
    }),

  archived: (lane, rows) =>
    database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
      await tx.query(
        `update ingest_deliveries d set body = null, artifact_key = k.key
         from unnest($1::text[], $2::text[]) as k(id, key) where d.id = k.id and d.state <> 'received'`,
        [rows.map((row) => row.id), rows.map((row) => row.artifactKey)],
      )
    }),
})
