import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createTestDatabase } from "@engram/testkit/database"
import { waitUntil } from "@engram/testkit/wait-until"
import pg from "pg"
import { afterEach, expect, test } from "vitest"
import { openPlugin, type Plugin } from "../memory/plugin.ts"

const main = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url))

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean()
})

/** Texts that full text reads in its own way: operators, addresses, versions, stop words, accents, emoji. */
const texts = [
  "'decided to keep the parser, word' || md5(n::text)",
  "'see http://example.com/a/' || n || '?x=1&y=2 or mail me@example.com'",
  "'retries -- not \"caches\" -really | & ! <-> (v1.2.' || n || ')'",
  "'to be or not to be'",
  "'Zürich café naïve ' || n",
  "repeat('🙂', 1 + n % 7)",
  "'C++ & Rust #' || n",
  "repeat('a long text about topic' || n || ' and what follows. ', 60)",
]

/** 400 texts of one workspace that differ only in which of the same forty words stand where. */
const switches = `
  insert into agent_memories
  select gen_random_uuid(), (select id from workspaces where parent_id is null), s.content, 'LOCAL', now() - n * interval '1 minute'
  from generate_series(1, 400) n cross join lateral (
    select E'{\\n' || string_agg(format(' "notify_%s_enabled": %s', w, (hashtext(w || n) & 1) = 1), E',\\n' order by at) || E'\\n}' as content
    from unnest(string_to_array('email push sms digest mention reply review deploy build alert billing login export invite comment reaction reminder summary incident release', ' '))
      with ordinality as t(w, at)) s`

async function createSite(rows: number, more = "") {
  const plugin = await openPlugin()
  cleanUps.push(() => plugin.close())
  const legacy = await createTestDatabase({ empty: true })
  cleanUps.push(() => legacy.drop())
  const dataDir = await mkdtemp(join(tmpdir(), "engram-backfill-"))
  cleanUps.push(() => rm(dataDir, { recursive: true, force: true }))
  const client = new pg.Client({ connectionString: legacy.url })
  await client.connect()
  cleanUps.push(() => client.end())
  const root = randomUUID()
  await client.query(`
    create table workspaces (id uuid primary key, parent_id uuid, name text, status text);
    create table agent_memories (id uuid primary key, workspace_id uuid, content text, scope text, created_at timestamptz);
    insert into workspaces values ('${root}', null, 'root', 'active');
    insert into workspaces select gen_random_uuid(), '${root}', 'child ' || n, 'active' from generate_series(1, 9) n;
    insert into agent_memories
    select gen_random_uuid(), w.id, (array[${texts.join(", ")}])[1 + n % ${texts.length}],
      (array['LOCAL', 'LOCAL', 'LOCAL', 'TEAM'])[1 + n / 10 % 4], now() - n * interval '1 minute'
    from generate_series(1, ${rows}) n
    join (select id, row_number() over (order by name) as at from workspaces) w on w.at = 1 + n % 10;
    ${more}`)
  const environment = {
    PATH: process.env.PATH,
    DATABASE_URL: legacy.url,
    MEMORY_PLUGIN_URL: plugin.url,
    ENGRAM_DATA_DIR: dataDir,
    NODE_NO_WARNINGS: "1",
  }
  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [main, "backfill", ...args], { env: environment })
    cleanUps.push(() => child.kill("SIGKILL"))
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk) => (stdout += chunk))
    child.stderr.on("data", (chunk) => (stderr += chunk))
    const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
      child.on("close", (code) => resolve({ code, stdout, stderr })),
    )
    return { child, ended }
  }
  /** Where an unfinished run would go on. */
  const checkpoints = async (): Promise<string[]> => {
    const files = await readdir(join(dataDir, "backfill")).catch(() => [])
    return files.filter((file) => file.endsWith(".json"))
  }
  return { plugin, start, backfill: (...args: string[]) => start(...args).ended, checkpoints }
}

const stored = async (plugin: Plugin): Promise<number> =>
  (await plugin.rows<{ n: number }>("select count(*)::int as n from memory_records"))[0]?.n ?? 0

test("killed in the middle, applied again and verified against the real plugin; what is planted then is found", async () => {
  const rows = 3_000
  const { plugin, start, backfill, checkpoints } = await createSite(rows)
  const first = start("--apply")
  await waitUntil("some of it is copied", async () => (await checkpoints()).length > 0, 60_000)
  first.child.kill("SIGKILL")
  await first.ended

  const second = await backfill("--apply", "--json")
  expect(second).toMatchObject({ code: 0, stderr: expect.stringContaining("going on after row") })
  expect(await stored(plugin)).toBe(rows)
  const verified = await backfill("--verify", "--json")
  expect(JSON.parse(verified.stdout)).toMatchObject({ workspaces: 10, rows, mismatches: [], unproven: 0 })
  expect(verified.code).toBe(0)

  const [gone, changed, moved] = await plugin.rows<{ id: string; namespace: string }>(
    `select r.id, n.name as namespace from memory_records r join memory_namespaces n on n.id = r.namespace_id
     where content like '%word%' order by r.id limit 3`,
  )
  for (const { id, namespace } of [gone!, moved!]) {
    const body = JSON.stringify({ requested_by_namespace: namespace })
    const headers = { "content-type": "application/json" }
    const answer = await fetch(`${plugin.url}/v1/memories/${id}`, { method: "DELETE", body, headers })
    expect(answer.status).toBe(204)
  }
  const write = (namespace: string, memory: object) =>
    fetch(`${plugin.url}/v1/namespaces/${encodeURIComponent(namespace)}/memories`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ kind: "fact", source: "agent", ...memory }),
    })
  await write(changed!.namespace, { id: changed!.id, content: "somebody had another idea" })
  const extra = randomUUID()
  await write(gone!.namespace, { id: extra, content: "written beside the backfill" })

  const ended = await backfill("--verify", "--json")
  expect(ended.code).toBe(1)
  const found = JSON.parse(ended.stdout).mismatches.map(({ kind, id }: { kind: string; id: string }) => `${kind} ${id}`)
  const changedAs = found.includes(`different ${changed!.id}`) ? "different" : "missing"
  expect(found.sort()).toEqual(
    [`missing ${gone!.id}`, `missing ${moved!.id}`, `${changedAs} ${changed!.id}`, `extra ${extra}`].sort(),
  )
}, 240_000)

test("long texts that differ only in which words stand where are all proven by the real plugin, and exit with 0", async () => {
  const { backfill } = await createSite(10, switches)
  expect((await backfill("--apply")).code).toBe(0)
  const verified = await backfill("--verify", "--json")
  expect(JSON.parse(verified.stdout)).toMatchObject({ mismatchCount: 0, unproven: 0 })
  expect(verified.code).toBe(0)
}, 120_000)
