import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { waitUntil } from "@engram/testkit/wait-until"
import { describe, expect, test } from "vitest"
import { run, start } from "../cli-fixture.ts"
import { createLegacy, type Legacy, uuidOf } from "./legacy-fixture.ts"

const jsonOf = ({ stdout }: { readonly stdout: string }) => JSON.parse(stdout)

/** A root with two children, and one memory for each thing that can become of a row. */
async function createFamily(): Promise<Legacy> {
  const legacy = await createLegacy()
  await legacy.workspace("root")
  await legacy.workspace("anna", "root")
  await legacy.workspace("bert", "root")
  await legacy.memory("m1", "anna", "anna likes tea")
  await legacy.memory("m2", "anna", "the team meets on Mondays", "TEAM")
  await legacy.memory("m3", "bert", "bert writes the minutes", "TEAM")
  await legacy.memory("m4", "root", "nothing ships on Fridays", "GLOBAL")
  await legacy.memory("m5", "anna", "anna would tell everybody", "GLOBAL")
  await legacy.memory("m6", "bert", " \n ")
  await legacy.memory("m7", "root", "the root's own team", "TEAM")
  return legacy
}

const stored = ({ server }: Legacy) =>
  [...server.memories.values()].map(({ id, namespace, content }) => `${id} ${namespace} ${content}`).sort()

describe("exactly one mode, and nothing that does not belong to it", () => {
  test.each([
    "",
    "--dry-run --apply",
    "--apply --verify",
    "--dry-run --apply --verify",
    "--dry-run --limit 3",
    "--verify --limit 3",
    "--apply --verify-sample 3",
    "--apply --accept-unproven",
    "--apply --limit 0",
    "--apply --workspace anna",
    "--apply --all",
  ])("engram backfill %s", async (line) => {
    const urls = { DATABASE_URL: "postgres://127.0.0.1:1/x", MEMORY_PLUGIN_URL: "http://127.0.0.1:1" }
    const { code, stdout, stderr } = await run(["backfill", ...line.split(" ").filter(Boolean)], urls)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toMatch(/^engram: [^\n]*\n$/)
  })

  test("a missing or mistyped URL", async () => {
    expect(await run(["backfill", "--dry-run"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("set DATABASE_URL"),
    })
    const environment = { DATABASE_URL: "postgres://127.0.0.1:1/x", MEMORY_PLUGIN_URL: "localhost:9100" }
    expect(await run(["backfill", "--verify"], environment)).toMatchObject({ code: 2 })
  })
})

test("a dry run counts and maps every row, and writes nothing", async () => {
  const legacy = await createFamily()
  const { code, stdout } = await legacy.backfill("--dry-run")
  expect(code).toBe(0)
  expect(stdout).toMatch(new RegExp(`anna +TEAM +1 +team:${uuidOf("root")}`))
  expect(stdout).toContain("7 rows: 5 to copy into 3 namespaces, 2 to skip, 0 in error. Nothing was written.")
  expect(jsonOf(await legacy.backfill("--dry-run", "--workspace", uuidOf("anna"), "--json"))).toMatchObject({
    rows: 3,
    copy: 2,
    skip: 1,
  })
  expect(legacy.server.requests).toBe(0)
})

test("applied twice is applied once, skips say why, and the legacy tables stay as they were", async () => {
  const legacy = await createFamily()
  const before = await legacy.sql("select * from agent_memories order by id")
  const first = await legacy.backfill("--apply", "--json")
  expect(first.code).toBe(0)
  expect(jsonOf(first)).toMatchObject({
    rows: 7,
    written: 5,
    failedRows: 0,
    skipped: {
      "its scope is GLOBAL, and only a root workspace may write there": 1,
      "its content is blank, which the contract does not take": 1,
    },
  })
  const once = stored(legacy)
  expect(once).toHaveLength(5)
  expect(once).toContain(`${uuidOf("m3")} team:${uuidOf("root")} bert writes the minutes`)
  expect((await legacy.backfill("--apply")).code).toBe(0)
  expect(stored(legacy)).toEqual(once)
  expect([...legacy.server.namespaces.values()].map(({ puts }) => puts)).toEqual([1, 1, 1])
  expect(await legacy.sql("select * from agent_memories order by id")).toEqual(before)
  const verified = await legacy.backfill("--verify")
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining("5 rows compared: 0 mismatches.") })
})

