import type { AliasRef } from "@engram/contracts/graph"
import type { AliasId, EntityId } from "@engram/contracts/ids"
import type { Transaction } from "../transaction.ts"

/** One name of one account of a person. Bots and organizations are their own and only account. */
export interface PersonAlias extends AliasRef {
  readonly id: AliasId
  readonly accountId: EntityId
  readonly personId: EntityId
}

/**
 * Every name of everybody whom these ids, of aliases or accounts, belong to: what edges to a person point at, whichever account they
 * were drawn to. An alias that no account claims belongs to nobody. Ordered by person, account, alias.
 */
export const aliasesOfPeople = (
  tx: Transaction,
  workspaceId: string,
  ids: readonly (AliasId | EntityId)[],
): Promise<PersonAlias[]> =>
  tx.query<PersonAlias>(
    `with asked as (
       select a.id, a.person_id from entity_aliases n join accounts a on a.id = n.entity_id
       where n.workspace_id = $1 and n.id = any($2)
       union select id, person_id from accounts where workspace_id = $1 and id = any($2)
     ), found as (
       select a.id, a.person_id from accounts a where a.workspace_id = $1 and a.person_id in (select person_id from asked)
       union select id, person_id from asked
     )
     select n.id, n.alias_type as type, n.value, f.id as "accountId", coalesce(f.person_id, f.id) as "personId"
     from found f join entity_aliases n on n.workspace_id = $1 and n.entity_id = f.id
     order by 5, 4, 1`,
    [workspaceId, ids],
  )
