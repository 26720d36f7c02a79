import { createHash } from "node:crypto"
import { DatabaseSync } from "node:sqlite"
import { chunkLimits, chunkSections } from "@engram/core/chunk/chunk"
import { createLocalEmbedder } from "@engram/local-embedder/local-embedder"
import pg from "pg"
import { answer } from "./child.ts"
import { emptyGraph, type FloorGraph, readGraph, readReferences } from "./floor-graph.ts"
import { type FloorDocument, readDocument } from "./floor-read.ts"
import { makeLoad } from "./load.ts"
import { countRows, type RowCounts } from "./row-counts.ts"

// The floor of indexing: one loop that parses, reads, chunks, embeds and bulk-inserts the same load. Uses nothing of the
// product but the chunker and the embedder. It keeps what the product keeps of a document, its passages, memories,
// graph and vectors, and promises nothing else: no crash, no repetition, no order, no tenants.

const deliveriesPerBatch = 256
const textsPerCall = 96

/** Full text is kept as the product keeps it, since a document is indexed when both kinds of search find it. */
const schema = `
  create table documents (id text primary key, kind text, title text, state text, url text, occurred_at timestamptz, parts jsonb);
  create table chunks (id text primary key, document_id text, section text, text text, tokens int,
    search tsvector generated always as (to_tsvector('english', text)) stored);
  create index on chunks using gin (search);
  create index on chunks (document_id);
  create table observations (id text primary key, document_id text, kind text, title text, text text, occurred_at timestamptz,
    search tsvector generated always as (to_tsvector('english', text)) stored);
  create index on observations using gin (search);
  create table embedding_values (text_hash text primary key, values bytea);
  create table vectors (ref_id text, text_hash text, primary key (ref_id, text_hash));
  create table entities (id text primary key, kind text, fields jsonb);
  create table entity_aliases (alias text primary key, entity_id text);
  create table relationships (id text primary key, type text, from_alias text, to_alias text, since timestamptz);
  create index on relationships (from_alias);
  create index on relationships (to_alias);
  create table relationship_evidence (relationship_id text, evidence_id text, primary key (relationship_id, evidence_id));`

export interface FloorIndexed extends RowCounts {
  readonly seconds: number
}

async function run(order: { databaseUrl: string; vectorFile: string; count: number }): Promise<FloorIndexed> {
  const load = makeLoad({ count: order.count })
  const client = new pg.Client({ connectionString: order.databaseUrl })
  await client.connect()
  await client.query(schema)
  const file = openVectors(order.vectorFile)
  const floor = {
    client,
    file,
    documents: new Map<string, FloorDocument>(),
    embedder: createLocalEmbedder({ dimension: 512 }),
  }
  const started = performance.now()
  for (let from = 0; from < load.length; from += deliveriesPerBatch) {
    const changed = new Map<string, FloorDocument>()
    const graph = emptyGraph()
    for (const { event, body } of load.slice(from, from + deliveriesPerBatch)) {
      const payload = JSON.parse(body.toString())
      const document = readDocument(event, payload, floor.documents)
      if (document) changed.set(document.id, document)
      readGraph(event, payload, document, graph)
    }
    for (const document of changed.values()) readReferences(document, graph)
    await writeBatch(floor, [...changed.values()], graph)
  }
  const seconds = (performance.now() - started) / 1_000
  const counts = await countRows(client, {
    documents: "documents",
    chunks: "chunks",
    observations: "observations",
    vectors: "vectors",
    entities: "entities",
    aliases: "entity_aliases",
    relationships: "relationships",
    evidence: "relationship_evidence",
  })
  await client.end()
  file.db.close()
  return { seconds, ...counts }
}

interface Floor {
  readonly client: pg.Client
  readonly file: ReturnType<typeof openVectors>
  readonly embedder: ReturnType<typeof createLocalEmbedder>
}

