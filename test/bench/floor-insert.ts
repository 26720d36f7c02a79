import { createHash } from "node:crypto"
import pg from "pg"
import { answer } from "./child.ts"
import { type LoadDelivery, makeLoad } from "./load.ts"

// The floor of accepting: the rows that the product keeps of a delivery, inserted by pg in unnest batches from one
// process, one batch after the other. Uses nothing of the product.

const rowsPerBatch = 256

/** The columns and unique keys of the product's table of deliveries. */
const table = `
  create table deliveries (
    id text primary key, workspace_id text not null, store_id text not null, connection_id text not null,
    delivery_key text not null, source text not null, event text not null, headers jsonb not null, body bytea,
    body_bytes integer not null, body_hash text not null, received_at timestamptz not null default now(),
    state text not null default 'received', due_at timestamptz not null default now(),
    unique (connection_id, delivery_key))`

const insert = `
  insert into deliveries (id, workspace_id, store_id, connection_id, delivery_key, source, event, headers, body, body_bytes, body_hash)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[],
                       $9::bytea[], $10::int[], $11::text[])
  on conflict do nothing`

export interface FloorInserted {
  readonly perSecond: number
}

async function run({ databaseUrl, count }: { databaseUrl: string; count: number }): Promise<FloorInserted> {
  const rows = makeLoad({ count }).map(rowOf)
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(table)
  const started = performance.now()
  for (let from = 0; from < rows.length; from += rowsPerBatch) {
    const batch = rows.slice(from, from + rowsPerBatch)
    await client.query({
      name: "insert",
      text: insert,
      values: batch[0]!.map((_, column) => batch.map((row) => row[column])),
    })
  }
  const seconds = (performance.now() - started) / 1_000
  await client.end()
  return { perSecond: rows.length / seconds }
}

function rowOf({ key, event, body }: LoadDelivery): unknown[] {
  const headers = { "content-type": "application/json", "x-github-event": event, "x-github-delivery": key }
  const hash = createHash("sha256").update(body).digest("hex")
  const id = `dlv_${createHash("sha256").update(key).digest("hex").slice(0, 32)}`
  return [id, "bench", "main", "con", key, "github", event, JSON.stringify(headers), body, body.byteLength, hash]
}

answer(run)
