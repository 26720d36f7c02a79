import pg from "pg"
import { answer } from "./child.ts"
import { memoryAt } from "./memories.ts"

// The floor of committing memories: single-row inserts by pg from 32 clients, each its own transaction. Uses nothing of the
// product. The table has the columns and keys that the product keeps of a memory and an index of its words, and owes nobody a vector.

const schema = `
  create extension if not exists unaccent;
  create text search configuration folded (copy = english);
  alter text search configuration folded alter mapping for hword, hword_part, word with unaccent, english_stem;
  create table memories (
    store_id text not null, id text not null, workspace_id text not null, namespace_id text not null, content text not null,
    kind text not null, source text not null, expires_at timestamptz, propagation text, pin boolean,
    created_at timestamptz not null default now(),
    search tsvector generated always as (to_tsvector('folded', content)) stored,
    primary key (store_id, id));
  create index on memories (namespace_id, created_at);
  create index on memories using gin (search);`

const insert = {
  name: "insert",
  text: `insert into memories (store_id, id, workspace_id, namespace_id, content, kind, source)
         values ($1, $2, $3, $4, $5, 'fact', 'agent')`,
}

export interface FloorCommitted {
  readonly perSecond: number
}

async function run(order: { databaseUrl: string; count: number; clients: number }): Promise<FloorCommitted> {
  const memories = Array.from({ length: order.count }, (_, at) => memoryAt(at))
  const pool = new pg.Pool({ connectionString: order.databaseUrl, max: order.clients })
  await pool.query(schema)
  const clients = await Promise.all(Array.from({ length: order.clients }, () => pool.connect()))
  const started = performance.now()
  let next = 0
  const insertAll = async (client: pg.PoolClient): Promise<void> => {
    for (let at = next++; at < memories.length; at = next++) {
      const { id, namespace, content } = memories[at]!
      await client.query({ ...insert, values: ["memories", id, "bench", namespace, content] })
    }
  }
  await Promise.all(clients.map(insertAll))
  const seconds = (performance.now() - started) / 1_000
  for (const client of clients) client.release()
  await pool.end()
  return { perSecond: memories.length / seconds }
}

answer(run)
