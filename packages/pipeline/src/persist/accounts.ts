import type { KnowledgeWrite } from "@engram/contracts/knowledge"
import { canonicalJson } from "@engram/core/canonical"
import { readAccount } from "@engram/core/identity/account"
import { type EntityState, entityFields } from "@engram/core/state/entity"
import type { EntityChange } from "./graph.ts"
import type { Place } from "./place.ts"

/** Who the changed accounts belong to. Costs nothing where no account is new and none reads differently to identity. */
export async function writeAccounts(
  write: KnowledgeWrite,
  { workspaceId }: Place,
  changed: readonly EntityChange[],
): Promise<void> {
  const rows = changed
    .filter(({ draft }) => draft.kind === "account")
    .flatMap(({ draft, before, state }) => {
      const read = (from: EntityState) => readAccount(workspaceId, draft.alias, entityFields(from))
      const row = read(state)
      return before && canonicalJson(read(before)) === canonicalJson(row) ? [] : [row]
    })
  if (rows.length > 0) await write.saveAccounts(rows)
}
