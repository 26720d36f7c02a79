import { createHash } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createPool } from "@engram/store/database"
import { createTestDatabase } from "@engram/testkit/database"
import { afterwards, type Ended, run } from "../cli-fixture.ts"
import { type ContractServer, startContractServer } from "./contract-server.ts"

/** A UUID that is the same for the same name. */
export function uuidOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export interface Legacy {
  readonly environment: Record<string, string>
  readonly server: ContractServer
  workspace(name: string, parent?: string | null, status?: string): Promise<void>
  memory(name: string, workspace: string, content: string | null, scope?: string): Promise<void>
  /** `rows` LOCAL memories of one workspace, each with words of its own. */
  many(workspace: string, rows: number): Promise<void>
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>
  /** The command line, with both URLs set. */
  backfill(...args: string[]): Promise<Ended>
}

/** A legacy database and a plugin of their own, gone after the test. */
export async function createLegacy(options: { pluginUrl?: string } = {}): Promise<Legacy> {
  const database = await createTestDatabase({ empty: true })
  afterwards(() => database.drop())
  const pool = createPool(database.url, { connectionsMax: 1, applicationName: "legacy-test" })
  afterwards(() => pool.end())
  const dataDirectory = await mkdtemp(join(tmpdir(), "engram-backfill-"))
  afterwards(() => rm(dataDirectory, { recursive: true }))
  const server = await startContractServer()
  afterwards(() => server.close())
  await pool.query(`
    create table workspaces (id uuid primary key, parent_id uuid, name text, status text);
    create table agent_memories (id uuid primary key, workspace_id uuid, content text, scope text, created_at timestamptz)`)
  const environment = {
    DATABASE_URL: database.url,
    MEMORY_PLUGIN_URL: options.pluginUrl ?? server.url,
    ENGRAM_DATA_DIR: dataDirectory,
  }
  const sql = async <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await pool.query<Row>(text, values)).rows
  let seconds = 0
  return {
    environment,
    server,
    sql,
    async workspace(name, parent = null, status = "active") {
      await sql("insert into workspaces values ($1, $2, $3, $4)", [
        uuidOf(name),
        parent && uuidOf(parent),
        name,
        status,
      ])
    },
    async memory(name, workspace, content, scope = "LOCAL") {
      const at = new Date(Date.UTC(2026, 0, 1) + 1_000 * seconds++)
      const values = [uuidOf(name), uuidOf(workspace), content, scope, at]
      await sql("insert into agent_memories values ($1, $2, $3, $4, $5)", values)
    },
    async many(workspace, rows) {
      await sql(
        `insert into agent_memories
         select gen_random_uuid(), $1, 'note ' || n || ' about topic' || n % 97 || ' word' || md5(n::text), 'LOCAL', now() - n * interval '1 minute'
         from generate_series(1, $2::int) n`,
        [uuidOf(workspace), rows],
      )
    },
    backfill: (...args) => run(["backfill", ...args], environment),
  }
}
