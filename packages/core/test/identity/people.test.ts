import type { EntityId } from "@engram/contracts/ids"
import type { Decision, LinkableAccount } from "@engram/contracts/people"
import fc from "fast-check"
import { expect, test } from "vitest"
import { contradictionIn } from "../../src/identity/contradiction.ts"
import { findPeople, holdersMax } from "../../src/identity/people.ts"

const id = (n: number | string): EntityId => `ent_${n}`
const account = (n: number | string, realm: string, linkKey: string | null = null): LinkableAccount => ({
  id: id(n),
  kind: "person",
  realm,
  name: null,
  linkKey,
})
const mona = "mona@acme.example"
const same = (a: number | string, b: number | string): Decision => ({ verdict: "same", accounts: [id(a), id(b)] })
const apart = (leaves: number | string, stays: number | string): Decision => ({
  verdict: "apart",
  accounts: [id(leaves), id(stays)],
  leaves: id(leaves),
})

/** People with more than one account, by their accounts. */
function people(accounts: readonly LinkableAccount[], decisions: readonly Decision[] = []): string[] {
  const groups = Map.groupBy(findPeople(accounts, decisions).personOf, ([, person]) => person)
  return [...groups.values()]
    .map((each) =>
      each
        .map(([id]) => id.slice(4))
        .sort()
        .join(" "),
    )
    .sort()
}

test("the same verified address is the same person, known by the smallest account", () => {
  const accounts = [
    account(3, "slack", mona),
    account(1, "github", mona),
    account(2, "linear", mona),
    account(4, "notion"),
  ]
  expect(people(accounts)).toEqual(["1 2 3", "4"])
  expect(findPeople(accounts, []).personOf.get(id(3))).toBe(id(1))
})

test("an address whose holders are called differently changed hands, until an operator says that they are one", () => {
  const called = (n: number, realm: string, name: string, key = mona) => ({ ...account(n, realm, key), name })
  const differ = (a: string, b: string) => people([called(1, "slack", a), called(2, "linear", b)]).length === 2
  expect(differ("Sam Archer", "Sam Baxter")).toBe(true)
  expect(differ("Sam Archer", "Alex Reed")).toBe(true)
  for (const [a, b] of [
    ["Sam Archer", "Archer, Sam (he/him)"],
    ["Sam Archer", "Sam J. Archer"],
    ["Sam A.", "Sam Archer"],
    ["Sam", "Samuel Archer"],
    ["José Núñez", "Jose Nunez"],
    ["Sam Archer", "Сэм Арчер"],
  ] as const)
    expect([a, b, differ(a, b)]).toEqual([a, b, false])
  const three = [called(1, "slack", "Sam Archer"), called(2, "linear", "Sam Baxter"), called(3, "notion", "Sam")]
  expect(findPeople(three, []).links.map(({ verdict }) => verdict)).toEqual(["names differ"])
  expect(people(three, [same(1, 2)])).toEqual(["1 2 3"])
  expect(people(three, [apart(1, 2)])).toEqual(["1", "2 3"])
  // A number in an address is the account's own, whatever it is called.
  expect(people([called(1, "github", "Sam Archer"), called(2, "slack", "Sam Baxter", id(1))])).toEqual(["1 2"])
})

test("an address that names an account by its id links to that account", () => {
  expect(
    people([
      account(1, "github"),
      account(2, "slack", id(1)),
      account(3, "linear", id(1)),
      account(4, "notion", id(99)),
    ]),
  ).toEqual(["1 2 3", "4"])
})

test("bots and organizations are nobody, whatever they have in common with people", () => {
  const bot: LinkableAccount = { ...account(1, "slack", mona), kind: "bot" }
  const organization: LinkableAccount = { ...account(2, "github", mona), kind: "organization" }
  const found = findPeople([bot, organization, account(3, "linear", mona)], [same(1, 3), same(2, 3)])
  expect([...found.personOf]).toEqual([[id(3), id(3)]])
})

