import type { DeliveryState } from "@engram/contracts/deliveries"
import type { ConnectionId, DeliveryId, StoreId, WorkspaceId } from "@engram/contracts/ids"
import { ingestDeliveries as rows } from "@engram/db/schema/ingest-deliveries"
import { and, count, desc, eq, gte, inArray, isNull, lt, lte, ne, not, or, type SQL, sql } from "drizzle-orm"
import type { Database } from "./database.ts"
import { ormOf } from "./orm.ts"
import { unpackBody } from "./packed-body.ts"

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
  /** null once it is in object storage, at `artifactKey`; without that key it is gone: forgotten, or not kept. */
  readonly body: Buffer | null
}

export interface Replay {
  readonly deliveries: number
  /** Chosen too, but left as they are: their bytes were forgotten or not kept, and cannot be read again. */
  readonly gone: number
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

const listed = {
  id: rows.id,
  workspaceId: rows.workspaceId,
  storeId: rows.storeId,
  connectionId: rows.connectionId,
  deliveryKey: rows.deliveryKey,
  source: rows.source,
  event: rows.event,
  bytes: rows.bodyBytes,
  receivedAt: rows.receivedAt,
  state: rows.state,
  reason: rows.reason,
  attempts: rows.attempts,
  dueAt: rows.dueAt,
  finishedAt: rows.finishedAt,
  artifactKey: rows.artifactKey,
}
const shown = { ...listed, headers: rows.headers, bodyHash: rows.bodyHash, body: rows.body }

export function createDeliveryAdmin({ database }: { database: Database }): DeliveryAdmin {
  return {
    list: async (selection, limit) => {
      const found = await database.asFleet((tx) =>
        ormOf(tx)
          .select(listed)
          .from(rows)
          .where(matching(selection))
          .orderBy(desc(rows.receivedAt), rows.id)
          .limit(limit),
      )
      return found as ListedDelivery[]
    },
    show: async (id) => {
      const found = await database.asFleet((tx) => ormOf(tx).select(shown).from(rows).where(eq(rows.id, id)))
      const [row] = found
      return row && ({ ...row, body: row.body && unpackBody(row.body, row.bytes) } as ShownDelivery)
    },
    counts: async (selection = {}) => {
      const states = await database.asFleet((tx) =>
        ormOf(tx).select({ state: rows.state, n: count() }).from(rows).where(matching(selection)).groupBy(rows.state),
      )
      const none = { received: 0, processed: 0, skipped: 0, parked: 0 }
      return { ...none, ...Object.fromEntries(states.map(({ state, n }) => [state, n])) }
    },
    replay: async (selection, { dryRun = false } = {}) => {
      const free = or(ne(rows.state, "received"), isNull(rows.claimedUntil), lte(rows.claimedUntil, sql`now()`))
      const chosen = and(matching(selection), not(isGone), free)
      const lane = { workspaceId: rows.workspaceId, storeId: rows.storeId }
      return database.asFleet(async (tx) => {
        const orm = ormOf(tx)
        const [without] = await orm
          .select({ n: count() })
          .from(rows)
          .where(and(matching(selection), isGone))
        const replayed = dryRun
          ? await orm.select(lane).from(rows).where(chosen)
          : await orm.update(rows).set(receivedAgain).where(chosen).returning(lane)
        const lanes = new Map(replayed.map((row) => [row.storeId, row]))
        return { deliveries: replayed.length, gone: without!.n, lanes: [...lanes.values()] as Replay["lanes"] }
      })
    },
  }
}

/** Forgotten, though the bytes may be a moment in leaving, or not kept. */
const isGone = sql`(${rows.forgetRaw} or (${rows.body} is null and ${rows.artifactKey} is null))`

/** As when it came in, but for its bytes, which may be in object storage by now. */
const receivedAgain = {
  state: "received",
  attempts: 0,
  dueAt: sql`now()`,
  reason: null,
  claimedUntil: null,
  finishedAt: null,
} as const

function matching(selection: DeliverySelection): SQL | undefined {
  const { ids, workspaceId, storeId, states, source, event, since, until } = selection
  return and(
    ids && inArray(rows.id, [...ids]),
    workspaceId === undefined ? undefined : eq(rows.workspaceId, workspaceId),
    storeId === undefined ? undefined : eq(rows.storeId, storeId),
    states && inArray(rows.state, [...states]),
    source === undefined ? undefined : eq(rows.source, source),
    event === undefined ? undefined : eq(rows.event, event),
    since && gte(rows.receivedAt, since),
    until && lt(rows.receivedAt, until),
  )
}
