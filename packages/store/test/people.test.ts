import type { AccountRow } from "@engram/contracts/people"
import { readAccount } from "@engram/core/identity/account"
import { findPeople, holdersMax } from "@engram/core/identity/people"
import { aliasId, entityId } from "@engram/core/ids"
import { testWhereCounted } from "@engram/testkit/test-where-counted"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createKnowledge } from "../src/knowledge.ts"
import { aliasesOfPeople } from "../src/people/aliases.ts"
import { allDecisions } from "../src/people/decide.ts"
import { removeAccounts } from "../src/people/remove-accounts.ts"
import { createPeopleDesk, type PeopleDesk } from "../src/people.ts"
import { useDatabase } from "./store-fixture.ts"

let made = 0

describe("people, while accounts and decisions come and go", () => {
  const context = useDatabase()
  const newWorkspace = (): string => `workspace-${++made}`
  const deskOf = (workspaceId: string): PeopleDesk => createPeopleDesk({ ...context, workspaceId })
  const save = (workspaceId: string, ...rows: AccountRow[]) =>
    createKnowledge(context.database).write(workspaceId, (write) => write.saveAccounts(rows))
  const rows = (workspaceId: string) =>
    context.database.inWorkspace(workspaceId, (tx) =>
      tx.query<AccountRow & { personId: string | null }>(
        `select id, kind, realm, link_key as "linkKey", person_id as "personId" from accounts order by id`,
      ),
    )
  const personOf = async (workspaceId: string) =>
    new Map((await rows(workspaceId)).map(({ id, personId }) => [id as string, personId]))
  /** What is stored is what somebody who looks at all accounts and decisions at once finds. */
  const expectFresh = async (workspaceId: string): Promise<void> => {
    const accounts = await rows(workspaceId)
    const decisions = await context.database.inWorkspace(workspaceId, (tx) => allDecisions(tx, workspaceId))
    const { personOf } = findPeople(accounts, decisions)
    expect(accounts.map(({ id, personId }) => [id, personId])).toEqual(
      accounts.map(({ id }) => [id, personOf.get(id) ?? null]),
    )
  }
  /** An account that its provider says receives mail at this address. */
  const account = (workspaceId: string, type: string, value: string, email?: string, more = {}): AccountRow =>
    readAccount(workspaceId, { type, value }, { handle: value, ...(email && { email, emailVerified: true }), ...more })

  test("the same verified address makes one person, who falls apart when the address goes", async () => {
    const acme = newWorkspace()
    const mona = ["linear:user", "slack:user", "notion:user"].map((type) =>
      account(acme, type, "mona", "mona@acme.example"),
    )
    for (const row of mona) await save(acme, row)
    const smallest = mona.map(({ id }) => id).sort()[0]
    expect(new Set((await personOf(acme)).values())).toEqual(new Set([smallest]))

    await save(acme, account(acme, "slack:user", "mona", "mona@other.example"))
    const after = await personOf(acme)
    expect(after.get(mona[1]!.id)).toBe(mona[1]!.id)
    expect(after.get(mona[0]!.id)).toBe(after.get(mona[2]!.id))

    await save(acme, account(acme, "slack:user", "mona", "mona@acme.example", { bot: true }))
    expect((await personOf(acme)).get(mona[1]!.id)).toBeNull()
    await save(acme, mona[1]!)
    expect(new Set((await personOf(acme)).values())).toEqual(new Set([smallest]))
  })

  test("any history of accounts and decisions leaves the people that a fresh look finds", async () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          of: fc.constant("account" as const),
          type: fc.constantFrom("github:user", "linear:user", "slack:user"),
          n: fc.integer({ min: 1, max: 4 }),
          email: fc.constantFrom(
            undefined,
            "a@acme.example",
            "b@acme.example",
            "team@acme.example",
            "1+x@users.noreply.github.com",
          ),
          bot: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          of: fc.constantFrom("link" as const, "unlink" as const),
          a: fc.nat(11),
          b: fc.nat(11),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          of: fc.constantFrom("shared" as const, "personal" as const),
          email: fc.constantFrom("a@acme.example", "team@acme.example"),
        }),
      },
      { weight: 1, arbitrary: fc.record({ of: fc.constant("undo" as const), n: fc.nat(5) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const acme = newWorkspace()
        const desk = deskOf(acme)
        const audit: string[] = []
        const take = async (each: (typeof steps)[number]): Promise<void> => {
          if (each.of === "account")
            return save(acme, account(acme, each.type, `${each.n}`, each.email, { bot: each.bot }))
          const ids = (await rows(acme)).map(({ id }) => id)
          const at = (n: number): string => ids[n % ids.length] ?? "nobody"
          const decided = async () => {
            if (each.of === "undo") return desk.undo("ops", audit[each.n % audit.length] ?? "aud_none")
            if ("a" in each) return desk[each.of]("ops", at(each.a), at(each.b))
            return desk.markAddress("ops", each.email, each.of)
          }
          // What makes no sense is refused and changes nothing.
          await decided().then(
            ({ auditId }) => audit.push(auditId),
            (error) => expect(error.name).toBe("Rejected"),
          )
        }
        for (const each of steps) await take(each)
        await expectFresh(acme)
      }),
      { numRuns: 25, seed: 11 },
    )
  })

  test("two batches that bring two accounts of one person at once make one person", async () => {
    const acme = newWorkspace()
    const pairs = Array.from({ length: 20 }, (_, n) => [
      account(acme, "linear:user", `${n}`, `p${n}@acme.example`),
      account(acme, "slack:user", `${n}`, `p${n}@acme.example`),
    ])
    await Promise.all(pairs.flat().map((row) => save(acme, row)))
    expect(new Set((await personOf(acme)).values()).size).toBe(20)
    await expectFresh(acme)
  })

  test("operators may decide while batches arrive", async () => {
    const acme = newWorkspace()
    const row = (n: number, email: number) =>
      account(acme, ["linear:user", "slack:user"][n % 2]!, `${n}`, `p${email}@acme.example`)
    const all = Array.from({ length: 16 }, (_, n) => row(n, n >> 1))
    await save(acme, ...all)
    const desk = deskOf(acme)
    const refused = (error: Error) => expect(error.name).toBe("Rejected")
    // As many at once as there are connections.
    for (let at = 0; at < all.length; at += 2)
      await Promise.all(
        [at, at + 1].flatMap((n) => [
          save(acme, row(n, (n * 7) % 5)),
          desk.link("ada", all[n]!.id, all[(n * 3 + 1) % 16]!.id).catch(refused),
          desk.unlink("ben", all[n]!.id, all[(n * 5 + 2) % 16]!.id).catch(refused),
          save(acme, row(n, n >> 1)),
        ]),
      )
    await expectFresh(acme)
  })

  test("an address that everybody verified links nobody, and the last one does not read all the others", async () => {
    const acme = newWorkspace()
    // Each in a realm of its own, so that only the number tells.
    const holder = (n: number) => account(acme, `events:system${n}:author`, "x", "crowd@acme.example")
    const few = Array.from({ length: holdersMax }, (_, n) => holder(n))
    await save(acme, ...few)
    expect(new Set((await personOf(acme)).values()).size).toBe(1)
    await save(acme, holder(holdersMax))
    expect(new Set((await personOf(acme)).values()).size).toBe(holdersMax + 1)
    await save(acme, readAccount(acme, { type: "events:system0:author", value: "x" }, {}))
    expect(new Set((await personOf(acme)).values()).size).toBe(2)
  })

  testWhereCounted("10,000 accounts are saved in seconds, and one more costs no more than the first", async () => {
    const acme = newWorkspace()
    const types = ["linear:user", "slack:user", "notion:user", "github:user"]
    const all = Array.from({ length: 10_000 }, (_, n) =>
      account(acme, types[n % 4]!, `${n}`, `p${Math.floor(n / 4)}@acme.example`),
    )
    const start = performance.now()
    for (let at = 0; at < all.length; at += 500) await save(acme, ...all.slice(at, at + 500))
    const tookMs = performance.now() - start
    const counts = await deskOf(acme).counts()
    expect(counts).toEqual({ people: 2_500, accounts: 10_000, bots: 0, organizations: 0 })
    const one = async (workspace: string, n: number): Promise<number> => {
      const before = performance.now()
      await save(workspace, account(workspace, "linear:user", `more${n}`, `more${n}@acme.example`))
      return performance.now() - before
    }
    // By turns, so that a busy machine slows both.
    const empty = newWorkspace()
    const times: (readonly [first: number, more: number])[] = []
    for (let n = 0; n < 20; n++) times.push([await one(empty, n), await one(acme, n)])
    const median = (side: 0 | 1) => times.map((each) => each[side]).sort((a, b) => a - b)[10]!
    const [firstMs, medianMs] = [median(0), median(1)]
    const suggesting = performance.now()
    await deskOf(acme).suggest(10)
    const suggestMs = performance.now() - suggesting
    process.stdout.write(
      `people in Postgres: 10,000 accounts in ${(tookMs / 1_000).toFixed(1)} s, one more in ${medianMs.toFixed(1)} ms (${firstMs.toFixed(1)} among none), suggestions in ${suggestMs.toFixed(0)} ms\n`,
    )
    expect(medianMs).toBeLessThan(5 * firstMs)
  })

  test("what an operator decides stands at once, is written down, and is undone", async () => {
    const acme = newWorkspace()
    const desk = deskOf(acme)
    const [a, b] = [account(acme, "github:user", "1"), account(acme, "slack:user", "T1:U1", "mona@acme.example")]
    await save(acme, a!, b!)
    const linked = await desk.link("ada", a!.id, "mona@acme.example")
    expect(linked.people.map(({ accounts }) => accounts.length)).toEqual([2])
    await expect(desk.link("ada", b!.id, a!.id)).rejects.toThrow(`already stands, since ${linked.auditId}`)

    const undone = await desk.undo("ben", linked.auditId)
    expect(undone.people).toHaveLength(2)
    await expect(desk.undo("ben", linked.auditId)).rejects.toThrow(`${undone.auditId} undid it already`)
    const again = await desk.undo("ben", undone.auditId)
    expect(again.people).toHaveLength(1)

    const { history, decisions } = await desk.show(a!.id)
    expect(history.map(({ actor, action, undoes }) => [actor, action, undoes])).toEqual([
      ["ada", "people.link", null],
      ["ben", "people.undo", linked.auditId],
      ["ben", "people.undo", undone.auditId],
    ])
    expect(decisions).toMatchObject([{ verdict: "same", auditId: again.auditId }])
  })

  test("unlink takes the first account out, and says whose words stand against it", async () => {
    const acme = newWorkspace()
    const desk = deskOf(acme)
    const [a, b, c] = ["linear:user", "slack:user", "notion:user"].map((type) =>
      account(acme, type, "x", "mona@acme.example"),
    )
    await save(acme, a!, b!, c!)
    const out = await desk.unlink("ada", c!.id, a!.id)
    expect(out.people.map(({ accounts }) => accounts.map(({ id }) => id).sort()).sort()).toEqual(
      [[a!.id, b!.id].sort(), [c!.id]].sort(),
    )
    // It may not come back through a third account by anybody's word.
    const third = await desk.link("ada", c!.id, account(acme, "github:user", "9").id).catch(() => undefined)
    expect(third).toBeUndefined()
    await save(acme, account(acme, "github:user", "9"))
    const joined = await desk.link("ada", c!.id, account(acme, "github:user", "9").id)
    await expect(desk.link("ada", account(acme, "github:user", "9").id, a!.id)).rejects.toThrow(
      `told apart by ${out.auditId}`,
    )
    expect((await desk.suggest(100)).suggestions.filter(({ people }) => people.includes(c!.id))).toEqual([])
    // Nor may two that words join be told apart without undoing one.
    await expect(desk.unlink("ada", account(acme, "github:user", "9").id, c!.id)).resolves.toBeDefined()
    await desk.undo("ada", joined.auditId).catch((error) => expect(error.message).toMatch(/decided the same anew/))
  })

  test("a chain of words is named when one would contradict it", async () => {
    const acme = newWorkspace()
    const desk = deskOf(acme)
    const [a, b, c] = ["1", "2", "3"].map((value) => account(acme, "github:user", value))
    await save(acme, a!, b!, c!)
    const [first, second] = [await desk.link("ada", a!.id, b!.id), await desk.link("ada", b!.id, c!.id)]
    await expect(desk.unlink("ada", a!.id, c!.id)).rejects.toThrow(
      new RegExp(`${first.auditId}, ${second.auditId}|${second.auditId}, ${first.auditId}`),
    )
    // Nothing of a refused decision stays.
    expect((await desk.show(a!.id)).accounts).toHaveLength(3)
    expect((await desk.show(a!.id)).history).toHaveLength(2)
  })

  test("an address is marked shared, or a person's although its name looks shared", async () => {
    const acme = newWorkspace()
    const desk = deskOf(acme)
    for (const address of ["mona@acme.example", "dev@acme.example"])
      await save(acme, account(acme, "linear:user", address, address), account(acme, "slack:user", address, address))
    expect(await desk.counts()).toMatchObject({ people: 3, accounts: 4 })
    expect((await desk.markAddress("ada", "DEV@acme.example", "personal")).people).toHaveLength(1)
    const marked = await desk.markAddress("ada", "mona@acme.example", "shared")
    expect(marked.people).toHaveLength(2)
    expect((await desk.show(marked.people[0]!.id)).links).toMatchObject([
      { key: "mona@acme.example", verdict: "shared" },
    ])
    expect((await desk.undo("ada", marked.auditId)).people).toHaveLength(1)
    await expect(desk.markAddress("ada", "nobody", "shared")).rejects.toThrow("no address")
    await expect(desk.markAddress("ada", "someone@acme.example", "personal")).rejects.toThrow("already")
  })

  test("bots are not joined to anybody", async () => {
    const acme = newWorkspace()
    const bot = account(acme, "github:user", "1", undefined, { bot: true })
    const mona = account(acme, "github:user", "2")
    await save(acme, bot, mona)
    await expect(deskOf(acme).link("ada", bot.id, mona.id)).rejects.toThrow(`${bot.id} is a bot, and nobody`)
    expect(await deskOf(acme).list({ limit: 10 })).toHaveLength(1)
    expect(await deskOf(acme).list({ limit: 10, kind: "bot" })).toMatchObject([{ id: bot.id }])
  })

  test("every name of a person is found from any of them", async () => {
    const acme = newWorkspace()
    const [a, b, c] = [
      account(acme, "linear:user", "1", "mona@acme.example"),
      account(acme, "slack:user", "2", "mona@acme.example"),
      account(acme, "github:user", "3"),
    ]
    await createKnowledge(context.database).write(acme, async (write) => {
      const alias = (type: string, value: string, entity: AccountRow) => ({
        id: aliasId(acme, { type, value }),
        type,
        value,
        entityId: entity.id,
        at: 1,
      })
      await write.saveAliases([
        alias("linear:user", "1", a!),
        alias("slack:user", "2", b!),
        alias("github:user", "3", c!),
        alias("github:login", "mona", c!),
      ])
      await write.saveAccounts([a!, b!, c!])
    })
    const from = (type: string, value: string) =>
      context.database.inWorkspace(acme, async (tx) =>
        (await aliasesOfPeople(tx, acme, [aliasId(acme, { type, value })]))
          .map((each) => `${each.type} ${each.value}`)
          .sort(),
      )
    expect(await from("slack:user", "2")).toEqual(["linear:user 1", "slack:user 2"])
    expect(await from("github:login", "mona")).toEqual(["github:login mona", "github:user 3"])
    expect(await from("github:login", "stranger")).toEqual([])
    await deskOf(acme).link("ada", "github:login:mona", "slack:user:2")
    expect(await from("github:login", "mona")).toHaveLength(4)
    expect((await deskOf(acme).show("github:login:mona")).aliases).toHaveLength(4)
  })

  test("accounts that are removed take what was decided of them along, and leave the others as if they had never been", async () => {
    const acme = newWorkspace()
    const desk = deskOf(acme)
    const [a, b, c] = [
      account(acme, "linear:user", "1", "mona@acme.example"),
      account(acme, "slack:user", "2", "mona@acme.example"),
      account(acme, "github:user", "3"),
    ]
    await save(acme, a!, b!, c!)
    await desk.link("ada", a!.id, c!.id)
    await context.database.inWorkspace(acme, (tx) => removeAccounts(tx, acme, [a!.id]))
    expect([...(await personOf(acme))].sort()).toEqual(
      [
        [b!.id, b!.id],
        [c!.id, c!.id],
      ].sort(),
    )
    await save(acme, a!)
    const back = await personOf(acme)
    expect(back.get(a!.id)).toBe(back.get(b!.id))
    expect(back.get(c!.id)).toBe(c!.id)
  })

  test("a name that several people have is answered with who they are, and another workspace's with nothing", async () => {
    const [acme, other] = [newWorkspace(), newWorkspace()]
    await save(
      acme,
      account(acme, "github:user", "1", undefined, { name: "John Smith" }),
      account(acme, "linear:user", "2", undefined, { name: "John Smith" }),
    )
    await expect(deskOf(acme).show("john smith")).rejects.toThrow(
      /2 people; name one by its id: ent_\w+ \(\S+ John Smith\), ent_/,
    )
    await expect(deskOf(other).show("john smith")).rejects.toThrow(`${other} knows no account "john smith"`)
    await expect(deskOf(other).show(entityId(acme, { type: "github:user", value: "1" }))).rejects.toThrow(
      "knows no account",
    )
    await expect(deskOf(other).undo("ada", "aud_none")).rejects.toThrow("no entry aud_none")
    expect(await deskOf(other).list({ limit: 10 })).toEqual([])
  })
})
