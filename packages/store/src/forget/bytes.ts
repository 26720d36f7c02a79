import type { ForgetLedger } from "@engram/contracts/forget"
import type { Database } from "../database.ts"
import { inWorkspaceUnlessHeld } from "../legal-hold.ts"
import { unpackBody } from "../packed-body.ts"

type Bytes = Pick<
  ForgetLedger,
  "withoutBytes" | "deliveriesWithBytes" | "forgetBodies" | "owedArtifacts" | "artifactsRemoved"
>

/** What was delivered, as it came: in Postgres, and in the objects it was archived to. */
export const createByteForgetting = (database: Database): Bytes => ({
  withoutBytes: (workspaceId, scope) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const [row] = await tx.query<{ n: number }>(
        `select count(*)::int as n from ingest_deliveries where workspace_id = $1 and state = 'processed' and body is null
           and artifact_key is null and not forget_raw and ($2::text is null or source = $2)`,
        [workspaceId, "source" in scope ? scope.source : null],
      )
      return row!.n
    }),

  deliveriesWithBytes: (workspaceId, after, max) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const rows = await tx.query<{ id: string; body: Buffer | null; bytes: number; artifactKey: string | null }>(
        `select id, body, body_bytes as bytes, artifact_key as "artifactKey" from ingest_deliveries
         where workspace_id = $1 and id > $2 and not forget_raw and (body is not null or artifact_key is not null)
         order by id limit $3`,
        [workspaceId, after, max],
      )
      return rows.map(({ bytes, ...row }) => ({ ...row, body: row.body && unpackBody(row.body, bytes) }))
    }),

  forgetBodies: (workspaceId, forgettingId, ids) =>
    inWorkspaceUnlessHeld(database, workspaceId, async (tx) => {
      await tx.query(
        `insert into forgotten_refs (forgetting_id, workspace_id, kind, ref)
         select distinct $3, $1, 'artifact', artifact_key from ingest_deliveries
         where workspace_id = $1 and id = any($2) and artifact_key is not null on conflict do nothing`,
        [workspaceId, ids, forgettingId],
      )
      // What waits to be read keeps its bytes until it was: the reading forgets them.
      await tx.query(
        `update ingest_deliveries set forget_raw = true, body = null, headers = '{}'
         where workspace_id = $1 and id = any($2) and state <> 'received'`,
        [workspaceId, ids],
      )
    }),

  owedArtifacts: (workspaceId, max) =>
    database.inWorkspace(workspaceId, (tx) =>
      tx.query(
        `select id, artifact_key as "artifactKey" from ingest_deliveries
         where workspace_id = $1 and forget_raw and artifact_key is not null order by id limit $2`,
        [workspaceId, max],
      ),
    ),

  artifactsRemoved: (workspaceId, rows) =>
    database.inWorkspace(workspaceId, async (tx) => {
      await tx.query(
        `update ingest_deliveries d set artifact_key = null from unnest($2::text[], $3::text[]) as k(id, key)
         where d.workspace_id = $1 and d.id = k.id and d.artifact_key = k.key and d.forget_raw`,
        [workspaceId, rows.map(({ id }) => id), rows.map(({ artifactKey }) => artifactKey)],
      )
    }),
})
