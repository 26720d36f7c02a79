import type { ClaimedDelivery, DeliveryDesk, Released } from "@engram/contracts/knowledge"
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

const isWaiting = `workspace_id = $1 and store_id = $2 and state = 'received' and due_at <= now()
      and (claimed_until is null or claimed_until < now())`

/** Among so many of the oldest. */
const firstMax = 1_000

/**
 * In the order of an index, so that the first are found without the others; those that were received together are due at one moment,
 * and come as they were written. Those that were taken before are few, and have no index of their own, since each delivery would
 * enter and leave it: they are looked for among the first, and one further back has its turn when those before it have had theirs.
 * (`is true` keeps Postgres from looking for each by what waits instead of by its id, when it planned this while nothing waited.)
 */
const waiting = {
  fresh: `
    select id, body_bytes, due_at from ingest_deliveries where ${isWaiting} and attempts = 0
    order by due_at limit $3 for update skip locked`,
  again: `
    select d.* from (
      select id from (
        select id, due_at, attempts from ingest_deliveries where ${isWaiting} order by due_at limit ${firstMax}) first
      where attempts <> 0 order by due_at, id) k
    cross join lateral (
      select id, body_bytes, due_at from ingest_deliveries where id = k.id and (${isWaiting} and attempts <> 0) is true
      for update skip locked) d
    limit $3`,
}

// The lock is taken before the bytes are summed, because Postgres cannot lock rows that a window function has looked at. What is taken
// is a list of ids: joined, Postgres would guess how many they are, and read all deliveries for them.
const claimSql = (which: keyof typeof waiting): string => `
  with waiting as (${waiting[which]}),
  summed as (select id, body_bytes, sum(body_bytes) over (order by due_at, id) as total from waiting),
  taken as (
    update ingest_deliveries d set attempts = attempts + 1, claimed_until = now() + make_interval(secs => $5 / 1000.0)
    where d.id = any (array(select id from summed where total <= $4 or total = body_bytes))
    returning d.*)
  select id, connection_id as "connectionId", source, event, headers, body, body_bytes as "bodyBytes", artifact_key as "artifactKey",
         received_at as "receivedAt", attempts
  from taken order by due_at, id`

const claims = { fresh: claimSql("fresh"), again: claimSql("again") }

/** Where workers take deliveries and hand them back. */
export const createDeliveryDesk = (database: Database): DeliveryDesk => ({
  claim: (lane, which, limits) =>
    database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
      tx.send(fromTheFirst)
      const rows = await tx.query<ClaimedRow>(claims[which], [
        lane.workspaceId,
        lane.storeId,
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

  release: (lane, { id, attempts }, reason, { afterMs, as }) =>
    database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
      // Whoever takes it counts its attempts up, and a replay begins anew: this number is its holder's alone.
      await tx.query(
        `update ingest_deliveries set claimed_until = null, reason = $2, due_at = now() + make_interval(secs => $3 / 1000.0), attempts = $4
         where id = $1 and state = 'received' and attempts = $5`,
        [id, reason, afterMs, attemptsLeft[as](attempts), attempts],
      )
    }),
})

/** What is counted of `attempts`, one of which was this time. One that has any is not taken together with others. */
const attemptsLeft: Readonly<Record<Released, (attempts: number) => number>> = {
  untaken: (attempts) => attempts - 1,
  interrupted: (attempts) => Math.max(attempts - 1, 1),
  failed: (attempts) => attempts,
}
