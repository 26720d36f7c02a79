import type { EntityId } from "@engram/contracts/ids"
import type { Decision, LinkableAccount } from "@engram/contracts/people"
import { findPeople, holdersMax, type People } from "@engram/core/identity/people"
import type { Transaction } from "../transaction.ts"

/** A decision that stands, and the entry of the audit log that made it. */
export type StandingDecision = Decision & { readonly auditId: string }

/** Accounts that evidence or words could join, whether they do or not, with all that decides it. */
export interface Neighbourhood {
  readonly accounts: readonly (LinkableAccount & { readonly personId: EntityId | null })[]
  readonly decisions: readonly StandingDecision[]
}

/**
 * Whoever changes accounts or decisions holds this until the transaction ends, so that the people found are those of what is stored.
 * Taken last: whoever has it waits for nobody.
 */
export function lockPeople(tx: Transaction, workspaceId: string): void {
  tx.send("select pg_advisory_xact_lock(hashtextextended('people ' || $1, 0))", [workspaceId])
}

/** Finds the people anew among all accounts that a change of these accounts or keys can touch. The cost grows with those, not with the workspace. */
export async function findPeopleAgain(
  tx: Transaction,
  workspaceId: string,
  seeds: Iterable<string>,
): Promise<Neighbourhood & { readonly people: People }> {
  const found = await neighbourhood(tx, workspaceId, seeds)
  const people = findPeople(found.accounts, found.decisions)
  writePeople(tx, workspaceId, found.accounts, people.personOf)
  return { ...found, people }
}

/** Writes the person of those that belong to another one now. */
export function writePeople(
  tx: Transaction,
  workspaceId: string,
  accounts: Neighbourhood["accounts"],
  personOf: People["personOf"],
): void {
  const changed = accounts
    .map(({ id, personId }) => ({ id, before: personId, after: personOf.get(id) ?? null }))
    .filter(({ before, after }) => before !== after)
  if (changed.length === 0) return
  tx.send(
    `update accounts a set person_id = k.person_id from unnest($2::text[], $3::text[]) as k(id, person_id)
     where a.workspace_id = $1 and a.id = any($2) and a.id = k.id`,
    [workspaceId, changed.map(({ id }) => id), changed.map(({ after }) => after)],
  )
}

/**
 * Everything reachable from the seeds (accounts' ids, and keys) by keys held in common and by operators' words. `changing` says how
 * many accounts may take a key or leave one before the people are found.
 */
export async function neighbourhood(
  tx: Transaction,
  workspaceId: string,
  seeds: Iterable<string>,
  { changing = 0 } = {},
): Promise<Neighbourhood> {
  const accounts = new Map<string, Neighbourhood["accounts"][number]>()
  const decisions = new Map<string, StandingDecision>()
  const asked = new Set<string>()
  let keys = new Set(seeds)
  while (keys.size > 0) {
    for (const key of keys) asked.add(key)
    const [rows, told] = await Promise.all([
      accountsOf(tx, workspaceId, [...keys], holdersMax + 2 + changing),
      decisionsOn(tx, workspaceId, [...keys]),
    ])
    for (const row of rows) accounts.set(row.id, row)
    for (const decision of told) decisions.set(keyOf(decision).join(" "), decision)
    const named = [
      ...rows.flatMap(({ id, linkKey }) => (linkKey === null ? [id] : [id, linkKey])),
      ...told.flatMap((decision) => (decision.verdict === "same" ? decision.accounts : [])),
    ]
    keys = new Set(named.filter((key) => !asked.has(key)))
  }
  return { accounts: [...accounts.values()], decisions: [...decisions.values()] }
}

/** What tells a decision from others: two accounts in order, or an address and nothing. */
export function keyOf(decision: Decision): readonly [subject: string, object: string] {
  if ("address" in decision) return [decision.address, ""]
  const [a, b] = decision.accounts
  return a < b ? [a, b] : [b, a]
}

// One more than can link, and one more: a key that stays far above the limit before and after a change concerns nobody.
const accountsOf = (
  tx: Transaction,
  workspaceId: string,
  keys: readonly string[],
  holders: number,
): Promise<Neighbourhood["accounts"]> =>
  tx.query<Neighbourhood["accounts"][number]>(
    `select id, kind, realm, name, link_key as "linkKey", person_id as "personId" from accounts
     where workspace_id = $1 and id = any($2::text[])
     union select h.* from unnest($2::text[]) as k(key) cross join lateral (
       select a.id, a.kind, a.realm, a.name, a.link_key, a.person_id from accounts a
       where a.workspace_id = $1 and a.link_key = k.key limit $3) h`,
    [workspaceId, keys, holders],
  )

async function decisionsOn(
  tx: Transaction,
  workspaceId: string,
  subjects: readonly string[],
): Promise<StandingDecision[]> {
  const rows = await tx.query<DecisionRow>(`${decisionsSql} and (subject = any($2) or object = any($2))`, [
    workspaceId,
    subjects,
  ])
  return rows.map(readDecision)
}

/** $1 workspace */
export const decisionsSql = `
  select subject, object, verdict, leaves, audit_id as "auditId" from identity_decisions where workspace_id = $1`

export interface DecisionRow {
  readonly subject: string
  readonly object: string
  readonly verdict: Decision["verdict"]
  readonly leaves: EntityId | null
  readonly auditId: string
}

export function readDecision({ subject, object, verdict, leaves, auditId }: DecisionRow): StandingDecision {
  if (verdict === "shared" || verdict === "personal") return { verdict, address: subject, auditId }
  const accounts = [subject as EntityId, object as EntityId] as const
  return verdict === "same" ? { verdict, accounts, auditId } : { verdict, accounts, leaves: leaves!, auditId }
}
