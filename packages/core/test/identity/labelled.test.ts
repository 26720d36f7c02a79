import { expect, test } from "vitest"
import { readAccount } from "../../src/identity/account.ts"
import { findPeople } from "../../src/identity/people.ts"
import { suggestLinks } from "../../src/identity/suggest.ts"
import { entityFields, entityFromDraft, mergeEntities } from "../../src/state/entity.ts"
import { labelledAccounts } from "./fixtures/labelled-accounts.ts"

const labelled = labelledAccounts.map(({ whose, alias, said }) => {
  const drafts = said.map((fields, at) => ({ kind: "account" as const, alias, aliases: [], fields, at }))
  const state = drafts.map(entityFromDraft).reduce(mergeEntities)
  return { whose, account: readAccount("acme", alias, entityFields(state)) }
})
const accounts = labelled.map(({ account }) => account)
const whoseOf = new Map(labelled.map(({ whose, account }) => [account.id as string, whose]))
const isPerson = (whose: string | undefined): boolean => whose !== undefined && !whose.includes("/")

/** Pairs of accounts, as the smaller and the greater id. */
const pairs = (ids: readonly string[]): string[] =>
  ids.flatMap((a, index) => ids.slice(index + 1).map((b) => (a < b ? `${a} ${b}` : `${b} ${a}`)))
const isRight = (pair: string): boolean => {
  const [a, b] = pair.split(" ").map((id) => whoseOf.get(id))
  return a === b && isPerson(a)
}

const { personOf } = findPeople(accounts, [])
const members = Map.groupBy(personOf.keys(), (id) => personOf.get(id)!)
const linked = new Set([...members.values()].flatMap(pairs))
const suggestions = suggestLinks(accounts, personOf, [])
const suggested = new Set(
  suggestions.flatMap(({ people: [a, b] }) =>
    members.get(a)!.flatMap((x) => members.get(b)!.map((y) => (x < y ? `${x} ${y}` : `${y} ${x}`))),
  ),
)
const people = new Set(labelled.map(({ whose }) => whose).filter(isPerson))
const right = new Set(
  [...Map.groupBy(labelled, ({ whose }) => whose)]
    .filter(([whose]) => isPerson(whose))
    .flatMap(([, each]) => pairs(each.map(({ account }) => account.id))),
)
const names = (wrong: Iterable<string>): string[] =>
  [...wrong].map((pair) =>
    pair
      .split(" ")
      .map((id) => whoseOf.get(id))
      .join(" = "),
  )

test("links are right, and what is not linked is suggested", () => {
  const found = [...right].filter((pair) => linked.has(pair) || suggested.has(pair))
  const precision = [...linked].filter(isRight).length / linked.size
  const recall = found.length / right.size
  const alone = [...right].filter((pair) => linked.has(pair)).length / right.size
  const helpful = suggestions.filter(({ accounts: [a, b] }) => whoseOf.get(a) === whoseOf.get(b)).length
  process.stdout.write(
    `identity: ${accounts.length} accounts of ${people.size} people: links precision ${precision.toFixed(3)}, recall ${alone.toFixed(3)}; ` +
      `with suggestions recall ${recall.toFixed(3)}; ${helpful} of ${suggestions.length} suggestions right\n`,
  )
  expect(people.size).toBeGreaterThanOrEqual(60)
  expect(names([...linked].filter((pair) => !isRight(pair)))).toEqual([])
  expect(precision).toBe(1)
  expect(recall).toBeGreaterThanOrEqual(0.9)
  // Half of these accounts are traps, so this is a lower bound: a list of mostly wrong suggestions would not be read.
  expect(helpful / suggestions.length).toBeGreaterThan(0.5)
})

test("bots and shared mailboxes are never linked", () => {
  for (const pair of linked) for (const id of pair.split(" ")) expect(isPerson(whoseOf.get(id))).toBe(true)
  for (const { whose, account } of labelled) if (whose.startsWith("bot/")) expect(personOf.has(account.id)).toBe(false)
})

test("nothing is suggested twice, nor what was told apart", () => {
  expect(new Set(suggestions.map(({ people }) => people.join())).size).toBe(suggestions.length)
  const [first] = suggestions
  const [a, b] = first!.accounts.map((id) => accounts.find((each) => each.id === id)!.id)
  const decisions = [{ verdict: "apart", accounts: [a!, b!], leaves: a! }] as const
  const after = suggestLinks(accounts, findPeople(accounts, decisions).personOf, decisions)
  expect(after.map(({ people }) => people.join())).not.toContain(first!.people.join())
})
