import { execFileSync } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createPool } from "@engram/store/database"
import { afterwards } from "./cli-fixture.ts"

export interface EmbeddedInstallation {
  readonly dataDir: string
  readonly environment: Record<string, string>
  /** The process of its Postgres, while there is one. */
  postgres(): number[]
  /** On a connection that is gone afterwards: whoever else is connected keeps the server running. */
  rows<Row extends object>(sql: string): Promise<Row[]>
}

/** A data directory of its own and no DATABASE_URL, so that the commands run a Postgres there. Both are gone after the test. */
export async function installEmbedded(): Promise<EmbeddedInstallation> {
  const dataDir = await mkdtemp(join(tmpdir(), "engram-embedded-test-"))
  afterwards(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }))
  const postgres = (): number[] => serversOf(dataDir)
  afterwards(() => {
    for (const pid of postgres()) process.kill(pid, "SIGKILL")
  })
  const doors = { INGEST_PORT: "0", MEMORY_PORT: "0", SEARCH_PORT: "0", WORKER_PORT: "0", NIGHTLY_PORT: "0" }
  const rows = async <Row extends object>(sql: string): Promise<Row[]> => {
    const [password, port] = await Promise.all(["pg.password", "pg.port"].map((name) => readFile(join(dataDir, name))))
    const url = `postgres://engram:${password}@127.0.0.1:${port}/engram`
    const pool = createPool(url, { connectionsMax: 1, applicationName: "cli-test" })
    try {
      return (await pool.query<Row>(sql)).rows
    } finally {
      await pool.end()
    }
  }
  return { dataDir, environment: { ENGRAM_DATA_DIR: dataDir, LOG_LEVEL: "warn", ...doors }, postgres, rows }
}

/** By what was called, as the pid file of a server that is starting or was killed says nothing of it. */
function serversOf(dataDir: string): number[] {
  const lines = execFileSync("ps", ["-A", "-ww", "-o", "pid=,command="], { encoding: "utf8" }).split("\n")
  const own = lines.filter((line) => line.includes(`postgres -D ${dataDir}/pg `))
  return own.map((line) => Number.parseInt(line, 10))
}
