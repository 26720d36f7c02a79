import type { Decision, LinkableAccount } from "@engram/contracts/people"
import { looksShared } from "./address.ts"
import { Groups } from "./groups.ts"
import { namesDiffer, nameWords } from "./name.ts"

/** A key that more accounts hold than this belongs to nobody. Far above what one person has, and it bounds what a change can touch. */
export const holdersMax = 64

/** Why accounts that have certain evidence in common are one person, or are not. */
export interface LinkReport {
  /** What they have in common: a verified address, or the account that a no-reply address names. */
  readonly key: string
  readonly by: "address" | "provider id"
  readonly accountIds: readonly string[]
  /** `links`, or why it does not. */
  readonly verdict: "links" | "shared" | "ambiguous" | "names differ" | "too many"
}

export interface People {
  /** Each account that is a person's, and the person: the smallest id among the person's accounts. */
  readonly personOf: ReadonlyMap<string, string>
  readonly links: readonly LinkReport[]
  /** Accounts that an operator told apart from others, and that hold no automatic link because of it. */
  readonly leavers: readonly string[]
}

/**
 * Who is one person: the connected components of accounts, joined by an operator's word and by keys held in common. A function of
 * the two sets, so neither order nor history matters.
 *
 * A key links its holders unless it is shared (by its name, or by an operator's word), held by more than `holdersMax`, or
 * ambiguous: a realm gives an address to one account at a time, so two of one realm mean that it changed hands. So do two
 * names, where holders in different realms are called differently.
 *
 * Two accounts told apart never end in one component. The one that was told to leave holds no key that the other one holds; and
 * where both would still meet through third accounts, it loses every automatic link. What an operator has joined to it goes along.
 */
export function findPeople(accounts: readonly LinkableAccount[], decisions: readonly Decision[]): People {
  const persons = new Map<string, LinkableAccount>(
    accounts.filter(({ kind }) => kind === "person").map((account) => [account.id, account]),
  )
  const told = groupsOf(decisions, persons)
  const apart = decisions
    .filter((decision) => decision.verdict === "apart")
    .filter(({ accounts: [a, b] }) => persons.has(a) && persons.has(b))
    .map(({ accounts: [a, b], leaves }) => ({ leaver: told.of(leaves), stayer: told.of(leaves === a ? b : a) }))
  const reports = reportsOf(persons, told, apart, sharedness(decisions))
  const links = reports.filter(({ verdict }) => verdict === "links")

  const all = joined(told, links, new Set())
  const leavers = new Set(apart.filter(({ leaver, stayer }) => all.of(leaver) === all.of(stayer)).map((p) => p.leaver))
  const final = leavers.size === 0 ? all : joined(told, links, leavers)
  return {
    personOf: new Map([...persons.keys()].map((id) => [id, final.of(told.of(id))])),
    links: reports,
    leavers: [...persons.keys()].filter((id) => leavers.has(told.of(id))),
  }

  /** Components of what operators joined, and of the keys, without those of groups that left. */
  function joined(base: Groups, links: readonly LinkReport[], without: ReadonlySet<string>): Groups {
    const groups = new Groups()
    for (const { accountIds } of links) {
      const [first, ...others] = accountIds.map((id) => base.of(id)).filter((group) => !without.has(group))
      for (const other of others) groups.join(first!, other)
    }
    return groups
  }
}

/** What operators joined, by their word alone. */
export function groupsOf(decisions: readonly Decision[], persons: { has(id: string): boolean }): Groups {
  const groups = new Groups()
  for (const decision of decisions) {
    if (decision.verdict !== "same") continue
    const [a, b] = decision.accounts
    if (persons.has(a) && persons.has(b)) groups.join(a, b)
  }
  return groups
}

type Apart = readonly { readonly leaver: string; readonly stayer: string }[]

function reportsOf(
  persons: ReadonlyMap<string, LinkableAccount>,
  told: Groups,
  apart: Apart,
  isShared: (address: string) => boolean,
): LinkReport[] {
  const stayersOf = Map.groupBy(apart, ({ leaver }) => leaver)
  return [...holdersOf(persons)].flatMap(([key, holders]): LinkReport[] => {
    const groups = new Set(holders.map(({ id }) => told.of(id)))
    const isLeaving = (group: string): boolean =>
      stayersOf.get(group)?.some(({ stayer }) => stayer !== group && groups.has(stayer)) ?? false
    const staying = holders.filter(({ id }) => !isLeaving(told.of(id)))
    if (staying.length < 2) return []
    const by = isAccountId(key) ? "provider id" : "address"
    const verdict = (): LinkReport["verdict"] => {
      if (by === "address" && isShared(key)) return "shared"
      if (holders.length > holdersMax) return "too many"
      if (isAmbiguous(staying, told)) return "ambiguous"
      return by === "address" && haveOtherNames(staying, told) ? "names differ" : "links"
    }
    return [{ key, by, accountIds: staying.map(({ id }) => id).sort(), verdict: verdict() }]
  })
}

/** Who holds each key. The account that a key names holds it too. */
function holdersOf(persons: ReadonlyMap<string, LinkableAccount>): Map<string, LinkableAccount[]> {
  const holders = new Map<string, LinkableAccount[]>()
  for (const account of persons.values()) {
    const { linkKey } = account
    if (linkKey === null || linkKey === account.id) continue
    const known = holders.get(linkKey)
    const itself = persons.get(linkKey)
    if (known) known.push(account)
    else holders.set(linkKey, itself ? [itself, account] : [account])
  }
  return holders
}

const isAccountId = (key: string): boolean => !key.includes("@")

/** Two accounts of one realm that no operator has joined. */
function isAmbiguous(holders: readonly LinkableAccount[], told: Groups): boolean {
  const groupOf = new Map<string, string>()
  return holders.some(({ id, realm }) => {
    const group = told.of(id)
    const known = groupOf.get(realm) ?? group
    groupOf.set(realm, group)
    return known !== group
  })
}

/** Two whose full names differ, and that no operator has joined. */
function haveOtherNames(holders: readonly LinkableAccount[], told: Groups): boolean {
  const named = holders.map(({ id, name }) => ({ group: told.of(id), words: nameWords(name) }))
  return named.some((a, at) => named.slice(at + 1).some((b) => a.group !== b.group && namesDiffer(a.words, b.words)))
}

function sharedness(decisions: readonly Decision[]): (address: string) => boolean {
  const told = new Map(
    decisions.flatMap((decision) =>
      "address" in decision ? [[decision.address, decision.verdict === "shared"] as const] : [],
    ),
  )
  return (address) => told.get(address) ?? looksShared(address)
}
