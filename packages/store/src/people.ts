import { Rejected } from "@engram/contracts/errors"
import type { EntityId } from "@engram/contracts/ids"
import { looksShared, normaliseAddress } from "@engram/core/identity/address"
import { findPeople, type LinkReport } from "@engram/core/identity/people"
import { type Suggestion, suggestLinks } from "@engram/core/identity/suggest"
import { type AuditEntry, auditOf } from "./audit-log.ts"
import type { Database } from "./database.ts"
import { aliasesOfPeople, type PersonAlias } from "./people/aliases.ts"
import { allDecisions, type Change, type Decided, decide, undo } from "./people/decide.ts"
import { accountColumns, findAccount, findAccounts, type StoredAccount } from "./people/find-account.ts"
import { neighbourhood, type StandingDecision } from "./people/find-again.ts"
import { personName } from "./people/person-name.ts"
import type { Transaction } from "./transaction.ts"

export interface ListedPerson {
  readonly id: EntityId
  /** The fullest name that any of the accounts has. */
  readonly name: string
  readonly accounts: readonly StoredAccount[]
}

export interface ShownPerson extends ListedPerson {
  readonly kind: StoredAccount["kind"]
  readonly aliases: readonly PersonAlias[]
  /** What the accounts have in common with each other, or with others, and whether it links. */
  readonly links: readonly LinkReport[]
  /** What operators decided of these accounts and their addresses, and stands. */
  readonly decisions: readonly StandingDecision[]
  /** Accounts that hold no automatic link, because an operator told them apart from what they would meet through it. */
  readonly leavers: readonly string[]
  readonly history: readonly AuditEntry<Change>[]
}

export interface ShownSuggestion extends Omit<Suggestion, "accounts"> {
  readonly accounts: readonly [StoredAccount, StoredAccount]
}

/** After a decision: its entry, and whom the accounts it was about belong to now. */
export interface Outcome extends Decided {
  readonly people: readonly ListedPerson[]
}

/** The people of one workspace in an operator's hands. Whatever it decides stands at once, is written down, and can be undone. */
export interface PeopleDesk {
  /** Those with the most accounts first. `kind` is "person" unless given. */
  list(options: { readonly limit: number; readonly kind?: StoredAccount["kind"] }): Promise<ListedPerson[]>
  counts(): Promise<{
    readonly people: number
    readonly accounts: number
    readonly bots: number
    readonly organizations: number
  }>
  show(text: string): Promise<ShownPerson>
  suggest(limit: number): Promise<{ readonly suggestions: ShownSuggestion[]; readonly total: number }>
  /** These two are the same person. */
  link(actor: string, a: string, b: string): Promise<Outcome>
  /** These two are not: the first one leaves, and gives up what it has in common with the other. */
  unlink(actor: string, leaver: string, stayer: string): Promise<Outcome>
  /** `shared`: the address links nobody. `personal`: it does, although its name looks shared. */
  markAddress(actor: string, address: string, verdict: "shared" | "personal"): Promise<Outcome>
  /** Puts back what stood before that entry of the audit log. */
  undo(actor: string, auditId: string): Promise<Outcome>
}

export function createPeopleDesk({
  database,
  workspaceId,
}: {
  readonly database: Database
  readonly workspaceId: string
}): PeopleDesk {
  const inside = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => database.inWorkspace(workspaceId, work)
  const outcome = async (tx: Transaction, decided: Decided): Promise<Outcome> => ({
    ...decided,
    people: await peopleAbout(tx, workspaceId, decided.change),
  })
  const act = (actor: string, action: string) => ({ actor, action })
  return {
    list: ({ limit, kind = "person" }) =>
      inside(async (tx) => {
        const ids = await tx.query<{ id: EntityId }>(
          `select coalesce(person_id, id) as id from accounts where workspace_id = $1 and kind = $3
           group by 1 order by count(*) desc, 1 limit $2`,
          [workspaceId, limit, kind],
        )
        return peopleOf(
          tx,
          workspaceId,
          ids.map(({ id }) => id),
        )
      }),
    counts: () =>
      inside(async (tx) => {
        const [row] = await tx.query<Awaited<ReturnType<PeopleDesk["counts"]>>>(
          `select count(distinct person_id)::int as people, count(person_id)::int as accounts,
             (count(*) filter (where kind = 'bot'))::int as bots,
             (count(*) filter (where kind = 'organization'))::int as organizations from accounts where workspace_id = $1`,
          [workspaceId],
        )
        return row!
      }),
    show: (text) => inside(async (tx) => show(tx, workspaceId, (await findAccounts(tx, workspaceId, text))[0]!)),
    suggest: (limit) =>
      inside(async (tx) => {
        const accounts = await tx.query<StoredAccount>(
          `select ${accountColumns} from accounts where workspace_id = $1 and kind = 'person'`,
          [workspaceId],
        )
        const byId = new Map<string, StoredAccount>(accounts.map((account) => [account.id, account]))
        const personOf = new Map<string, string>(accounts.map(({ id, personId }) => [id, personId ?? id]))
        const all = suggestLinks(accounts, personOf, await allDecisions(tx, workspaceId))
        const suggestions = all.slice(0, limit).map((each) => {
          const [a, b] = each.accounts
          return { ...each, accounts: [byId.get(a)!, byId.get(b)!] as const }
        })
        return { suggestions, total: all.length }
      }),
    link: (actor, a, b) =>
      inside(async (tx) => {
        const accounts = await pair(tx, workspaceId, a, b)
        return outcome(tx, await decide(tx, workspaceId, { verdict: "same", accounts }, act(actor, "people.link")))
      }),
    unlink: (actor, leaver, stayer) =>
      inside(async (tx) => {
        const leaves = (await findAccount(tx, workspaceId, leaver)).id
        const accounts = await pair(tx, workspaceId, leaves, stayer)
        const decision = { verdict: "apart", accounts, leaves } as const
        return outcome(tx, await decide(tx, workspaceId, decision, act(actor, "people.unlink")))
      }),
    markAddress: (actor, text, verdict) =>
      inside(async (tx) => {
        const address = normaliseAddress(text)
        if (address === null) throw new Rejected("address_unreadable", `"${text}" is no address that mail can reach.`)
        if (verdict === "personal" && !looksShared(address) && !(await isMarked(tx, workspaceId, address)))
          throw new Rejected("already_decided", `${address} is taken for a person's already.`)
        return outcome(tx, await decide(tx, workspaceId, { verdict, address }, act(actor, "people.address")))
      }),
    undo: (actor, auditId) => inside(async (tx) => outcome(tx, await undo(tx, workspaceId, auditId, actor))),
  }
}