test("white space around a scope and in a blank text is the same to a dry run, to what is copied and to verify", async () => {
  const legacy = await createLegacy()
  await legacy.workspace("solo")
  await legacy.memory("m1", "solo", "said on a line of its own", "LOCAL\n")
  await legacy.memory("m2", "solo", "said in a document", "\u00a0team")
  await legacy.memory("m3", "solo", "\u00a0\u2003\v")
  const planned = jsonOf(await legacy.backfill("--dry-run", "--json"))
  expect(planned).toMatchObject({ copy: 2, skip: 1 })
  expect(jsonOf(await legacy.backfill("--apply", "--json"))).toMatchObject({ written: planned.copy })
  expect(await legacy.backfill("--verify")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("2 rows compared"),
  })
})

test("a row in a circle, too deep or of an unknown scope fails alone; the run copies the rest and exits with 1", async () => {
  const legacy = await createFamily()
  await legacy.workspace("ying", "yang")
  await legacy.workspace("yang", "ying")
  await legacy.memory("round", "ying", "round and round")
  await legacy.memory("odd", "anna", "odd", "PUBLIC")
  const { code, stdout, stderr } = await legacy.backfill("--apply")
  expect(code).toBe(1)
  expect(stdout).toMatch(new RegExp(`failed {2}${uuidOf("round")} {2}.*circle`))
  expect(stdout).toMatch(new RegExp(`failed {2}${uuidOf("odd")} {2}its scope is "PUBLIC"`))
  expect(stderr).toContain("2 rows could not be copied")
  expect(legacy.server.memories.size).toBe(5)
  const verified = jsonOf(await legacy.backfill("--verify", "--json"))
  expect(verified.mismatches.map(({ kind }: { kind: string }) => kind)).toEqual(["unmapped", "unmapped"])
})

test("rows of no workspace that is there are told by verify, whatever its sample: also when there is no workspace at all", async () => {
  const legacy = await createFamily()
  await legacy.memory("homeless", "nobody", "of a workspace that is gone")
  await legacy.sql("insert into agent_memories values ($1, null, 'of none', 'LOCAL', now())", [uuidOf("of none")])
  expect((await legacy.backfill("--apply")).code).toBe(1)
  const found = await legacy.backfill("--verify", "--verify-sample", "1")
  expect(found.code).toBe(1)
  expect(found.stdout).toContain(
    `unmapped  ${uuidOf("nobody")}  -  1 row is of this workspace, which is not in the table`,
  )
  expect(found.stdout).toContain("unmapped  (none)  -  1 row names no workspace")
  await legacy.sql("delete from workspaces")
  expect(await legacy.backfill("--verify")).toMatchObject({ code: 1, stderr: expect.stringContaining("mismatches") })
})

test("--limit copies the oldest rows, the same ones each time; --workspace only its own", async () => {
  const legacy = await createFamily()
  for (let time = 0; time < 2; time++) expect((await legacy.backfill("--apply", "--limit", "2")).code).toBe(0)
  expect([...legacy.server.memories.keys()].sort()).toEqual([uuidOf("m1"), uuidOf("m2")].sort())
  await legacy.backfill("--apply", "--workspace", uuidOf("root"))
  expect(legacy.server.memories.size).toBe(4)
  const nobody = await legacy.backfill("--apply", "--workspace", uuidOf("nobody"))
  expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining("there is no workspace") })
})

test("killed in the middle and run again, everything is there once, and the second run goes on where the first was", async () => {
  const legacy = await createLegacy()
  await legacy.workspace("solo")
  await legacy.many("solo", 2_000)
  const child = start(["backfill", "--apply"], legacy.environment)
  const folder = join(legacy.environment.ENGRAM_DATA_DIR ?? "", "backfill")
  await waitUntil("it has a place to go on from", async () => {
    const files = await readdir(folder).catch(() => [])
    return files.some((file) => file.endsWith(".json"))
  })
  child.process.kill("SIGKILL")
  await child.ended
  const { requests } = legacy.server
  const again = await legacy.backfill("--apply", "--json")
  expect(again.code).toBe(0)
  expect(again.stderr).toContain("going on after row")
  expect(legacy.server.requests - requests).toBeLessThan(1_600)
  expect(legacy.server.memories.size).toBe(2_000)
  expect(legacy.server.openMax).toBeLessThanOrEqual(128)
  expect(await readdir(folder)).toEqual([])
  const { rows, mismatchCount } = jsonOf(await legacy.backfill("--verify", "--json"))
  expect({ rows, mismatchCount }).toEqual({ rows: 2_000, mismatchCount: 0 })
})

