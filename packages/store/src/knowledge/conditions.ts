import type { EvidenceRow } from "@engram/contracts/knowledge"
import type { Transaction } from "../transaction.ts"

/**
 * Evidence that counts while an entity goes by an alias, as one transaction writes it. What it says is decided when the transaction
 * holds the alias; until then it is presumed.
 */
export interface Conditions {
  /** These relationships were made by this transaction, and summed as if these aliases were met and no others. */
  presume(rows: readonly EvidenceRow[], met: ReadonlySet<string>): void
  /** Those under a condition are to be summed once its alias is held. */
  wait(rows: readonly EvidenceRow[]): void
  waits(relationshipId: string): boolean
  /** With the aliases held: what is to be summed now, those under these aliases among it. */
  decided(tx: Transaction, workspaceId: string, aliasIds: readonly string[]): Promise<string[]>
}

export function createConditions(): Conditions {
  const waiting = new Set<string>()
  const presumed = new Map<string, { readonly met: boolean; readonly relationshipIds: string[] }>()
  return {
    presume: (rows, met) => {
      for (const { requiresAliasId: id, relationshipId } of rows) {
        if (id === null) continue
        const known = presumed.get(id)
        if (known) known.relationshipIds.push(relationshipId)
        else presumed.set(id, { met: met.has(id), relationshipIds: [relationshipId] })
      }
    },
    wait: (rows) => {
      for (const row of rows) if (row.requiresAliasId !== null) waiting.add(row.relationshipId)
    },
    waits: (relationshipId) => waiting.has(relationshipId),
    decided: async (tx, workspaceId, aliasIds) => {
      const [under, met] = await Promise.all([
        relationshipsUnder(tx, workspaceId, aliasIds),
        metOf(tx, [...presumed.keys()]),
      ])
      const mistaken = [...presumed].filter(([id, presumption]) => presumption.met !== met.has(id))
      const ids = new Set([...waiting, ...under, ...mistaken.flatMap(([, { relationshipIds }]) => relationshipIds)])
      waiting.clear()
      presumed.clear()
      return [...ids].sort()
    },
  }
}

const isThere = "rn.state #> '{fields,deleted,value}' is distinct from 'true'::jsonb"

/** Whether evidence `e` counts: its condition, if it has one, is met while its alias is that of an entity that is not deleted. */
export const isMet = `(e.requires_alias_id is null or exists (
    select from entity_aliases ra join entities rn on rn.id = ra.entity_id where ra.id = e.requires_alias_id and ${isThere}))`

/** Which of these aliases are those of entities that are not deleted. */
export async function metOf(tx: Transaction, aliasIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (aliasIds.length === 0) return new Set()
  const rows = await tx.query<{ id: string }>(
    `select ra.id from entity_aliases ra join entities rn on rn.id = ra.entity_id where ra.id = any($1) and ${isThere}`,
    [[...new Set(aliasIds)]],
  )
  return new Set(rows.map(({ id }) => id))
}

/** The relationships with evidence that counts, or does not, by who goes by one of these aliases. */
async function relationshipsUnder(
  tx: Transaction,
  workspaceId: string,
  aliasIds: readonly string[],
): Promise<string[]> {
  if (aliasIds.length === 0) return []
  const rows = await tx.query<{ id: string }>(
    `select distinct relationship_id as id from relationship_evidence
     where workspace_id = $1 and requires_alias_id = any($2) and requires_alias_id is not null`,
    [workspaceId, aliasIds],
  )
  return rows.map((row) => row.id)
}
