import type { AccountRow, Decision } from "@engram/contracts/people"
import { compareText } from "../compare-text.ts"
import { domainOf, isPublicDomain, localPartOf, loginNamedBy, looksShared, mailboxOf } from "./address.ts"
import { nameWords } from "./name.ts"

/** The strongest first. None of them is certain: each is true of different people too. */
export const reasons = ["same mailbox", "same name and domain", "same handle", "same full name"] as const
export type SuggestionReason = (typeof reasons)[number]

/** Two people who may be one. */
export interface Suggestion {
  /** Their ids, the smaller first. */
  readonly people: readonly [string, string]
  readonly reasons: readonly SuggestionReason[]
  /** The accounts that have it in common, one of each. */
  readonly accounts: readonly [string, string]
}

/** A name, handle or mailbox that more people than this share tells nothing about any two of them; it also bounds the work. */
const bearersMax = 8

/**
 * Pairs of people who may be one, the likeliest first; never a pair that was told apart. Linear in the accounts.
 * `personOf` is `findPeople`'s.
 */
export function suggestLinks(
  accounts: readonly AccountRow[],
  personOf: ReadonlyMap<string, string>,
  decisions: readonly Decision[],
): Suggestion[] {
  const toldApart = pairsToldApart(decisions, personOf)
  const people = accounts.filter(({ id }) => personOf.has(id))
  const found = new Map<string, Suggestion>()
  for (const reason of reasons) {
    for (const [a, b] of pairsFor(reason, people, personOf)) {
      const pair = pairOf(personOf.get(a.id)!, personOf.get(b.id)!)
      const key = pair.join(" ")
      if (toldApart.has(key)) continue
      const known = found.get(key) ?? { people: pair, accounts: inOrder(pair, a, b, personOf), reasons: [] }
      if (!known.reasons.includes(reason)) found.set(key, { ...known, reasons: [...known.reasons, reason] })
    }
  }
  const rank = ({ reasons: [first], people }: Suggestion): string => `${reasons.indexOf(first!)} ${people.join(" ")}`
  return [...found.values()].sort((a, b) => compareText(rank(a), rank(b)))
}

function pairsToldApart(decisions: readonly Decision[], personOf: ReadonlyMap<string, string>): Set<string> {
  const personAt = (id: string): string => personOf.get(id) ?? id
  return new Set(
    decisions
      .filter((decision) => decision.verdict === "apart")
      .map(({ accounts: [a, b] }) => pairOf(personAt(a), personAt(b)).join(" ")),
  )
}

/** Pairs of accounts of different people that have what the reason asks for in common. */
function pairsFor(
  reason: SuggestionReason,
  accounts: readonly AccountRow[],
  personOf: ReadonlyMap<string, string>,
): [AccountRow, AccountRow][] {
  return [...groupBy(accounts, marksOf[reason])]
    .filter((bearers) => new Set(bearers.map(({ id }) => personOf.get(id))).size <= bearersMax)
    .flatMap((bearers) => pairsOf(bearers, personOf))
    .filter(([a, b]) => accepts[reason](a, b))
}

/** What two accounts must have in common for each reason. */
const marksOf: { readonly [reason in SuggestionReason]: (account: AccountRow) => readonly string[] } = {
  "same mailbox": (account) => marksIn(account, (address) => (looksShared(address) ? [] : [mailboxOf(address)])),
  "same name and domain": (account) =>
    marksIn(account, (address) => {
      const domain = domainOf(address)
      return isPublicDomain(domain) ? [] : wordsOf(account.name).map((words) => `${words}@${domain}`)
    }),
  "same handle": (account) => [
    ...new Set([...handleKey(account.handle), ...marksIn(account, handlesIn).flatMap(handleKey)]),
  ],
  "same full name": ({ name }) => wordsOf(name).filter((words) => words.includes(" ")),
}

const elsewhere = (a: AccountRow, b: AccountRow): boolean => a.realm !== b.realm
const accepts: { readonly [reason in SuggestionReason]: (a: AccountRow, b: AccountRow) => boolean } = {
  "same mailbox": () => true,
  "same name and domain": () => true,
  // Within one realm a handle belongs to one account, and two accounts of a name are more likely two people.
  "same handle": elsewhere,
  "same full name": (a, b) => elsewhere(a, b) && (a.address === null || b.address === null),
}

function marksIn({ address, hint }: AccountRow, read: (address: string) => string[]): string[] {
  const addresses = [address, hint].filter((each) => each !== null)
  return [...new Set(addresses.flatMap(read))]
}

/** What stands before the @, where it is a person's: often the handle that they use elsewhere. */
function handlesIn(address: string): string[] {
  const login = loginNamedBy(address)
  if (login !== null) return [login]
  return looksShared(address) ? [] : [localPartOf(mailboxOf(address))]
}

/** Without separators, which services do not agree on. Short ones are everybody's. */
function handleKey(handle: string | null): string[] {
  const key =
    handle
      ?.normalize("NFKC")
      .toLowerCase()
      .replaceAll(/[._\s-]/g, "") ?? ""
  return key.length >= 4 ? [key] : []
}

const wordsOf = (name: string | null): string[] => {
  const words = nameWords(name)
  return words.length === 0 ? [] : [words.join(" ")]
}

function groupBy(
  accounts: readonly AccountRow[],
  marks: (account: AccountRow) => readonly string[],
): Iterable<AccountRow[]> {
  const groups = new Map<string, AccountRow[]>()
  for (const account of accounts) {
    for (const mark of marks(account)) {
      const known = groups.get(mark)
      if (known) known.push(account)
      else groups.set(mark, [account])
    }
  }
  return groups.values()
}

/** Pairs of accounts of different people. A person's many accounts are bounded by what the group allows people. */
function pairsOf(bearers: readonly AccountRow[], personOf: ReadonlyMap<string, string>): [AccountRow, AccountRow][] {
  const sorted = [...bearers].sort((a, b) => compareText(a.id, b.id)).slice(0, bearersMax ** 2)
  return sorted.flatMap((a, index) =>
    sorted
      .slice(index + 1)
      .filter((b) => personOf.get(a.id) !== personOf.get(b.id))
      .map((b): [AccountRow, AccountRow] => [a, b]),
  )
}

const inOrder = (
  [first]: readonly [string, string],
  a: AccountRow,
  b: AccountRow,
  personOf: ReadonlyMap<string, string>,
): [string, string] => (personOf.get(a.id) === first ? [a.id, b.id] : [b.id, a.id])

const pairOf = (a: string, b: string): [string, string] => (a < b ? [a, b] : [b, a])
