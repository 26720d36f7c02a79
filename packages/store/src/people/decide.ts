import { Rejected } from "@engram/contracts/errors"
import type { EntityId } from "@engram/contracts/ids"
import type { Decision } from "@engram/contracts/people"
import { contradictionIn } from "@engram/core/identity/contradiction"
import { auditOf, findAudit, newAuditId, writeAudit } from "../audit-log.ts"
import type { Transaction } from "../transaction.ts"
import {
  type DecisionRow,
  decisionsSql,
  findPeopleAgain,
  keyOf,
  lockPeople,
  neighbourhood,
  readDecision,
  type StandingDecision,
} from "./find-again.ts"

type Verdict = Pick<DecisionRow, "verdict" | "leaves">

/** What an audit entry of identity holds: one decision's place, and what stood there before and after. */
export interface Change {
  readonly subject: string
  readonly object: string
  readonly before: Verdict | null
  readonly after: Verdict | null
}

export interface Decided {
  readonly auditId: string
  readonly change: Change
}

interface Act {
  readonly actor: string
  readonly action: string
  readonly undoes: string | null
}

/** Makes the decision stand, in place of what stood for the same two accounts or the same address. */
export async function decide(
  tx: Transaction,
  workspaceId: string,
  decision: Decision,
  act: Pick<Act, "actor" | "action">,
): Promise<Decided> {
  lockPeople(tx, workspaceId)
  const [subject, object] = keyOf(decision)
  const after = { verdict: decision.verdict, leaves: "leaves" in decision ? decision.leaves : null }
  const before = await standing(tx, workspaceId, subject, object)
  if (before?.verdict === after.verdict && before.leaves === after.leaves)
    throw new Rejected("already_decided", `That already stands, since ${before.auditId}.`)
  return apply(
    tx,
    workspaceId,
    { subject, object, before: before ? verdictOf(before) : null, after },
    { ...act, undoes: null },
  )
}

/** Puts back what stood before that entry. An undo is an entry like others, and can be undone. */
export async function undo(tx: Transaction, workspaceId: string, auditId: string, actor: string): Promise<Decided> {
  lockPeople(tx, workspaceId)
  const entry = await findAudit<Change>(tx, workspaceId, auditId)
  if (!entry?.action.startsWith("people."))
    throw new Rejected("audit_missing", `There is no entry ${auditId} about people in ${workspaceId}.`)
  const { subject, object, before, after } = entry.detail
  const entries = await auditOf<Change>(tx, workspaceId, [subject])
  const last = entries.findLast(({ detail }) => detail.subject === subject && detail.object === object)
  if (last && last.id !== auditId) {
    const how = last.undoes === auditId ? "undid it already" : "decided the same anew; undo that first"
    throw new Rejected("audit_superseded", `${last.id} ${how}.`)
  }
  const change = { subject, object, before: after, after: before }
  return apply(tx, workspaceId, change, { actor, action: "people.undo", undoes: auditId })
}

async function apply(tx: Transaction, workspaceId: string, change: Change, act: Act): Promise<Decided> {
  const { subject, object, after } = change
  const auditId = newAuditId()
  if (after)
    await tx.query(
      `insert into identity_decisions (workspace_id, subject, object, verdict, leaves, audit_id) values ($1, $2, $3, $4, $5, $6)
       on conflict (workspace_id, subject, object) do update
         set verdict = excluded.verdict, leaves = excluded.leaves, audit_id = excluded.audit_id`,
      [workspaceId, subject, object, after.verdict, after.leaves, auditId],
    )
  else
    await tx.query("delete from identity_decisions where workspace_id = $1 and subject = $2 and object = $3", [
      workspaceId,
      subject,
      object,
    ])
  const subjects = object === "" ? [subject] : [subject, object]
  refuseContradiction((await neighbourhood(tx, workspaceId, subjects)).decisions, auditId)
  await findPeopleAgain(tx, workspaceId, subjects)
  await writeAudit(tx, workspaceId, { id: auditId, ...act, subjects, detail: change })
  return { auditId, change }
}

/** Evidence gives way to an operator's word; two words of operators cannot, so the one that came first has to be undone. */
function refuseContradiction(decisions: readonly StandingDecision[], auditId: string): void {
  const apart = contradictionIn(decisions)
  if (!apart) return
  const standing = decisions.find((decision) => decision === apart)!
  const [a, b] = apart.accounts
  const words =
    standing.auditId === auditId
      ? `${a} and ${b} are one person by operators' links (${linksBetween(decisions, a, b).join(", ")}); undo one of those first.`
      : `That would make ${a} and ${b} one person, who were told apart by ${standing.auditId}; undo that first.`
  throw new Rejected("decisions_contradict", words)
}

/** The entries of a shortest chain of links between two accounts. */
function linksBetween(decisions: readonly StandingDecision[], from: EntityId, to: EntityId): string[] {
  const links = decisions.filter((decision) => decision.verdict === "same")
  const chains = new Map<string, readonly string[]>([[from, []]])
  for (const [at, chain] of chains) {
    for (const { accounts, auditId } of links) {
      const next = accounts.find((id) => id !== at)
      if (accounts.includes(at as EntityId) && next && !chains.has(next)) chains.set(next, [...chain, auditId])
    }
  }
  return [...(chains.get(to) ?? [])]
}

async function standing(
  tx: Transaction,
  workspaceId: string,
  subject: string,
  object: string,
): Promise<DecisionRow | undefined> {
  const [row] = await tx.query<DecisionRow>(`${decisionsSql} and subject = $2 and object = $3`, [
    workspaceId,
    subject,
    object,
  ])
  return row
}

const verdictOf = ({ verdict, leaves }: DecisionRow): Verdict => ({ verdict, leaves })

export const allDecisions = async (tx: Transaction, workspaceId: string): Promise<StandingDecision[]> =>
  (await tx.query<DecisionRow>(`${decisionsSql} order by subject, object`, [workspaceId])).map(readDecision)
