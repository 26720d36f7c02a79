import { readFile } from "node:fs/promises"
import { expect, test } from "vitest"
import { createLegacy, type Legacy, uuidOf } from "./legacy-fixture.ts"

const jsonOf = ({ stdout }: { readonly stdout: string }) => JSON.parse(stdout)

/** Two rows of one id, two without one, and two that are as they should be. */
async function createUnidentified(): Promise<Legacy> {
  const legacy = await createLegacy()
  await legacy.sql("alter table agent_memories drop constraint agent_memories_pkey, alter column id drop not null")
  await legacy.workspace("root")
  await legacy.workspace("anna", "root")
  await legacy.workspace("bert", "root")
  await legacy.memory("m1", "anna", "anna likes tea")
  await legacy.memory("twice", "anna", "dup one")
  await legacy.memory("twice", "bert", "dup two", "TEAM")
  await legacy.memory("m2", "bert", "bert writes the minutes", "TEAM")
  for (const content of ["of no id", " "]) {
    await legacy.sql("insert into agent_memories values (null, $1, $2, 'LOCAL', now())", [uuidOf("anna"), content])
  }
  return legacy
}

test("rows without an id, or of an id that others have too, are counted as errors by a dry run, with their ids", async () => {
  const legacy = await createUnidentified()
  const { stdout } = await legacy.backfill("--dry-run")
  expect(stdout).toContain("6 rows: 2 to copy into 2 namespaces, 1 to skip, 3 in error.")
  expect(stdout).toMatch(new RegExp(`anna +LOCAL +1 +error: .*${uuidOf("twice")}`))
  expect(stdout).toMatch(/anna +LOCAL +1 +error: they have no id/)
})

test("apply copies none of them, says so, and exits with 1", async () => {
  const legacy = await createUnidentified()
  const applied = await legacy.backfill("--apply", "--json")
  expect(applied).toMatchObject({ code: 1, stderr: expect.stringContaining("3 rows could not be copied") })
  expect(jsonOf(applied)).toMatchObject({ rows: 6, written: 2, failedRows: 3 })
  const reason = "2 rows have this id, and a memory needs one of its own"
  expect(jsonOf(applied).failures).toEqual([
    { id: uuidOf("twice"), reason },
    { id: uuidOf("twice"), reason },
    { id: "(none)", reason: `1 row of workspace ${uuidOf("anna")} has no id` },
  ])
  expect([...legacy.server.memories.keys()].sort()).toEqual([uuidOf("m1"), uuidOf("m2")].sort())
  const annas = await legacy.backfill("--apply", "--json", "--workspace", uuidOf("anna"))
  expect(annas.code).toBe(1)
  expect(jsonOf(annas)).toMatchObject({ written: 1, failedRows: 2 })
})

test("verify names each of them, whichever workspaces it looks at, and nothing that was copied of them is too many", async () => {
  const legacy = await createUnidentified()
  await legacy.backfill("--apply")
  const namespace = `team:${uuidOf("root")}`
  legacy.server.memories.set(uuidOf("twice"), { id: uuidOf("twice"), namespace, content: "dup two" })
  const whole = await legacy.backfill("--verify", "--json", "--verify-sample", "1")
  expect(whole.code).toBe(1)
  expect(jsonOf(whole).mismatches.map(({ kind, id }: { kind: string; id: string }) => `${kind} ${id}`)).toEqual([
    `unidentified ${uuidOf("twice")}`,
    `unidentified ${uuidOf("twice")}`,
    "unidentified (none)",
  ])
  // The root may read what bert wrote for the team, and nothing of anna's.
  const roots = await legacy.backfill("--verify", "--json", "--workspace", uuidOf("root"))
  expect(jsonOf(roots).mismatches).toMatchObject([{ kind: "unidentified", id: uuidOf("twice"), namespace }])
})

test("given ids of their own as the runbook does it, all are copied and verified, whatever was copied before", async () => {
  const legacy = await createUnidentified()
  const namespace = `workspace:${uuidOf("anna")}`
  legacy.server.memories.set(uuidOf("twice"), { id: uuidOf("twice"), namespace, content: "dup two" })
  const runbook = new URL("../../../../docs/runbooks/replace-the-built-in-memory-plugin.md", import.meta.url)
  const [, repair = ""] = /(update agent_memories[^;]*);/.exec(await readFile(runbook, "utf8")) ?? []
  await legacy.sql(repair)
  expect(await legacy.backfill("--apply")).toMatchObject({ code: 0, stdout: expect.stringContaining("5 copied") })
  expect(await legacy.backfill("--verify")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("5 rows compared"),
  })
})