test("interrupted, it says so and exits with 130; the same command finishes", async () => {
  const legacy = await createLegacy()
  await legacy.workspace("solo")
  await legacy.many("solo", 6_000)
  const child = start(["backfill", "--apply"], legacy.environment)
  await waitUntil("some of it is copied", () => legacy.server.memories.size > 1_000)
  child.process.kill("SIGINT")
  expect(await child.ended).toMatchObject({ code: 130, stderr: expect.stringContaining("interrupted") })
  expect(legacy.server.memories.size).toBeLessThan(6_000)
  expect((await legacy.backfill("--apply")).code).toBe(0)
  expect(legacy.server.memories.size).toBe(6_000)
})

test("what failed before an interruption is reported by the run that goes on, which exits with 1", async () => {
  const legacy = await createLegacy()
  await legacy.workspace("solo")
  await legacy.memory("odd", "solo", "odd", "PUBLIC")
  await legacy.many("solo", 6_000)
  const child = start(["backfill", "--apply"], legacy.environment)
  await waitUntil("more than two batches are copied", () => legacy.server.memories.size > 1_500)
  child.process.kill("SIGINT")
  expect(await child.ended).toMatchObject({ code: 130 })
  const again = await legacy.backfill("--apply", "--json")
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("1 row could not be copied") })
  const reason = 'its scope is "PUBLIC", not LOCAL, TEAM or GLOBAL'
  expect(jsonOf(again)).toMatchObject({ failedRows: 1, failures: [{ id: uuidOf("odd"), reason }] })
  expect(legacy.server.memories.size).toBe(6_000)
})

test("a plugin that is busy, away or breaks off in the middle is asked again until everything is there once", async () => {
  const legacy = await createLegacy()
  await legacy.workspace("solo")
  await legacy.many("solo", 300)
  const { server } = legacy
  server.fault = (_path, requests) => {
    if (requests >= 100 && requests < 130) return { status: 429, retryAfter: "1" }
    if (requests % 10 === 0) return { status: 503 }
    return requests % 11 === 0 ? { status: 0, torn: true } : undefined
  }
  const { code, stdout } = await legacy.backfill("--apply", "--json")
  expect(code).toBe(0)
  expect(jsonOf({ stdout }).retries).toBeGreaterThan(40)
  expect(server.memories.size).toBe(300)
})

test("a namespace that is deleted while rows are copied into it is made again, once", async () => {
  const legacy = await createLegacy()
  await legacy.workspace("solo")
  await legacy.many("solo", 1_500)
  const { server } = legacy
  server.fault = (_path, requests) => {
    if (requests === 700) server.namespaces.clear()
    return undefined
  }
  const applied = await legacy.backfill("--apply", "--json")
  expect(applied.code).toBe(0)
  expect(jsonOf(applied)).toMatchObject({ written: 1_500, failedRows: 0 })
  expect([...server.namespaces.values()].map(({ puts }) => puts)).toEqual([1])
})

test("a namespace that is never there, however often it is made, is given up for each row", async () => {
  const legacy = await createLegacy()
  await legacy.workspace("solo")
  await legacy.many("solo", 50)
  legacy.server.fault = (path) => (path.endsWith("/memories") ? { status: 404 } : undefined)
  const { code, stdout } = await legacy.backfill("--apply", "--json")
  expect(code).toBe(1)
  expect(jsonOf({ stdout })).toMatchObject({ failedRows: 50, written: 0 })
  expect(jsonOf({ stdout }).failures[0].reason).toMatch(/was made, and is not there$/)
  expect(legacy.server.requests).toBeLessThanOrEqual(1 + 50 * 5)
})

