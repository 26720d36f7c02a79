/**
 * What forgetting does with each table. A new table has to be decided here, by whoever adds it: a test compares this list with
 * the database.
 */
export const tablesForgotten: { readonly [table: string]: string } = {
  knowledge_documents: "rows go",
  document_parts: "go with their document; a person is scrubbed out",
  knowledge_chunks: "go with their document",
  document_deliveries: "go with their document",
  document_entities: "go with their document, or with the person",
  memory_observations: "go with their document or source; a person is scrubbed out of moments",
  relationships: "go when no evidence is left, or with the person",
  relationship_evidence: "goes with its document or observation",
  entities: "go with their document, source or person; a person is scrubbed out of others",
  entity_aliases: "become stubs, and go when nothing mentions them",
  accounts: "go with their entity",
  identity_decisions: "go with the accounts they are about",
  scopes: "go with their source; a person is scrubbed out of names",
  ingest_deliveries: "bytes and headers go; the row stays, so that a repeat is a duplicate",
  embedding_values: "go when nothing wants their text",
  vector_entries: "owe their removal, twice, then go",
  memory_records: "go with their workspace",
  memory_namespaces: "go with their workspace",
  connections: "go with their workspace",
  api_keys: "go with their workspace",
  workspaces: "stay: a name, and what was chosen",
  stores: "stay: a name, and where vectors are still to be removed",
  embedding_versions: "stay: where vectors are still to be removed",
  lanes: "stay: leases, no content",
  suppressions: "stay for good: keyed hashes",
  forgettings: "stay: what was done, as counts",
  forgotten_refs: "stay: ids to look for",
  audit_log: "stays: who forgot when, by the id of the forgetting",
}
