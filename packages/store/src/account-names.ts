import type { AccountNames } from "@engram/contracts/names"
import { aliasId } from "@engram/core/ids"
import type { Database } from "./database.ts"

export const createAccountNames = (database: Database): AccountNames => ({
  called: (workspaceId, aliases) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const rows = await tx.query<{ id: string; name: string }>(
        `select a.id, coalesce(nullif(c.name, ''), c.handle) as name from entity_aliases a join accounts c on c.id = a.entity_id
         where a.workspace_id = $1 and a.id = any($2) and coalesce(nullif(c.name, ''), nullif(c.handle, '')) is not null`,
        [workspaceId, aliases.map((alias) => aliasId(workspaceId, alias))],
      )
      return new Map(rows.map(({ id, name }) => [id, name]))
    }),
})
