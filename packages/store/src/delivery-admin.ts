import type { DeliveryState } from "@engram/contracts/deliveries"
import type { ConnectionId, DeliveryId, StoreId, WorkspaceId } from "@engram/contracts/ids"
import type { Database } from "./database.ts"

/** Which deliveries; every condition given must hold. */
export interface DeliverySelection {
  readonly ids?: readonly string[]
  readonly workspaceId?: string
  readonly storeId?: string
  readonly states?: readonly DeliveryState[]
  readonly source?: string
  readonly event?: string
  /** Accepted at or after. */
  readonly since?: Date
  /** Accepted before. */
  readonly until?: Date
}

export interface ListedDelivery {
  readonly id: DeliveryId
  readonly workspaceId: WorkspaceId
  readonly storeId: StoreId
  readonly connectionId: ConnectionId
  readonly deliveryKey: string
  readonly source: string
  readonly event: string
  readonly bytes: number
  readonly receivedAt: Date
  readonly state: DeliveryState
  readonly reason: string | null
  readonly attempts: number
  readonly dueAt: Date
  readonly finishedAt: Date | null
  readonly artifactKey: string | null
}

export interface ShownDelivery extends ListedDelivery {
  readonly headers: { readonly [name: string]: string }
  readonly bodyHash: string
  /** null once it is in object storage, at `artifactKey`. */
  readonly body: Buffer | null
}

export interface Replay {
  readonly deliveries: number
  /** Whose `normalize` lane has to be woken. */
  readonly lanes: readonly { readonly workspaceId: WorkspaceId; readonly storeId: StoreId }[]
}

/** Deliveries as operators look at them, across workspaces. */
export interface DeliveryAdmin {
  /** Newest first. */
  list(selection: DeliverySelection, limit: number): Promise<ListedDelivery[]>
  show(id: string): Promise<ShownDelivery | undefined>
  counts(selection?: DeliverySelection): Promise<Record<DeliveryState, number>>
  /**
   * Makes deliveries received again: no attempts, due now, no reason. One that a worker holds right now is left to it. Says how many
   * it changed or, with `dryRun`, would change.
   */
  replay(selection: DeliverySelection, options?: { readonly dryRun?: boolean }): Promise<Replay>
}

const listed = `id, workspace_id as "workspaceId", store_id as "storeId", connection_id as "connectionId",
  delivery_key as "deliveryKey", source, event, body_bytes as bytes, received_at as "receivedAt", state, reason, attempts,
  due_at as "dueAt", finished_at as "finishedAt", artifact_key as "artifactKey"`

export function createDeliveryAdmin({ database }: { database: Database }): DeliveryAdmin {
  const query = <Row extends object>(text: string, values: readonly unknown[]) =>
    database.asFleet((tx) => tx.query<Row>(text, values))
  return {
    list: (selection, limit) => {
      const { where, values } = conditions(selection)
      return query<ListedDelivery>(
        `select ${listed} from ingest_deliveries where ${where}
          order by received_at desc, id limit $${values.length + 1}`,
        [...values, limit],
      )
    },
    show: async (id) =>
      (
        await query<ShownDelivery>(
          `select ${listed}, headers, body_hash as "bodyHash", body from ingest_deliveries where id = $1`,
          [id],
        )
      )[0],
    counts: async (selection = {}) => {
      const { where, values } = conditions(selection)
      const rows = await query<{ state: DeliveryState; n: number }>(
        `select state, count(*)::int as n from ingest_deliveries where ${where} group by state`,
        values,
      )
      const counts = { received: 0, processed: 0, skipped: 0, parked: 0 }
      for (const { state, n } of rows) counts[state] = n
      return counts
    },
    replay: async (selection, { dryRun = false } = {}) => {
      const { where, values } = conditions(selection)
      const chosen = `${where} and (state <> 'received' or claimed_until is null or claimed_until <= now())`
      const lanes = await query<Replay["lanes"][number] & { n: number }>(
        dryRun
          ? `select workspace_id as "workspaceId", store_id as "storeId", count(*)::int as n
               from ingest_deliveries where ${chosen} group by 1, 2 order by 1, 2`
          : `with replayed as (
               update ingest_deliveries
                  set state = 'received', attempts = 0, due_at = now(), reason = null, claimed_until = null, finished_at = null
                where ${chosen} returning workspace_id, store_id)
             select workspace_id as "workspaceId", store_id as "storeId", count(*)::int as n
               from replayed group by 1, 2 order by 1, 2`,
        values,
      )
      return {
        deliveries: lanes.reduce((sum, lane) => sum + lane.n, 0),
        lanes: lanes.map(({ workspaceId, storeId }) => ({ workspaceId, storeId })),
      }
    },
  }
}

function conditions(selection: DeliverySelection): { where: string; values: unknown[] } {
  const tests: [condition: string, value: unknown][] = [
    ["id = any(?)", selection.ids],
    ["workspace_id = ?", selection.workspaceId],
    ["store_id = ?", selection.storeId],
    ["state = any(?)", selection.states],
    ["source = ?", selection.source],
    ["event = ?", selection.event],
    ["received_at >= ?", selection.since],
    ["received_at < ?", selection.until],
  ]
  const given = tests.filter(([, value]) => value !== undefined)
  const where = given.map(([condition], index) => condition.replace("?", `$${index + 1}`)).join(" and ")
  return { where: where || "true", values: given.map(([, value]) => value) }
}
