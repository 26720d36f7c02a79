import { Rejected } from "@engram/contracts/errors"
import { createTestDatabase } from "@engram/testkit/database"
import { afterEach, expect, test } from "vitest"
import { createPool } from "../src/database.ts"
import { createLegacyMemories, isBlank, type LegacyPosition, type LegacySelection } from "../src/legacy-memories.ts"

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean()
})

async function createLegacy(rows: string) {
  const database = await createTestDatabase({ empty: true })
  cleanUps.push(() => database.drop())
  const pool = createPool(database.url, { connectionsMax: 2, applicationName: "legacy-test" })
  cleanUps.push(() => pool.end())
  await pool.query(`
    create table workspaces (id uuid primary key, parent_id uuid, name text, status text);
    create table agent_memories (id uuid primary key, workspace_id uuid, content text, scope text, created_at timestamptz);
    insert into agent_memories ${rows}`)
  const legacy = createLegacyMemories(pool, { signal: new AbortController().signal })
  const idsOf = async (selection: LegacySelection, batchRows = 500) => {
    const ids: string[] = []
    const positions: LegacyPosition[] = []
    for await (const batch of legacy.read(selection, batchRows)) {
      ids.push(...batch.rows.map(({ id }) => id))
      positions.push(batch.position)
    }
    return { ids, positions }
  }
  return { pool, legacy, idsOf }
}

test("25,000 rows are read once each, oldest first, and reading goes on after any position, also among equal times", async () => {
  // Ten rows to a microsecond, and some without a time.
  const { pool, legacy, idsOf } = await createLegacy(
    `select gen_random_uuid(), md5((n % 7)::text)::uuid, 'memory ' || n, 'LOCAL',
       case when n > 20 then '2026-03-01 10:00:00.000001+02'::timestamptz + (n / 10) * interval '1 microsecond' end
     from generate_series(1, 25000) n`,
  )
  const { rows } = await pool.query("select id from agent_memories order by created_at nulls first, id")
  const all = rows.map(({ id }) => id)
  const { ids, positions } = await idsOf({}, 333)
  expect(ids).toEqual(all)
  for (const after of [positions[0]!, positions[30]!, positions[31]!, positions.at(-1)!]) {
    const rest = all.slice(all.indexOf(after.id) + 1)
    expect((await idsOf({ after })).ids).toEqual(rest)
    expect(await legacy.count({ after })).toBe(rest.length)
  }
})

test("a selection by workspace and scopes gives those rows, by every way in which a scope is written", async () => {
  const { legacy, idsOf } = await createLegacy(
    `select gen_random_uuid(), md5((n % 3)::text)::uuid, case when n % 5 = 0 then E' \\n' else 'x' end,
       (array['LOCAL', ' team ', 'Global'])[1 + n / 3 % 3], now() from generate_series(1, 90) n`,
  )
  const [{ workspaceId } = { workspaceId: null }] = await legacy.tally({})
  const selection = { workspaceIds: [workspaceId ?? ""], scopes: [" team "] }
  expect((await legacy.scopes()).sort()).toEqual([" team ", "Global", "LOCAL"])
  expect((await idsOf(selection)).ids).toHaveLength(10)
  const tally = await legacy.tally(selection)
  expect(tally.reduce((sum, { rows }) => sum + rows, 0)).toBe(10)
  expect(tally.filter(({ blank }) => blank).reduce((sum, { rows }) => sum + rows, 0)).toBe(2)
})

test("blank to Postgres is what is blank to the contract, whichever white space it is made of", async () => {
  const { pool, legacy } = await createLegacy("select gen_random_uuid(), null, null, null, null")
  const texts = Array.from({ length: 0xd800 }, (_, code) => String.fromCharCode(code)).slice(1)
  await pool.query(
    "insert into agent_memories select gen_random_uuid(), null, t || ' ' || t, t, null from unnest($1::text[]) t",
    [[...texts, "\ufeff", "\u00a0\u2003\v"]],
  )
  const tally = await legacy.tally({})
  expect(tally).toHaveLength(texts.length + 3)
  expect(tally.filter(({ scope, blank }) => blank !== isBlank({ content: scope }))).toEqual([])
})

test("rows without an id, or of one that others have too, are told as such and by nothing else", async () => {
  const { pool, legacy, idsOf } = await createLegacy(
    "select md5(n::text)::uuid, md5('w')::uuid, 'x', 'LOCAL', now() from generate_series(1, 40) n",
  )
  await pool.query(`
    alter table agent_memories drop constraint agent_memories_pkey, alter column id drop not null;
    insert into agent_memories select id, md5('v')::uuid, ' ', scope, created_at from agent_memories where id = md5('1')::uuid;
    insert into agent_memories select null, null, 'x', 'LOCAL', '2020-01-01' from generate_series(1, 3)`)
  const told = await legacy.unidentified({})
  expect(told.map(({ id, blank, rows, sharing }) => [id !== null, blank, rows, sharing]).sort()).toEqual([
    [false, false, 3, 0],
    [true, false, 1, 2],
    [true, true, 1, 2],
  ])
  const { ids, positions } = await idsOf({}, 10)
  expect(new Set(ids).size).toBe(39)
  expect((await idsOf({ after: positions[0]! })).ids).toHaveLength(29)
  expect(await legacy.count({})).toBe(39)
  expect((await legacy.tally({})).map(({ rows }) => rows)).toEqual([39])
})

test("an index that lets no two rows have one id says that there are none, so the table is not read", async () => {
  const { pool, legacy } = await createLegacy("select gen_random_uuid(), null, 'x', 'LOCAL', now()")
  const held = await pool.connect()
  try {
    await held.query("begin; lock table agent_memories in access exclusive mode")
    expect(await legacy.unidentified({})).toEqual([])
  } finally {
    await held.query("rollback")
    held.release()
  }
})

test("a database without the tables is refused in words, and the connection stays of use", async () => {
  const { pool, legacy } = await createLegacy("select gen_random_uuid(), null, null, null, null")
  await pool.query("alter table workspaces drop column parent_id")
  await expect(legacy.workspaces()).rejects.toThrow(Rejected)
  await expect(legacy.workspaces()).rejects.toThrow(/DATABASE_URL must name the legacy database/)
  expect(await legacy.count({})).toBe(1)
})

test("nothing can be written: the transaction it reads in does not let it", async () => {
  const { pool, legacy } = await createLegacy("select gen_random_uuid(), null, 'kept', 'LOCAL', now()")
  await pool.query(`
    create function spoil() returns text language plpgsql as $$ begin delete from agent_memories; return 'active'; end $$;
    alter table workspaces rename to real_workspaces;
    create view workspaces as select gen_random_uuid() as id, null::uuid as parent_id, 'x' as name, spoil() as status`)
  await expect(legacy.workspaces()).rejects.toThrow(/read-only transaction/)
  expect(await legacy.count({})).toBe(1)
})
