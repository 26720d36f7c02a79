import { entityId } from "@engram/core/ids"
import { createPeopleDesk } from "@engram/store/people"
import { expect, test } from "vitest"
import { currentState } from "../current-state.ts"
import { directoryPayloads, withDirectory } from "../directory.ts"
import { createWorkbench, type Workbench } from "../workbench.ts"

const id = (type: string, value: string) => entityId("acme", { type, value })
const withBench = async <T>(work: (bench: Workbench) => Promise<T>): Promise<T> => {
  const bench = await createWorkbench({ sources: withDirectory })
  try {
    return await work(bench)
  } finally {
    await bench.close()
  }
}

test("what operators decided stands also for accounts that arrive afterwards, as after a rebuild", async () => {
  const { state, decisions } = await withBench(async (bench) => {
    await bench.accept(directoryPayloads)
    await bench.drain()
    const desk = createPeopleDesk({ database: bench.database, workspaceId: "acme" })
    await desk.link("ada", id("github:user", "9000001"), id("linear:user", "1"))
    await desk.unlink("ada", id("notion:user", "4"), id("linear:user", "4"))
    await desk.markAddress("ada", "person2@acme.example", "shared")
    const before = await desk.counts()
    await desk.undo("ada", (await desk.link("ada", id("linear:user", "7"), id("linear:user", "8"))).auditId)
    expect(await desk.counts()).toEqual(before)
    return { state: await currentState(bench), decisions: await bench.rows("select * from identity_decisions") }
  })
  expect(decisions).toHaveLength(3)
  await withBench(async (bench) => {
    for (const row of decisions)
      await bench.rows(
        `insert into identity_decisions select * from jsonb_populate_record(null::identity_decisions, $1) returning 1`,
        [JSON.stringify(row)],
      )
    for (let at = 0; at < directoryPayloads.length; at += 31) {
      await bench.accept(directoryPayloads.slice(at, at + 31).toReversed())
      await bench.drain()
    }
    expect(await currentState(bench)).toEqual(state)
  })
})

test("the commit that names an account by its private address, the login and the number lead to one account", async () => {
  await withBench(async (bench) => {
    const commit = { id: "c".repeat(40), message: "Fix the index", timestamp: "2026-01-02T00:00:00Z" }
    const author = { name: "Mona Lisa", email: "583231+mona@users.noreply.github.com", username: "mona" }
    const repository = { id: 1, full_name: "acme/app", default_branch: "main", html_url: "https://github.com/acme/app" }
    const sender = { id: 583231, login: "mona", type: "User" }
    const push = {
      ref: "refs/heads/main",
      commits: [{ ...commit, author }],
      head_commit: { ...commit, author },
      repository,
      sender,
    }
    await bench.accept([{ key: "push", event: "push", payload: push }])
    await bench.drain()
    const desk = createPeopleDesk({ database: bench.database, workspaceId: "acme" })
    const person = await desk.show("github:login:Mona".toLowerCase())
    expect(person.accounts).toMatchObject([{ handle: "mona", name: "Mona Lisa", address: null, verified: false }])
    const authors = await bench.rows<{ alias: string }>(
      `select a.entity_id as alias from relationships r join entity_aliases a on a.id = r.to_alias_id where r.type = 'AUTHORED_BY'`,
    )
    expect(new Set(authors.map(({ alias }) => alias))).toEqual(new Set([person.id]))
  })
})
