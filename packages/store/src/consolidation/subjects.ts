import type { SummarySubject } from "@engram/contracts/consolidation"
import type { ConsolidationLedger } from "@engram/contracts/consolidation-ledger"
import type { Database } from "../database.ts"
import { type NodeRow, nodeOfRow } from "../graph-node.ts"

type Subject = NonNullable<SummarySubject["entity"]>

/** One of an entity's names, or the alias that nobody claims, with all the others. */
const namesSql = `
  select distinct on (coalesce(a.entity_id, a.id)) a.id as "aliasId", coalesce(a.entity_id, a.id) as id, a.entity_id as "entityId",
         n.kind, n.state #> '{fields}' as fields, names.all as aliases, null as document
  from entity_aliases a left join entities n on n.id = a.entity_id
  cross join lateral (
    select json_agg(json_build_object('type', s.alias_type, 'value', s.value) order by s.alias_type, s.value) as all
    from entity_aliases s where s.workspace_id = $1 and (s.id = a.id or s.entity_id = a.entity_id)) names
  where a.workspace_id = $1 and (a.entity_id = any($2) or a.entity_id is null and a.id = any($2))
  order by coalesce(a.entity_id, a.id), a.id`

export const createSubjects = (database: Database): Pick<ConsolidationLedger, "subjects"> => ({
  subjects: (workspaceId, entityIds) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const rows = await tx.query<NodeRow>(namesSql, [workspaceId, entityIds])
      const reader = { workspaceId, storeId: "", scopeIds: [] }
      return new Map(
        rows.map((row) => {
          const { name, kind } = nodeOfRow(reader, row)
          return [row.id, { name, kind: row.kind === null ? "name" : (kind as Subject["kind"]) }]
        }),
      )
    }),
})
