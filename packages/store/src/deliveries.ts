import { cutText } from "@engram/contracts/cut-text"
import type { DeliveryInbox, NewDelivery } from "@engram/contracts/deliveries"
import { textHash } from "@engram/core/ids"
import { createRedactor } from "@engram/core/redact/redactor"
import { byPartialIndex } from "./by-partial-index.ts"
import type { Database } from "./database.ts"
import { packBody } from "./packed-body.ts"
import type { Transaction } from "./transaction.ts"

/**
 * All bodies travel as one binary parameter and are cut apart in the server: an array of bytea would go as hex, twice the
 * size. The other columns travel as one JSON text, which costs less to write than one array per column.
 *
 * The conflict names no index: of two inserts of one delivery at the same moment, the later must find either unique index
 * taken without an error.
 */
const insertAll = `
  insert into ingest_deliveries
    (id, workspace_id, store_id, connection_id, delivery_key, source, event, headers, body, body_bytes, body_hash, received_at)
  select r.id, r.workspace_id, r.store_id, r.connection_id, r.delivery_key, r.source, r.event, r.headers,
         substring($2::bytea from r.at for r.kept), r.bytes, r.body_hash, coalesce(r.received_at, now())
    from json_to_recordset($1) as r (id text, workspace_id text, store_id text, connection_id text, delivery_key text,
         source text, event text, headers jsonb, at int, kept int, bytes int, body_hash text, received_at timestamptz)
  on conflict do nothing
  returning id`

/** The inbox of accepted deliveries, as the fleet: one insert serves many workspaces. */
export function createDeliveryInbox({ database }: { database: Database }): DeliveryInbox {
  return {
    insert: async (deliveries) => {
      if (deliveries.length === 0) return []
      const rows = await packDeliveries(deliveries)
      const fresh = idsOf(await database.oneAsFleet<{ id: string }>(insertAll, rows))
      // Deleting makes the second of two equal deliveries in one batch the repeat.
      return deliveries.map((delivery) => (fresh.delete(delivery.id) ? "new" : "duplicate"))
    },
    backlog: async (workspaceId, limit) => {
      const [row] = await database.asFleet(async (tx) => {
        await tx.query(byPartialIndex)
        return tx.query<{ n: number }>(
          `select count(*)::int as n
             from (select from ingest_deliveries where workspace_id = $1 and state = 'received' limit $2) as waiting`,
          [workspaceId, limit],
        )
      })
      return row?.n ?? 0
    },
  }
}

/** What `insertDeliveries` sends. Bodies are packed before there is a transaction, whose connection others wait for. */
export async function packDeliveries(deliveries: readonly NewDelivery[]): Promise<readonly [string, Buffer]> {
  // In one order everywhere, so that two inserts that share deliveries wait for each other and never deadlock.
  const sorted = [...deliveries].sort(byKey)
  const bodies = await Promise.all(sorted.map(({ body }) => packBody(body)))
  return [JSON.stringify(rowsOf(sorted, bodies)), joined(bodies)]
}

/** Inserts those that are not there yet, and returns their ids. */
export async function insertDeliveries(tx: Transaction, rows: readonly [string, Buffer]): Promise<Set<string>> {
  return idsOf(await tx.query<{ id: string }>(insertAll, rows))
}

const idsOf = (rows: readonly { readonly id: string }[]): Set<string> => new Set(rows.map(({ id }) => id))

const byKey = (a: NewDelivery, b: NewDelivery): number =>
  compare(a.connectionId, b.connectionId) || compare(a.deliveryKey, b.deliveryKey)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function rowsOf(deliveries: readonly NewDelivery[], bodies: readonly Uint8Array[]): object[] {
  let at = 1
  return deliveries.map((delivery, index) => {
    const kept = bodies[index]!.byteLength
    const row = {
      id: delivery.id,
      workspace_id: delivery.workspaceId,
      store_id: delivery.storeId,
      connection_id: delivery.connectionId,
      delivery_key: storableKey(delivery.deliveryKey),
      source: delivery.source,
      event: redact(delivery.event),
      headers: Object.fromEntries(Object.entries(delivery.headers).map(([name, value]) => [name, redact(value)])),
      at,
      kept,
      bytes: delivery.body.byteLength,
      body_hash: delivery.bodyHash,
      received_at: delivery.receivedAt,
    }
    at += kept
    return row
  })
}

/** The body is the raw artifact; what stands beside it is not, and is read by anybody who lists deliveries. */
const { text: redact } = createRedactor({ policy: { emails: false, phones: null }, pseudonym: () => "" })

/** Keys that differ stay different. */
function storableKey(key: string): string {
  const redacted = redact(key)
  return redacted === key ? key : `${cutText(redacted, 200)}#${textHash(key).slice(0, 32)}`
}

/** One body goes as it is; a large copy is worth avoiding. */
const joined = (bodies: readonly Uint8Array[]): Buffer =>
  bodies.length === 1 ? asBuffer(bodies[0]!) : Buffer.concat(bodies)

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