test("shared mailboxes link nobody, unless an operator says it is a person's; any address does not if they say so", () => {
  const both = (address: string): LinkableAccount[] => [account(1, "slack", address), account(2, "linear", address)]
  expect(people(both("team@acme.example"))).toEqual(["1", "2"])
  expect(people(both("team@acme.example"), [{ verdict: "personal", address: "team@acme.example" }])).toEqual(["1 2"])
  expect(people(both(mona), [{ verdict: "shared", address: mona }])).toEqual(["1", "2"])
})

test("an address that changed hands within a provider links nobody, until an operator says who left", () => {
  // 1 and 2 were the leaver's, 7 to 9 are the newcomer's.
  const accounts = [
    account(1, "slack T1", mona),
    account(2, "linear", mona),
    account(7, "slack T1", mona),
    account(8, "linear", mona),
    account(9, "github", mona),
  ]
  expect(people(accounts)).toEqual(["1", "2", "7", "8", "9"])
  expect(people(accounts, [apart(1, 7), apart(2, 7)])).toEqual(["1", "2", "7 8 9"])
  expect(people(accounts, [apart(1, 7), apart(2, 7), same(1, 2)])).toEqual(["1 2", "7 8 9"])
  // Or that both are one person's.
  expect(people(accounts, [same(1, 7), same(2, 8)])).toEqual(["1 2 7 8 9"])
  // Two tenants of one provider are two realms.
  expect(people([account(1, "slack T1", mona), account(2, "slack T2", mona)])).toEqual(["1 2"])
})

test("an address that very many verified links nobody", () => {
  const holders = Array.from({ length: holdersMax + 1 }, (_, n) => account(n, `realm ${n}`, mona))
  expect(people(holders.slice(1))).toHaveLength(1)
  expect(people(holders)).toHaveLength(holdersMax + 1)
})

test("who was told to leave does not meet the other through third accounts; everybody else stays", () => {
  const clique = ["a", "b", "c", "x"].map((n) => account(n, n, mona))
  expect(people(clique, [apart("x", "a")])).toEqual(["a b c", "x"])
  expect(people(clique, [apart("a", "x")])).toEqual(["a", "b c x"])
  // a -- g by provider id, g -- x by address: nothing that a and x hold in common, and still one component.
  const chain = [account("g", "github", mona), account("a", "linear", id("g")), account("x", "slack", mona)]
  expect(people(chain)).toEqual(["a g x"])
  expect(people(chain, [apart("x", "a")])).toEqual(["a g", "x"])
  expect(findPeople(chain, [apart("x", "a")]).leavers).toEqual([id("x")])
  // What an operator joined to it goes along.
  expect(people([...clique, account("y", "notion", mona)], [apart("x", "a"), same("x", "y")])).toEqual(["a b c", "x y"])
})

test("a cycle of words is one person, and stays one when a word goes", () => {
  const accounts = [1, 2, 3, 4].map((n) => account(n, "github"))
  const cycle = [same(1, 2), same(2, 3), same(3, 4), same(4, 1)]
  expect(people(accounts, cycle)).toEqual(["1 2 3 4"])
  for (const gone of cycle)
    expect(
      people(
        accounts,
        cycle.filter((each) => each !== gone),
      ),
    ).toEqual(["1 2 3 4"])
  expect(people(accounts, cycle.slice(0, 2))).toEqual(["1 2 3", "4"])
})

function reach(start: string, edges: readonly (readonly string[])[]): Set<string> {
  const reached = new Set([start])
  for (const _ of edges)
    for (const edge of edges.filter((each) => each.some((id) => reached.has(id))))
      for (const id of edge) reached.add(id)
  return reached
}

const worlds = fc.record({
  accounts: fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 1, max: 14 }).map(id),
      kind: fc.constantFrom("person" as const, "person" as const, "person" as const, "bot" as const),
      realm: fc.constantFrom("github", "linear", "slack T1", "slack T2", "notion"),
      name: fc.constantFrom(null, "Mona Lisa", "Lisa, Mona", "Mona Vega", "Mona"),
      linkKey: fc.constantFrom(null, mona, "ada@acme.example", "team@acme.example", id(1), id(2)),
    }),
    { selector: (each) => each.id, minLength: 2, maxLength: 14 },
  ),
  decisions: fc.uniqueArray(
    fc.oneof(
      fc
        .tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 14 }), fc.constantFrom(same, apart))
        .filter(([a, b]) => a !== b)
        .map(([a, b, verdict]) => verdict(a, b)),
      fc.constantFrom<Decision>(
        { verdict: "shared", address: mona },
        { verdict: "personal", address: "team@acme.example" },
      ),
    ),
    { selector: (each) => ("address" in each ? each.address : [...each.accounts].sort().join()), maxLength: 8 },
  ),
})

