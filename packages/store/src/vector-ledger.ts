import type { OwedVector, VectorLedger } from "@engram/contracts/vectors"
import { compareText } from "@engram/core/compare-text"
import { fromTheFirst } from "./by-partial-index.ts"
import type { Database } from "./database.ts"
import { floatsOf, modelKey, saveValues } from "./embedding-values.ts"
import { showComplete } from "./knowledge/chunks.ts"
import { byRef, isOwed, laneVersions, unwanted } from "./knowledge/vectors.ts"
import { stillWanted } from "./memories/vectors.ts"
import type { Transaction } from "./transaction.ts"

/** Of a memory that is longer than a chunk ever is; its full text is searched all the same. */
const embeddedCharsMax = 8_000

const owedBy = `v.workspace_id = $1 and v.store_id = $2 and v.embedding_version_id = $3
  and ${isOwed("v.")}`

/** What to embed of a vector `v`; null where that is gone, and of a profile, which is a sum of others. $2 store. */
const textOf = (v: string): string => `case
    when ${v}.family = 'chunks' then (select c.text from knowledge_chunks c where c.id = ${v}.ref_id)
    when ${v}.family = 'summaries' then (select m.text from memory_summaries m where m.id = ${v}.ref_id)
    when ${v}.family = 'memories'
      then (select left(r.content, ${embeddedCharsMax}) from memory_records r where r.store_id = $2 and r.id = ${v}.ref_id)
    when ${v}.family = 'observations' then (
      select case ${v}.view when 'title' then o.title when 'summary' then o.summary else o.text end
      from memory_observations o where o.id = ${v}.ref_id) end`

/**
 * The head of the lane. What is written leaves it with each turn, so a turn looks at as many rows as it can use, however many are
 * owed. `offset 0` keeps the values from being joined: they are asked for once a row, by the whole key. In the first minute of a
 * database, before Postgres has counted its tables, the join would read all values for every row (measured: 60 times slower at 2,000).
 */
const head = `
  with waiting as materialized (
    select v.family, v.ref_id, v.view, v.wanted_hash, v.text_hash, v.metadata from vector_entries v
    where ${owedBy} and ($6 <> 'archived' or v.wanted_hash is null) limit $4)
  select w.family, w.ref_id as "refId", w.view, w.text_hash as "textHash", w.wanted_hash as "wantedHash", w.metadata, known.values,
         case when w.wanted_hash is null or known.values is not null or $6 = 'caller' then null else ${textOf("w")} end as text
  from waiting w left join lateral (
    select e.values from embedding_values e
    where w.wanted_hash is not null and e.workspace_id = $1 and e.model = $5 and e.text_hash = w.text_hash offset 0) known on true`

/** The vectors `v` of keys `k`, $4 to $7, with what was wanted of each. */
const givenKeys = `(select * from unnest($4::text[], $5::text[], $6::text[], $7::text[]) as k(family, ref_id, view, wanted)) k`
const byGivenKey = `v.workspace_id = $1 and v.store_id = $2 and v.embedding_version_id = $3
  and (v.family, v.ref_id, v.view) = (k.family, k.ref_id, k.view)`

const lockGiven = `select from ${givenKeys} join vector_entries v on ${byGivenKey}
  order by v.family collate "C", v.ref_id collate "C", v.view collate "C" for update of v`

const unwantLost = `
  update vector_entries v set ${unwanted} from ${givenKeys}
  where ${byGivenKey} and v.wanted_hash = k.wanted and ${owedBy}
    and not exists (select from embedding_values e where e.workspace_id = $1 and e.model = $8 and e.text_hash = v.text_hash)
    and ($9 or ${textOf("v")} is null) returning 1`

