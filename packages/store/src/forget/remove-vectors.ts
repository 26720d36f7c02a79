import type { VectorFamily } from "@engram/contracts/knowledge"
import { unwant } from "../knowledge/vectors.ts"
import type { Transaction } from "../transaction.ts"

/** Owes the removal of the vectors of these. */
export async function removeVectors(
  tx: Transaction,
  { workspaceId, forgettingId }: { readonly workspaceId: string; readonly forgettingId: string },
  refs: readonly (readonly [VectorFamily, readonly string[]])[],
): Promise<number> {
  let owed = 0
  for (const [family, ids] of refs) {
    if (ids.length === 0) continue
    await tx.query(
      `insert into forgotten_refs (forgetting_id, workspace_id, kind, ref)
       select $1, $2, k.kind, case k.kind when 'text' then v.text_hash
           else v.embedding_version_id || ' ' || v.family || ' ' || v.ref_id || case v.view when 'body' then '' else '#' || v.view end end
       from vector_entries v cross join (values ('vector'), ('text')) as k(kind)
       where v.workspace_id = $2 and v.family = $3 and v.ref_id = any($4) on conflict do nothing`,
      [forgettingId, workspaceId, family, ids],
    )
    const unwanted = await tx.query(
      `with gone as (select distinct store_id, ref_id as id from vector_entries where workspace_id = $1 and family = $2 and ref_id = any($3))
       ${unwant(family)} returning v.ref_id`,
      [workspaceId, family, ids],
    )
    owed += unwanted.length
  }
  return owed
}
