import type { ShownProfile, ShownSummary, SummaryDesk } from "@engram/contracts/consolidation"
import type { Database } from "../database.ts"
import { createSubjects } from "./subjects.ts"

export const createSummaryDesk = (database: Database): SummaryDesk => {
  const { subjects } = createSubjects(database)
  return {
    summaries: (workspaceId, { storeId, entityId, topic, max }) =>
      database.inWorkspace(workspaceId, (tx) =>
        tx.query<ShownSummary>(
          `select m.id, m.entity_id as "entityId", m.topic, m.title, m.text, m.sentences, m.coverage, m.writer, m.scope_id is not null as "isPrivate",
                  json_build_object('kind', m.window_kind, 'from', m.window_from::text, 'until', m.window_until::text) as window,
                  (select json_agg(json_build_object('id', o.id, 'text', o.text, 'url', coalesce(o.url, d.url), 'source', o.source, 'occurredAt',
                     to_char(o.occurred_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by c.place)
                   from unnest(m.cited_ids) with ordinality as c(id, place) join memory_observations o on o.id = c.id and o.live
                   left join knowledge_documents d on d.id = o.document_id) as evidence
           from memory_summaries m
           where m.workspace_id = $1 and ($2::text is null or m.store_id = $2) and ($3::text is null or m.entity_id = $3)
             and ($4::text is null or m.topic = $4)
             and not exists (select from unnest(m.cited_ids) as c(id) where not exists (select from memory_observations o where o.id = c.id and o.live))
           order by m.window_from desc, m.importance desc, cardinality(m.evidence_ids) desc, m.id limit $5`,
          [workspaceId, storeId ?? null, entityId ?? null, topic ?? null, max],
        ),
      ),

    profiles: async (workspaceId, { storeId, entityId, max }) => {
      const rows = await database.inWorkspace(workspaceId, (tx) =>
        tx.query<Omit<ShownProfile, "entity">>(
          `select entity_id as "entityId", descriptors, observations, summaries, drift, rebuilt_at as "rebuiltAt"
           from memory_profiles where workspace_id = $1 and ($2::text is null or store_id = $2) and ($3::text is null or entity_id = $3)
           order by observations + summaries desc, id limit $4`,
          [workspaceId, storeId ?? null, entityId ?? null, max],
        ),
      )
      const names = await subjects(
        workspaceId,
        rows.map((row) => row.entityId),
      )
      return rows.map((row) => ({ ...row, entity: names.get(row.entityId)?.name ?? row.entityId }))
    },
  }
}
