import type { ClaimedDelivery, DeliveryDesk } from "@engram/contracts/knowledge"
import { fromTheFirst } from "./by-partial-index.ts"
import type { Database } from "./database.ts"
import { closeDeliveries } from "./knowledge/documents.ts"
import { unpackBody } from "./packed-body.ts"

interface ClaimedRow extends Omit<ClaimedDelivery, "body" | "artifactKey" | "receivedAt"> {
  readonly body: Buffer | null
  readonly bodyBytes: number
  readonly artifactKey: string | null
  readonly receivedAt: Date
}

// The lock is taken before the bytes are summed, because Postgres cannot lock rows that a window function has looked at. What is taken
// is a list of ids: joined, Postgres would guess how many they are, and read all deliveries for them.
const claim = `
  with waiting as (
    select id, body_bytes, due_at from ingest_deliveries
    where workspace_id = $1 and store_id = $2 and state = 'received' and due_at <= now()
      and (claimed_until is null or claimed_until < now()) and (attempts = 0) = $3
    order by due_at, id limit $4 for update skip locked),
  summed as (select id, body_bytes, sum(body_bytes) over (order by due_at, id) as total from waiting),
  taken as (
    update ingest_deliveries d set attempts = attempts + 1, claimed_until = now() + make_interval(secs => $6 / 1000.0)
    where d.id = any (array(select id from summed where total <= $5 or total = body_bytes))
    returning d.*)
  select id, connection_id as "connectionId", source, event, headers, body, body_bytes as "bodyBytes", artifact_key as "artifactKey",
         received_at as "receivedAt", attempts
  from taken order by due_at, id`

/** Where workers take deliveries and hand them back. */
export const createDeliveryDesk = (database: Database): DeliveryDesk => ({
  claim: (lane, which, limits) =>
    database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
      tx.send(fromTheFirst)
      const rows = await tx.query<ClaimedRow>(claim, [
        lane.workspaceId,
        lane.storeId,
        which === "fresh",
        limits.rowsMax,
        limits.bytesMax,
        limits.leaseMs,
      ])
      return rows.map(({ bodyBytes, ...row }) => ({
        ...row,
        body: row.body === null ? undefined : unpackBody(row.body, bodyBytes),
        artifactKey: row.artifactKey ?? undefined,
        receivedAt: row.receivedAt.getTime(),
      }))
    }),

  close: (lane, ends) => database.inWorkspacePlanned(lane.workspaceId, (tx) => closeDeliveries(tx, ends)),

  release: (lane, id, reason, { afterMs, untaken = false }) =>
    database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
      await tx.query(
        `update ingest_deliveries set claimed_until = null, reason = $2, due_at = now() + make_interval(secs => $3 / 1000.0),
                attempts = attempts - $4::int
         where id = $1 and state = 'received'`,
        [id, reason, afterMs, untaken ? 1 : 0],
      )
    }),
})