test("the order of accounts and decisions does not matter", () => {
  const shuffled = worlds.chain((world) =>
    fc.tuple(
      fc.constant(world),
      fc.shuffledSubarray(world.accounts, { minLength: world.accounts.length }),
      fc.shuffledSubarray(world.decisions, { minLength: world.decisions.length }),
    ),
  )
  fc.assert(
    fc.property(shuffled, ([{ accounts, decisions }, otherAccounts, otherDecisions]) => {
      expect(people(otherAccounts, otherDecisions)).toEqual(people(accounts, decisions))
    }),
    { numRuns: 500 },
  )
})

test("a pair told apart is never one person, unless operators themselves joined it", () => {
  fc.assert(
    fc.property(worlds, ({ accounts, decisions }) => {
      fc.pre(contradictionIn(decisions) === undefined)
      const { personOf } = findPeople(accounts, decisions)
      for (const decision of decisions) {
        if (decision.verdict !== "apart") continue
        const [a, b] = decision.accounts.map((each) => personOf.get(each))
        if (a !== undefined && b !== undefined) expect(a).not.toBe(b)
      }
    }),
    { numRuns: 1_000 },
  )
})

test("a person is known by the smallest of its accounts, and its accounts are joined by what is reported", () => {
  fc.assert(
    fc.property(worlds, ({ accounts, decisions }) => {
      const { personOf, links } = findPeople(accounts, decisions)
      const edges = [
        ...links.filter(({ verdict }) => verdict === "links").map(({ accountIds }) => accountIds),
        ...decisions.flatMap((each) => (each.verdict === "same" ? [each.accounts] : [])),
      ]
      for (const [person, members] of Map.groupBy(personOf.keys(), (id) => personOf.get(id)!)) {
        expect(person).toBe(members.sort()[0])
        expect([...reach(person, edges)]).toEqual(expect.arrayContaining(members))
      }
    }),
    { numRuns: 300 },
  )
})

test("words that contradict each other are found", () => {
  expect(contradictionIn([same(1, 2), same(2, 3), apart(4, 1)])).toBeUndefined()
  expect(contradictionIn([same(1, 2), same(2, 3), apart(3, 1)])?.accounts).toEqual([id(3), id(1)])
})

test("time grows with the accounts, not with their square", () => {
  const world = (size: number): LinkableAccount[] =>
    Array.from({ length: size }, (_, n) =>
      account(n, ["github", "linear", "slack", "notion"][n % 4]!, `person${Math.floor(n / 4)}@acme.example`),
    )
  // One long chain of words, the worst order for joining.
  const chain = (size: number): Decision[] =>
    Array.from({ length: size - 1 }, (_, n) => same(size - 1 - n, size - 2 - n))
  const timed = (size: number): number => {
    const [accounts, decisions] = [world(size), chain(size)]
    const start = performance.now()
    expect(new Set(findPeople(accounts, []).personOf.values()).size).toBe(size / 4)
    expect(new Set(findPeople(accounts, decisions).personOf.values()).size).toBe(1)
    return performance.now() - start
  }
  timed(1_000)
  const least = (size: number): number => Math.min(timed(size), timed(size))
  const [small, large] = [least(10_000), least(50_000)]
  process.stdout.write(`people: 10,000 accounts in ${small.toFixed(0)} ms, 50,000 in ${large.toFixed(0)} ms\n`)
  expect(small).toBeLessThan(2_000)
  // Five times as many: 25 times as long if it were the square.
  expect(large).toBeLessThan(15 * Math.max(small, 25))
})
