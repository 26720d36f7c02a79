import type { VersionLedger } from "@engram/contracts/versions"
import type { Database } from "../database.ts"
import { changeVersions } from "./change.ts"
import { fillVersions } from "./fill.ts"
import { versionsWhere } from "./rows.ts"
import { tendVersions } from "./tend.ts"

export const createVersionLedger = (database: Database): VersionLedger => ({
  list: ({ workspaceId, storeId = null }: { readonly workspaceId: string; readonly storeId?: string | null }) =>
    database.inWorkspace(workspaceId, (tx) =>
      versionsWhere(tx, workspaceId, "($2::text is null or store_id = $2)", [storeId]),
    ),
  ...changeVersions(database),
  ...fillVersions(database),
  ...tendVersions(database),
})