test("a row that the plugin refuses fails alone, with the plugin's words", async () => {
  const legacy = await createFamily()
  legacy.server.fault = (_path, requests) => (requests === 4 ? { status: 400 } : undefined)
  const { code, stdout } = await legacy.backfill("--apply", "--json", "--concurrency", "1")
  expect(code).toBe(1)
  expect(jsonOf({ stdout })).toMatchObject({ failedRows: 1, failures: [{ reason: "400 unavailable: planted" }] })
})

describe("verify finds what is wrong and exits with 1", () => {
  const planted = async (plant: (legacy: Legacy) => unknown, rows = 0) => {
    const legacy = await createFamily()
    if (rows > 0) await legacy.many("anna", rows)
    await legacy.backfill("--apply")
    await plant(legacy)
    const ended = await legacy.backfill("--verify", "--json")
    const { mismatches, unproven } = jsonOf(ended)
    return {
      code: ended.code,
      unproven,
      mismatches: mismatches.map((each: { kind: string; id: string }) => [each.kind, each.id]),
    }
  }
  const first = ({ server }: Legacy) =>
    [...server.memories.values()].find(({ content }) => content.startsWith("note 1 "))!

  test("a memory gone, changed, too many, or in the wrong place", async () => {
    const gone = await planted(({ server }) => server.memories.delete(uuidOf("m1")))
    expect(gone).toMatchObject({ code: 1, mismatches: [["missing", uuidOf("m1")]] })
    const changed = await planted(({ server }) => (server.memories.get(uuidOf("m2"))!.content += "!"))
    expect(changed).toMatchObject({ code: 1, mismatches: [["different", uuidOf("m2")]] })
    const extra = { id: uuidOf("x"), namespace: `team:${uuidOf("root")}`, content: "who said that" }
    const many = await planted(({ server }) => server.memories.set(extra.id, extra))
    expect(many).toMatchObject({ code: 1, mismatches: [["extra", extra.id]] })
    const moved = await planted(
      ({ server }) => (server.memories.get(uuidOf("m1"))!.namespace = `org:${uuidOf("root")}`),
    )
    expect(moved.code).toBe(1)
    expect(moved.mismatches.sort()).toEqual([
      ["extra", uuidOf("m1")],
      ["missing", uuidOf("m1")],
    ])
  })

  test("among hundreds of memories of one workspace, too", async () => {
    let id = ""
    const gone = await planted((legacy) => {
      id = first(legacy).id
      legacy.server.memories.delete(id)
    }, 450)
    expect(gone).toEqual({ code: 1, unproven: 0, mismatches: [["missing", id]] })
    const changed = await planted((legacy) => {
      const memory = first(legacy)
      id = memory.id
      memory.content = memory.content.replace("note 1 ", "note 1  ")
    }, 450)
    expect(changed).toEqual({ code: 1, unproven: 0, mismatches: [["different", id]] })
  })

  test("an answer that is an error is not an empty answer", async () => {
    const legacy = await createFamily()
    await legacy.backfill("--apply")
    legacy.server.fault = (path) => (path === "/v1/search" ? { status: 404 } : undefined)
    expect(await legacy.backfill("--verify")).toMatchObject({ code: 1, stderr: expect.stringContaining("404") })
  })
})

test("long rows that differ in one word in the middle are proven, whether it has digits or not, and one that is gone is missing", async () => {
  const legacy = await createLegacy()
  await legacy.workspace("solo")
  await legacy.sql(
    `insert into agent_memories
     select gen_random_uuid(), $1, repeat('What was said first of the build. ', 13)
       || case when n % 2 = 0 then 'Run 4711' || n || ' ended. ' else translate(n::text, '0123456789', 'abcdefghij') || 'zz ended. ' end
       || repeat('Nothing is left to be asked about it. ', 12), 'LOCAL', now() - n * interval '1 minute'
     from generate_series(1, 260) n`,
    [uuidOf("solo")],
  )
  await legacy.backfill("--apply")
  const gone = [...legacy.server.memories.values()].find(({ content }) => content.includes(" 4711120 "))!
  legacy.server.memories.delete(gone.id)
  const verified = jsonOf(await legacy.backfill("--verify", "--json"))
  expect(verified).toMatchObject({ mismatchCount: 1, mismatches: [{ kind: "missing", id: gone.id }] })
})

