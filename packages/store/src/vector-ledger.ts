import type { OwedVector, VectorLedger } from "@engram/contracts/vectors"
import { byPartialIndex } from "./by-partial-index.ts"
import type { Database, Transaction } from "./database.ts"
import { createEmbeddingValues, modelKey } from "./embedding-values.ts"
import { showComplete } from "./knowledge/chunks.ts"
import { laneVersions } from "./knowledge/vectors.ts"

/** Of a memory that is longer than a chunk ever is; its full text is searched all the same. */
const embeddedCharsMax = 8_000

const owedBy = `v.workspace_id = $1 and v.store_id = $2 and v.embedding_version_id = $3
  and v.wanted_hash is distinct from v.written_hash and v.parked_reason is null`

/**
 * The head of the lane. What has values leaves it with each turn, so the next turn finds what has none: a turn looks at as many rows
 * as it can use, however many are owed.
 */
const waiting = `waiting as materialized (
  select v.family, v.ref_id, v.view, v.wanted_hash, v.text_hash, v.metadata from vector_entries v where ${owedBy} limit $4)`

/**
 * `offset 0` keeps the subquery from being joined: it is asked once a row, by the whole key. In the first minute of a database,
 * before Postgres has counted its tables, the join would read all values for every row (measured: 60 times slower at 2,000).
 */
const valuesOf = (row: string): string =>
  `select from embedding_values e where e.workspace_id = $1 and e.model = $5 and e.text_hash = ${row}.text_hash offset 0`

/** Vectors owed to stores; see db's vector_entries for the states of a row. */
export function createVectorLedger(database: Database): VectorLedger {
  const embeddingValues = createEmbeddingValues()
  return {
    lease: (lane, holder, leaseMs) =>
      database.inWorkspace(lane.workspaceId, async (tx) => {
        const taken = await tx.query(
          `insert into lanes (store_id, stage, workspace_id, holder, leased_until)
         values ($1, $2, $3, $4, now() + make_interval(secs => $5 / 1000.0))
         on conflict (store_id, stage) do update set holder = excluded.holder, leased_until = excluded.leased_until
         where lanes.holder = excluded.holder or lanes.leased_until < now() returning holder`,
          [lane.storeId, lane.stage, lane.workspaceId, holder, leaseMs],
        )
        return taken.length === 1
      }),

    release: (lane, holder) =>
      database.inWorkspace(lane.workspaceId, async (tx) => {
        await tx.query("delete from lanes where store_id = $1 and stage = $2 and holder = $3", [
          lane.storeId,
          lane.stage,
          holder,
        ])
      }),

    versions: (lane) => database.inWorkspace(lane.workspaceId, (tx) => laneVersions(tx, lane.storeId, "")),

    ensureVersion: (lane, { id, model, indexName }) =>
      database.inWorkspace(lane.workspaceId, async (tx) => {
        // The store's row stands for its set of versions: whoever creates one holds it alone.
        await tx.query("select from stores where id = $1 for no key update", [lane.storeId])
        const { provider, model: name, dimension } = model
        await tx.query(
          `insert into embedding_versions (id, workspace_id, store_id, provider, model, dimension, status, index_name)
         select $1, $2, $3, $4, $5, $6, 'active', $7
         where not exists (select from embedding_versions where store_id = $3 and status = 'active')
         on conflict do nothing`,
          [id, lane.workspaceId, lane.storeId, provider, name, dimension, indexName],
        )
      }),

    unembedded: (lane, version, max) =>
      database.inWorkspace(lane.workspaceId, async (tx) => {
        await tx.query(byPartialIndex)
        // Several vectors may wait for one text, so more rows than texts are looked at.
        const rows = await tx.query<{ textHash: string; text: string | null }>(
          `with ${waiting}, missing as (select * from waiting w where w.wanted_hash is not null and not exists (${valuesOf("w")}))
         select m.text_hash as "textHash",
                case when m.family = 'chunks' then c.text when m.family = 'memories' then left(r.content, ${embeddedCharsMax})
                     when m.view = 'title' then o.title when m.view = 'summary' then o.summary else o.text end as text
         from missing m
         left join knowledge_chunks c on m.family = 'chunks' and c.id = m.ref_id
         left join memory_observations o on m.family = 'observations' and o.id = m.ref_id
         left join memory_records r on m.family = 'memories' and r.store_id = $2 and r.id = m.ref_id`,
          [lane.workspaceId, lane.storeId, version.id, max * 5, modelKey(version.model)],
        )
        const texts = new Map(rows.flatMap((row) => (row.text === null ? [] : [[row.textHash, row.text] as const])))
        return [...texts].slice(0, max).map(([textHash, text]) => ({ textHash, text }))
      }),

    saveValues: (lane, model, rows) =>
      database.inWorkspace(lane.workspaceId, (tx) => embeddingValues.save(tx, lane.workspaceId, model, rows)),

    park: (lane, versionId, textHash, reason) =>
      database.inWorkspace(lane.workspaceId, async (tx) => {
        const parked = await tx.query<{ documentId: string | null }>(
          `update vector_entries v set parked_reason = $5 where ${owedBy} and v.text_hash = $4
         returning (select c.document_id from knowledge_chunks c where v.family = 'chunks' and c.id = v.ref_id) as "documentId"`,
          [lane.workspaceId, lane.storeId, versionId, textHash, reason],
        )
        await showComplete(
          tx,
          lane.workspaceId,
          parked.flatMap((row) => row.documentId ?? []),
        )
      }),

    owed: (lane, version, max) =>
      database.inWorkspace(lane.workspaceId, async (tx) => {
        await tx.query(byPartialIndex)
        const rows = await tx.query<Omit<OwedVector, "values"> & { textHash: string }>(
          `with ${waiting}
         select w.family, w.ref_id as "refId", w.view, w.wanted_hash as "wantedHash", w.metadata, w.text_hash as "textHash"
         from waiting w where w.wanted_hash is null or exists (${valuesOf("w")})`,
          [lane.workspaceId, lane.storeId, version.id, max, modelKey(version.model)],
        )
        const hashes = new Set(rows.flatMap((row) => (row.wantedHash === null ? [] : [row.textHash])))
        const saved = await embeddingValues.read(tx, lane.workspaceId, version.model, hashes)
        return rows.flatMap(({ textHash, ...row }) => {
          const values = row.wantedHash === null ? null : saved.get(textHash)
          return values === undefined ? [] : [{ ...row, values }]
        })
      }),

    markWritten: (lane, versionId, written) =>
      database.inWorkspace(lane.workspaceId, async (tx) => {
        const documents = await mark(tx, lane, versionId, await lockDocuments(tx, written))
        return showComplete(tx, lane.workspaceId, documents)
      }),
  }
}

