import { beforeEach, expect, test } from "vitest"
import { useClient } from "./use-client.ts"

const context = useClient()

/** Each memory is known by its namespace and what it says. */
async function remember(memories: { readonly [namespace: string]: readonly string[] }): Promise<void> {
  for (const [namespace, texts] of Object.entries(memories)) {
    await context.client.query(
      `insert into memory_namespaces (id, workspace_id, store_id, name, kind) values ($1, 'ours', 'sto', $1, 'workspace')`,
      [namespace],
    )
    await context.client.query(
      `insert into memory_records (store_id, workspace_id, id, namespace_id, content, kind, source, created_at)
       select 'sto', 'ours', $1 || ': ' || text, $1, text, 'fact', 'agent', now() from unnest($2::text[]) text`,
      [namespace, texts],
    )
  }
}

async function find(finder: "ranked" | "chosen", namespaces: readonly string[], query: string, matchesMax = 100) {
  const { rows } = await context.client.query<{ id: string; rank: number | null }>(
    `select * from engram_${finder}_memories($1, null, to_tsvector('public.engram_english', $2), $3)`,
    [namespaces, query, matchesMax],
  )
  return rows
}

const looksAt = async (index: string): Promise<number> => {
  await context.client.query("select pg_stat_force_next_flush()")
  const { rows } = await context.client.query("select idx_scan from pg_stat_user_indexes where indexrelname = $1", [
    index,
  ])
  return Number(rows[0].idx_scan)
}

beforeEach(async () => {
  await context.client.query("insert into workspaces (id) values ('ours') on conflict do nothing")
  await context.client.query(
    "insert into stores (id, workspace_id, name) values ('sto', 'ours', 'main') on conflict do nothing",
  )
  await context.client.query("truncate memory_namespaces, memory_records")
  await context.client.query(
    "select set_config('app.workspace_id', 'ours', false), set_config('enable_seqscan', 'off', false)",
  )
})

test("words are looked for by the index of words alone, once a namespace", async () => {
  await remember({ mns_1: ["the harbour lights and the tide"], mns_2: ["harbours and tides"], mns_3: ["the harbour"] })
  const [words, newest] = [await looksAt("memory_records_words"), await looksAt("memory_records_newest")]
  const found = await find("ranked", ["mns_1", "mns_2"], "light tides")
  expect(found.map(({ id }) => id)).toEqual(["mns_1: the harbour lights and the tide", "mns_2: harbours and tides"])
  expect(await looksAt("memory_records_words")).toBe(words + 2)
  expect(await looksAt("memory_records_newest")).toBe(newest)
})

test("where more match than are ranked, a rare word's memory is among them, however many words are asked for", async () => {
  const others = Array.from({ length: 30 }, (_, at) => `the usual harbour ${at}`)
  await remember({ mns_1: [...others, "the usual lighthousekeeping", ...others.map((text) => `${text} again`)] })
  const manyWords = Array.from({ length: 300 }, (_, at) => `w${at}`).join(" ")
  for (const query of ["usual harbour lighthousekeeping", `${manyWords} usual harbour lighthousekeeping`]) {
    expect(await find("ranked", ["mns_1"], query, 10)).toContainEqual(expect.objectContaining({ rank: null }))
    const chosen = await find("chosen", ["mns_1"], query, 10)
    expect(chosen.map(({ id }) => id)).toContain("mns_1: the usual lighthousekeeping")
  }
})