/** Two accounts that a decision can be about: different ones, and of people. A person stands for its smallest account. */
async function pair(tx: Transaction, workspaceId: string, a: string, b: string): Promise<[EntityId, EntityId]> {
  const [[x], [y]] = [await findAccounts(tx, workspaceId, a), await findAccounts(tx, workspaceId, b)]
  for (const { id, kind } of [x!, y!])
    if (kind !== "person")
      throw new Rejected("not_a_person", `${id} is a${kind === "organization" ? "n" : ""} ${kind}, and nobody.`)
  if (x!.id === y!.id) throw new Rejected("same_account", `"${a}" and "${b}" are one account, ${x!.id}.`)
  return [x!.id, y!.id]
}

const isMarked = async (tx: Transaction, workspaceId: string, address: string): Promise<boolean> =>
  (await allDecisions(tx, workspaceId)).some((decision) => "address" in decision && decision.address === address)

async function show(tx: Transaction, workspaceId: string, account: StoredAccount): Promise<ShownPerson> {
  const [person] = await peopleOf(tx, workspaceId, [account.personId ?? account.id])
  const ids = person!.accounts.map(({ id }) => id as string)
  const near = await neighbourhood(tx, workspaceId, ids)
  const { links, leavers } = findPeople(near.accounts, near.decisions)
  const addresses = person!.accounts.flatMap(({ address }) => (address === null ? [] : [address]))
  const isAbout = (subjects: readonly string[]): boolean =>
    subjects.some((subject) => ids.includes(subject) || addresses.includes(subject))
  return {
    ...person!,
    kind: account.kind,
    aliases: await aliasesOfPeople(tx, workspaceId, [account.id]),
    links: links.filter(({ accountIds }) => isAbout(accountIds)),
    decisions: near.decisions.filter((decision) =>
      isAbout("address" in decision ? [decision.address] : decision.accounts),
    ),
    leavers: leavers.filter((id) => ids.includes(id)),
    history: await auditOf<Change>(tx, workspaceId, [...ids, ...addresses]),
  }
}

async function peopleAbout(tx: Transaction, workspaceId: string, { subject, object }: Change): Promise<ListedPerson[]> {
  const rows = await tx.query<{ id: EntityId }>(
    `select distinct coalesce(person_id, id) as id from accounts where workspace_id = $1 and (id in ($2, $3) or link_key = $2)
     order by 1 limit 100`,
    [workspaceId, subject, object],
  )
  return peopleOf(
    tx,
    workspaceId,
    rows.map(({ id }) => id),
  )
}

async function peopleOf(tx: Transaction, workspaceId: string, ids: readonly EntityId[]): Promise<ListedPerson[]> {
  const rows = await tx.query<StoredAccount>(
    `select ${accountColumns} from accounts where workspace_id = $1 and (id = any($2) or person_id = any($2)) order by id`,
    [workspaceId, ids],
  )
  const accounts = Map.groupBy(rows, ({ id, personId }) => personId ?? id)
  return ids.flatMap((id) => {
    const each = accounts.get(id)
    return each ? [{ id, name: personName(each) ?? each[0]!.aliasValue, accounts: each }] : []
  })
}