/**
 * Locks the documents of written chunks and returns the vectors that may be marked now. Documents before vectors, as
 * persist locks them: the other way round the two wait for each other. What persist holds at this moment is left for the
 * next turn, unless it holds everything.
 */
async function lockDocuments(tx: Transaction, written: readonly OwedVector[]): Promise<readonly OwedVector[]> {
  const chunks = await tx.query<{ id: string; documentId: string }>(
    `select id, document_id as "documentId" from knowledge_chunks where id = any($1)`,
    [written.flatMap((row) => (row.family === "chunks" ? [row.refId] : []))],
  )
  const documentOf = new Map<string, string>(chunks.map((row) => [row.id, row.documentId]))
  const lock = (mode: string) =>
    tx.query<{ id: string }>(`select id from knowledge_documents where id = any($1) order by id for update ${mode}`, [
      [...new Set(documentOf.values())],
    ])
  const free = new Set((await lock("skip locked")).map((row) => row.id))
  const markable = written.filter(({ refId }) => !documentOf.has(refId) || free.has(documentOf.get(refId)!))
  if (markable.length > 0) return markable
  await lock("")
  return written
}

/** A row removed for the second time has nothing more to say and goes. Returns the documents whose chunks were marked. */
async function mark(
  tx: Transaction,
  lane: { readonly workspaceId: string; readonly storeId: string },
  versionId: string,
  written: readonly OwedVector[],
): Promise<string[]> {
  const keys = `select * from unnest($4::text[], $5::text[], $6::text[], $7::text[]) as k(family, ref_id, view, wanted)`
  const values = [
    lane.workspaceId,
    lane.storeId,
    versionId,
    written.map((row) => row.family),
    written.map((row) => row.refId),
    written.map((row) => row.view),
    written.map((row) => row.wantedHash),
  ]
  const at = `v.workspace_id = $1 and v.store_id = $2 and v.embedding_version_id = $3
    and (v.family, v.ref_id, v.view) = (k.family, k.ref_id, k.view)`
  if (written.some((row) => row.wantedHash === null)) {
    await tx.query(
      `delete from vector_entries v using (${keys}) k where ${at} and v.wanted_hash is null and k.wanted is null and v.written_hash = 'removed'`,
      values,
    )
  }
  const marked = await tx.query<{ documentId: string | null }>(
    `update vector_entries v set written_hash = v.wanted_hash, written_at = case when v.wanted_hash is null then null else now() end,
            removed_at = case when v.wanted_hash is null then now() end
     from (${keys}) k where ${at} and v.wanted_hash is not distinct from k.wanted
     returning (select c.document_id from knowledge_chunks c where v.family = 'chunks' and c.id = v.ref_id) as "documentId"`,
    values,
  )
  return [...new Set(marked.flatMap((row) => row.documentId ?? []))].sort()
}
