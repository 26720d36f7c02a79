import type { Workbench } from "./workbench.ts"

/** Aliases that live rows name. A stub that only superseded texts named stays behind, and is nothing. */
const named = `
  select unnest(array[r.from_alias_id, r.to_alias_id, e.requires_alias_id]) from relationship_evidence e
    join relationships r on r.id = e.relationship_id where e.live
  union all select unnest(array[alias_id, author_alias_id]) from knowledge_documents
  union all select unnest(array[thing_alias_id] || subject_alias_ids) from memory_observations where live`

/** What must not depend on the order of deliveries: every table's live rows, without row numbers, versions and clocks of ours. */
const tables = {
  knowledge_documents: `select id, source, source_id, alias_id, kind, title, state, url, scope_id, author_alias_id, occurred_at, importance,
    labels, metadata, content_hash, version = indexed_version as indexed from knowledge_documents where live`,
  document_parts: "select document_id, part_id, state from document_parts",
  knowledge_chunks: `select id, document_id, part_id, position, section, text, tokens, occurred_at from knowledge_chunks where version_to is null`,
  memory_observations: `select id, class, kind, document_id, part_id, thing_alias_id, scope_id, occurred_at, title, summary, text, url, importance,
    tags, subject_alias_ids, content_hash from memory_observations where live`,
  entities: "select id, kind, state from entities",
  entity_aliases: `select id, alias_type, value, entity_id from entity_aliases where entity_id is not null or id in (${named})`,
  accounts:
    "select id, alias_type, alias_value, realm, kind, name, handle, address, hint, verified, link_key, person_id from accounts",
  document_entities: "select document_id, alias_id, role from document_entities",
  relationships: "select id, type, from_alias_id, to_alias_id, confidence, since, until from relationships where live",
  relationship_evidence:
    "select relationship_id, evidence_id, confidence, since, until, requires_alias_id from relationship_evidence where live",
  scopes: "select id, source, key, kind, name, privacy, live from scopes",
  vector_entries: `select family, ref_id, view, text_hash, metadata, wanted_hash, wanted_hash = written_hash as written from vector_entries
    where wanted_hash is not null`,
}

export type CurrentState = Readonly<Record<string, readonly string[]>>

/** Each table as sorted canonical lines, so that two states compare as texts. */
export async function currentState({ database }: Pick<Workbench, "database">): Promise<CurrentState> {
  const lines = async (sql: string): Promise<string[]> => {
    const { rows } = await database.pool.query(`select to_jsonb(t)::text as line from (${sql}) t order by 1`)
    return rows.map((row) => row.line)
  }
  const states = await Promise.all(
    Object.entries(tables).map(async ([table, sql]) => [table, await lines(sql)] as const),
  )
  return Object.fromEntries(states)
}