async function writeBatch(
  { client, file, embedder }: Floor,
  documents: readonly FloorDocument[],
  graph: FloorGraph,
): Promise<void> {
  const chunks = documents.flatMap((document) =>
    chunkSections(document.title, [...document.sections.values()], chunkLimits).map((chunk) => ({
      id: hashOf(`${document.id} ${chunk.textHash}`),
      document_id: document.id,
      section: chunk.sectionLabel,
      ...chunk,
    })),
  )
  const observations = documents.flatMap((document) => document.observations.splice(0))
  const texts = new Map(chunks.map((chunk) => [chunk.textHash, chunk.text]))
  const vectors = chunks.map((chunk) => ({ ref_id: chunk.id, text_hash: chunk.textHash }))
  for (const { id, views } of observations) {
    for (const text of views) {
      const text_hash = hashOf(text)
      texts.set(text_hash, text)
      vectors.push({ ref_id: id, text_hash })
    }
  }
  const values = await embedAll(embedder, texts)

  await client.query("begin")
  await insert(
    client,
    "documents",
    "id text, kind text, title text, state text, url text, occurred_at timestamptz, parts jsonb",
    documents.map(({ alias: _, place: __, observations: ___, sections, ...document }) => ({
      ...document,
      parts: [...sections.values()],
    })),
    "on conflict (id) do update set title = excluded.title, state = excluded.state, parts = excluded.parts",
  )
  await insert(client, "chunks", "id text, document_id text, section text, text text, tokens int", chunks)
  await insert(
    client,
    "observations",
    "id text, document_id text, kind text, title text, text text, occurred_at timestamptz",
    observations,
  )
  await insert(client, "vectors", "ref_id text, text_hash text", vectors)
  const bytes = Buffer.concat(
    [...values.values()].map((each) => Buffer.from(each.buffer, each.byteOffset, each.byteLength)),
  )
  await client.query(
    `insert into embedding_values select hash, substring($2::bytea from (at::int - 1) * 2048 + 1 for 2048)
     from unnest($1::text[]) with ordinality as t(hash, at) on conflict do nothing`,
    [[...values.keys()], bytes],
  )
  await insertGraph(client, graph)
  await client.query("commit")

  file.db.exec("begin")
  for (const { ref_id, text_hash } of vectors) file.insert.run(ref_id, new Uint8Array(values.get(text_hash)!.buffer))
  file.db.exec("commit")
}

async function insertGraph(client: pg.Client, graph: FloorGraph): Promise<void> {
  const { entities, aliases, relationships, evidence } = graph
  const renewed = "on conflict (id) do update set fields = excluded.fields"
  await insert(client, "entities", "id text, kind text, fields jsonb", [...entities.values()], renewed)
  const named = "on conflict (alias) do update set entity_id = excluded.entity_id where excluded.entity_id is not null"
  await insert(client, "entity_aliases", "alias text, entity_id text", [...aliases.values()], named)
  const edge = "id text, type text, from_alias text, to_alias text, since timestamptz"
  await insert(client, "relationships", edge, [...relationships.values()])
  await insert(client, "relationship_evidence", "relationship_id text, evidence_id text", [...evidence.values()])
}

async function embedAll(
  embedder: Floor["embedder"],
  texts: ReadonlyMap<string, string>,
): Promise<Map<string, Float32Array>> {
  const entries = [...texts]
  const values = new Map<string, Float32Array>()
  for (let from = 0; from < entries.length; from += textsPerCall) {
    const call = entries.slice(from, from + textsPerCall)
    const vectors = await embedder.embed(
      call.map(([, text]) => text),
      "search_document",
    )
    for (const [at, [hash]] of call.entries()) values.set(hash, vectors[at]!)
  }
  return values
}

/** Rows as one JSON parameter: measured the fastest of the ways that need no COPY. */
async function insert(
  client: pg.Client,
  table: string,
  columns: string,
  rows: readonly object[],
  conflict = "on conflict do nothing",
): Promise<void> {
  const names = columns
    .split(", ")
    .map((column) => column.split(" ")[0])
    .join(", ")
  const text = `insert into ${table} (${names}) select ${names} from json_to_recordset($1) as r(${columns}) ${conflict}`
  await client.query(text, [JSON.stringify(rows)])
}

/** A plain table: several times faster to write than sqlite-vec's own, and read by the same functions. */
function openVectors(path: string) {
  const db = new DatabaseSync(path)
  db.exec(
    "pragma journal_mode = wal; pragma synchronous = full; create table vectors (id text, embedding blob not null)",
  )
  return { db, insert: db.prepare("insert into vectors (id, embedding) values (?, ?)") }
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex")

answer(run)