/** Vectors owed to stores; see db's vector_entries for the states of a row. */
export function createVectorLedger(database: Database): VectorLedger {
  return {
    lease: (lane, holder, leaseMs) =>
      database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
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
      database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
        await tx.query("delete from lanes where store_id = $1 and stage = $2 and holder = $3", [
          lane.storeId,
          lane.stage,
          holder,
        ])
      }),

    versions: (lane) => database.inWorkspacePlanned(lane.workspaceId, (tx) => laneVersions(tx, lane.storeId)),

    ensureVersion: (lane, { id, model, indexName }) =>
      database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
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

    owed: (lane, version, max) =>
      database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
        tx.send(fromTheFirst)
        const rows = await tx.query<Omit<OwedVector, "values"> & { readonly values: Buffer | null }>(head, [
          lane.workspaceId,
          lane.storeId,
          version.id,
          max,
          modelKey(version.model),
          version.status,
        ])
        return rows.map((row) => ({ ...row, values: row.values && floatsOf(row.values) }))
      }),

    unwantLost: (lane, version, lost) =>
      database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
        const keys = keysOf(lane, version.id, lost)
        // Looked at again behind their locks, in a statement of its own. A writer who brings a text back wants its vector in the same
        // transaction: it had the lock before, and the text is there; or has it after, finds that nothing is wanted, and wants it anew.
        await tx.query(lockGiven, keys)
        const gone = await tx.query(unwantLost, [...keys, modelKey(version.model), version.status === "caller"])
        return gone.length
      }),

    saveValues: (lane, model, rows) =>
      database.inWorkspacePlanned(lane.workspaceId, async (tx) =>
        saveValues(tx, lane.workspaceId, model, await stillWanted(tx, lane.workspaceId, rows)),
      ),

    park: (lane, versionId, textHash, reason) =>
      database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
        const parked = await tx.query<{ documentId: string | null }>(
          `update vector_entries v set parked_reason = $5, attempts = v.attempts + 1 where ${owedBy} and v.text_hash = $4
         returning (select c.document_id from knowledge_chunks c where v.family = 'chunks' and c.id = v.ref_id) as "documentId"`,
          [lane.workspaceId, lane.storeId, versionId, textHash, reason],
        )
        await showComplete(
          tx,
          lane.workspaceId,
          parked.flatMap((row) => row.documentId ?? []),
        )
      }),

    markWritten: (lane, versionId, written) =>
      database.inWorkspacePlanned(lane.workspaceId, async (tx) => {
        const markable = await lockDocuments(tx, written)
        await mark(tx, lane, versionId, [...markable].sort(asWanted))
        return showComplete(tx, lane.workspaceId, documentsOf(markable))
      }),
  }
}

/**
 * Locks the documents of written chunks and returns the vectors that may be marked now. Documents before vectors, as
 * persist locks them: the other way round the two wait for each other. What persist holds at this moment is left for the
 * next turn, unless it holds everything.
 */
async function lockDocuments(tx: Transaction, written: readonly OwedVector[]): Promise<readonly OwedVector[]> {
  const documents = documentsOf(written)
  const lock = (mode: string) =>
    tx.query<{ id: string }>(`select id from knowledge_documents where id = any($1) order by id for update ${mode}`, [
      documents,
    ])
  const free = new Set((await lock("skip locked")).map((row) => row.id))
  const markable = written.filter((row) => free.has(documentOf(row) ?? "") || documentOf(row) === undefined)
  if (markable.length > 0) return markable
  await lock("")
  return written
}

/** The document whose newest version waits for this vector. */
const documentOf = ({ family, wantedHash, metadata }: OwedVector): string | undefined =>
  family === "chunks" && wantedHash !== null ? String(metadata.documentId) : undefined

const documentsOf = (rows: readonly OwedVector[]): string[] => [
  ...new Set(rows.flatMap((row) => documentOf(row) ?? [])),
]

/** In the order in which persist wants them, chunks before observations, or the two would lock each other out. */
const asWanted = (a: OwedVector, b: OwedVector): number => compareText(a.family, b.family) || byRef(a, b)

/** $1 to $7. */
const keysOf = (
  lane: { readonly workspaceId: string; readonly storeId: string },
  versionId: string,
  rows: readonly OwedVector[],
): unknown[] => [
  lane.workspaceId,
  lane.storeId,
  versionId,
  rows.map((row) => row.family),
  rows.map((row) => row.refId),
  rows.map((row) => row.view),
  rows.map((row) => row.wantedHash),
]

/** A row removed for the second time has nothing more to say and goes. */
async function mark(
  tx: Transaction,
  lane: { readonly workspaceId: string; readonly storeId: string },
  versionId: string,
  written: readonly OwedVector[],
): Promise<void> {
  const values = keysOf(lane, versionId, written)
  if (written.some((row) => row.wantedHash === null)) {
    await tx.query(
      `delete from vector_entries v using ${givenKeys} where ${byGivenKey} and v.wanted_hash is null and k.wanted is null and v.written_hash = 'removed'`,
      values,
    )
  }
  await tx.query(
    `update vector_entries v set written_hash = v.wanted_hash, written_at = case when v.wanted_hash is null then null else now() end,
            removed_at = case when v.wanted_hash is null then now() end
     from ${givenKeys} where ${byGivenKey} and v.wanted_hash is not distinct from k.wanted`,
    values,
  )
}
