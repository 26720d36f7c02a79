import { setTimeout as wait } from "node:timers/promises"
import pg from "pg"
import { startOf } from "../../start-of.ts"
import { type Child, memoryMb, startChild } from "../child.ts"
import { benchWorkspaces, memoriesCount, memoryAt } from "../memories.ts"
import type { Product, Site } from "../site.ts"

export interface Backfilled {
  readonly seconds: number
  readonly rowsPerSecond: number
  /** The most memory that the process held in the second half of the run over the most in the first. */
  readonly growth: { readonly cli: number; readonly plugin: number }
  readonly peakMb: { readonly cli: number; readonly plugin: number }
}

/** `engram backfill --apply` over 100,000 legacy rows, into the plugin of `product`; both are processes of their own. */
export async function measureBackfill(site: Site, product: Product): Promise<Backfilled> {
  const legacyUrl = await site.database("none")
  await fillLegacy(legacyUrl)
  const memory = await product.memory()
  const { nodeArgs, main } = startOf("cli")
  const cli = startChild(main, {
    nodeArgs,
    args: ["backfill", "--apply", "--json"],
    env: { DATABASE_URL: legacyUrl, MEMORY_PLUGIN_URL: memory.url, ENGRAM_DATA_DIR: product.dataDir },
  })
  const samples = sample({ cli, plugin: memory })
  const said = await cli.said("rowsPerSecond")
  const { growth, peakMb } = await samples.end()
  await Promise.all([cli.stop(), memory.stop()])
  if (said.written !== memoriesCount) throw new Error(`${said.written} of ${memoriesCount} rows were copied`)
  return { seconds: Number(said.seconds), rowsPerSecond: Number(said.rowsPerSecond), growth, peakMb }
}

async function fillLegacy(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`
    create table workspaces (id uuid primary key, parent_id uuid, name text, status text);
    create table agent_memories (id uuid primary key, workspace_id uuid, content text, scope text, created_at timestamptz)`)
  await client.query("insert into workspaces select *, 'active' from unnest($1::uuid[], $2::uuid[], $3::text[])", [
    benchWorkspaces.map(({ id }) => id),
    benchWorkspaces.map(({ parent }) => parent),
    benchWorkspaces.map(({ id }) => `workspace ${id}`),
  ])
  for (let from = 0; from < memoriesCount; from += 10_000) {
    const rows = Array.from({ length: 10_000 }, (_, i) => memoryAt(from + i))
    await client.query(
      `insert into agent_memories select id, workspace_id, content, scope, now() - (1000000 - $5 - at) * interval '1 second'
       from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) with ordinality as k(id, workspace_id, content, scope, at)`,
      [
        rows.map(({ id }) => id),
        rows.map(({ writer }) => writer.id),
        rows.map(({ content }) => content),
        rows.map(({ scope }) => scope),
        from,
      ],
    )
  }
  await client.query("analyze")
  await client.end()
}

/** Looks at what processes hold, four times a second, until told to end. */
function sample<Name extends string>(processes: { readonly [name in Name]: Child }) {
  const names = Object.keys(processes) as Name[]
  const seen = new Map<Name, number[]>(names.map((name) => [name, []]))
  let ended = false
  const looking = (async () => {
    while (!ended) {
      for (const name of names) seen.get(name)!.push(memoryMb(processes[name].pid))
      await wait(250)
    }
  })()
  const of = <T>(read: (all: readonly number[]) => T): { [name in Name]: T } =>
    Object.fromEntries(names.map((name) => [name, read(seen.get(name)!)])) as { [name in Name]: T }
  return {
    end: async () => {
      ended = true
      await looking
      const half = (all: readonly number[]): number => all.length >> 1
      return {
        growth: of((all) => Math.max(...all.slice(half(all))) / Math.max(...all.slice(0, half(all)))),
        peakMb: of((all) => Math.max(...all)),
      }
    },
  }
}
