import { readAccount } from "@engram/core/identity/account"
import { createDatabase, createPool } from "@engram/store/database"
import { createKnowledge } from "@engram/store/knowledge"
import { expect, test } from "vitest"
import { afterwards, install, run } from "./cli-fixture.ts"

// Each command is a process of its own, which takes seconds while the machine is busy.
const manyCommandsMs = 240_000

/** Mona in Linear and Slack with one address, her GitHub account with nothing but a handle, a bot. */
async function withAccounts() {
  const installed = await install()
  const pool = createPool(installed.database.url, { connectionsMax: 2, applicationName: "cli-test" })
  afterwards(() => pool.end())
  const database = createDatabase(pool)
  await pool.query("insert into workspaces (id) values ('acme')")
  await pool.query("insert into stores (id, workspace_id, name) values ('sto_main', 'acme', 'main')")
  const mona = { name: "Mona Lisa", email: "mona.lisa@acme.example", emailVerified: true }
  const account = (type: string, value: string, fields: object) => readAccount("acme", { type, value }, { ...fields })
  const linear = account("linear:user", "1", mona)
  const slack = account("slack:user", "T1:U1", mona)
  const github = account("github:user", "583231", { handle: "mona-lisa" })
  const bot = account("github:user", "2", { handle: "dependabot[bot]", bot: true })
  await createKnowledge(database).write("acme", (write) => write.saveAccounts([linear, slack, github, bot]))
  return { ...installed, linear, slack, github, bot }
}

test(
  "people are listed, suggested, linked, told apart and put back, each with a row in the audit log",
  async () => {
    const { ok, json, rows, linear, slack, github, environment } = await withAccounts()
    const smallest = [linear.id, slack.id].sort()[0]!
    const listed = await json("people", "list")
    expect(listed.counts).toEqual({ people: 2, accounts: 3, bots: 1, organizations: 0 })
    expect(listed.people[0]).toMatchObject({ id: smallest, name: "Mona Lisa" })
    expect(await ok("people", "list", "--kind", "bot")).toContain("dependabot[bot]")

    const { suggestions } = await json("people", "suggest")
    expect(suggestions).toHaveLength(1)
    expect(suggestions[0].reasons).toEqual(["same handle"])
    expect(await ok("people", "suggest", "--workspace", "acme")).toMatch(/same handle/)

    const linked = await json("people", "link", github.id, "mona.lisa@acme.example", "--as", "ada")
    expect(linked.people).toHaveLength(1)
    expect(await json("people", "suggest")).toEqual({ suggestions: [], total: 0 })
    const shown = await ok("people", "show", "mona-lisa")
    for (const words of [
      "linked by address mona.lisa@acme.example, of 2 accounts",
      linked.auditId,
      "ada  people.link",
      "are one person",
    ])
      expect(shown).toContain(words)

    const unlinked = await json("people", "unlink", slack.id, linear.id, "--as", "ben")
    expect(unlinked.people).toHaveLength(2)
    const undone = await json("people", "undo", unlinked.auditId)
    expect(undone.people).toHaveLength(1)
    expect((await json("people", "undo", linked.auditId)).people).toHaveLength(2)

    const address = ["people", "address", "Mona.Lisa@acme.example", "--shared"]
    const shared = await run(address, { ...environment, USER: "cleo" })
    expect(shared.stdout).toMatch(/^aud_\w+: now\n/)
    expect((await json("people", "list")).counts.people).toBe(3)

    const audit = await rows<{ actor: string; action: string }>("select actor, action from audit_log order by at")
    expect(audit.map(({ action }) => action)).toEqual([
      "people.link",
      "people.unlink",
      "people.undo",
      "people.undo",
      "people.address",
    ])
    expect([0, 1, -1].map((at) => audit.at(at)?.actor)).toEqual(["ada", "ben", "cleo"])
    expect(audit.every(({ actor }) => actor !== "")).toBe(true)

    const again = await run(["people", "undo", unlinked.auditId], environment)
    expect(again).toMatchObject({ code: 1, stdout: "" })
    expect(again.stderr).toMatch(/^engram: aud_\w+ undid it already\.\n$/)
  },
  manyCommandsMs,
)

test(
  "who is not known, or not one, is said in one line",
  async () => {
    const { bot, github, slack, environment } = await withAccounts()
    const wrong: [string[], number, RegExp][] = [
      [["show", "nobody"], 1, /acme knows no account "nobody": give an id, an alias like github:login:octocat/],
      [["link", bot.id, github.id], 1, /is a bot, and nobody/],
      [["link", slack.id, slack.id], 1, /are one account/],
      [["unlink", "Mona Lisa", github.id], 1, /is 2 accounts of one person; name one by its id/],
      [["undo", "aud_none"], 1, /no entry aud_none/],
      [["list", "--workspace", "other"], 2, /there is no workspace other; there is acme/],
    ]
    for (const [args, code, words] of wrong) {
      const ended = await run(["people", ...args], environment)
      expect({ args, code: ended.code, stdout: ended.stdout }).toEqual({ args, code, stdout: "" })
      expect(ended.stderr).toMatch(words)
      expect(ended.stderr).toMatch(/^engram: [^\n]*\n$/)
    }
  },
  manyCommandsMs,
)