test("more than a hundred of one text are unproven, which exits with 1 unless it is accepted; fewer in the plugin are missed", async () => {
  const legacy = await createLegacy()
  await legacy.workspace("solo")
  await legacy.sql(
    "insert into agent_memories select gen_random_uuid(), $1, 'same', 'LOCAL', now() from generate_series(1, 150)",
    [uuidOf("solo")],
  )
  await legacy.backfill("--apply")
  const lose = (copies: number) => {
    for (const id of [...legacy.server.memories.keys()].slice(0, copies)) legacy.server.memories.delete(id)
  }
  lose(50)
  const unproven = await legacy.backfill("--verify", "--json")
  expect(unproven).toMatchObject({ code: 1, stderr: expect.stringContaining("50 rows could not be proven") })
  expect(jsonOf(unproven)).toMatchObject({ mismatchCount: 0, unproven: 50 })
  const accepted = await legacy.backfill("--verify", "--accept-unproven")
  expect(accepted).toMatchObject({ code: 0, stdout: expect.stringContaining("50 rows not proven") })
  lose(10)
  const missed = await legacy.backfill("--verify", "--accept-unproven", "--json")
  expect(missed.code).toBe(1)
  expect(jsonOf(missed)).toMatchObject({ mismatchCount: 60, unproven: 0 })
})

test("rows that no search tells apart are told as not proven, not as missing, with what to do; a row of its own words is missing", async () => {
  const legacy = await createLegacy()
  await legacy.workspace("solo")
  await legacy.sql(
    `insert into agent_memories
     select gen_random_uuid(), $1, 'flags on off ' || (select string_agg(case when n >> bit & 1 = 1 then 'on' else 'off' end, ' ' order by bit)
       from generate_series(0, 7) bit), 'LOCAL', now() - n * interval '1 minute'
     from generate_series(0, 255) n`,
    [uuidOf("solo")],
  )
  await legacy.memory("gone", "solo", "flags are off on Sundays")
  await legacy.backfill("--apply")
  legacy.server.memories.delete(uuidOf("gone"))
  const verified = jsonOf(await legacy.backfill("--verify", "--json"))
  expect(verified).toMatchObject({ mismatchCount: 1, mismatches: [{ kind: "missing", id: uuidOf("gone") }] })
  expect(verified).toMatchObject({ unproven: 156 })
  expect(verified.notProven).toHaveLength(156)
  await legacy.sql("delete from agent_memories where id = $1", [uuidOf("gone")])
  const told = await legacy.backfill("--verify")
  expect(told).toMatchObject({ code: 1, stderr: expect.stringContaining("156 rows could not be proven") })
  expect(told.stderr).toContain("--apply")
  const [line] = told.stdout.split("\n").filter((each) => each.startsWith("not proven"))
  expect(line).toContain(`  workspace:${uuidOf("solo")}  `)
  expect((await legacy.backfill("--verify", "--accept-unproven")).code).toBe(0)
})

test("a random sample looks at so many workspaces, and at none that was removed", async () => {
  const legacy = await createLegacy()
  for (const name of ["one", "two", "three", "four"]) {
    await legacy.workspace(name)
    await legacy.memory(name, name, `memory of ${name}`)
  }
  await legacy.workspace("left", null, "removed")
  await legacy.memory("left", "left", "never copied")
  expect(jsonOf(await legacy.backfill("--verify", "--json"))).toMatchObject({ workspaces: 4, mismatchCount: 4 })
  expect(jsonOf(await legacy.backfill("--verify", "--verify-sample", "3", "--json"))).toMatchObject({
    workspaces: 3,
    mismatchCount: 3,
  })
  const chosen = await legacy.backfill("--verify", "--workspace", uuidOf("two"), "--json")
  expect(jsonOf(chosen).mismatches).toMatchObject([{ id: uuidOf("two") }])
})

test("a database that is not the legacy one is named as such", async () => {
  const legacy = await createLegacy()
  await legacy.sql("drop table workspaces")
  const { code, stderr } = await legacy.backfill("--dry-run")
  expect(code).toBe(1)
  expect(stderr).toMatch(/relation "workspaces" does not exist: .*DATABASE_URL must name the legacy database/)
})
