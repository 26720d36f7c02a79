import { execFileSync } from "node:child_process"
import { readFileSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { Rejected } from "@engram/contracts/errors"
import pg from "pg"

export const user = "engram"

export function urlOf(port: number, password: string): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/postgres`
}

export interface PidFile {
  readonly pid: number
  readonly port: number
}

/** What postmaster.pid says; undefined when there is none. It may be stale. */
export function readPidFile(dataDir: string): PidFile | undefined {
  try {
    const [pid, , , port] = readFileSync(join(dataDir, "postmaster.pid"), "utf8").split("\n")
    return Number(pid) > 0 ? { pid: Number(pid), port: Number(port) } : undefined
  } catch {
    return undefined
  }
}

/** Whether `pid` is a live server of this data directory, and not another process that was given its number. */
export function servesDirectory(pid: number, dataDir: string): boolean {
  const command = commandOf(pid)
  return command?.includes("postgres") === true && command.includes(dataDir)
}

function commandOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
    return execFileSync("ps", ["-p", String(pid), "-o", "command="], { encoding: "utf8", stdio: "pipe" })
  } catch {
    return undefined
  }
}

/** The server of this data directory if it answers queries now. Throws `Rejected` when it refuses our password. */
export async function probe(dataDir: string, password: string): Promise<PidFile | undefined> {
  const file = readPidFile(dataDir)
  if (!file?.port || !servesDirectory(file.pid, dataDir)) return undefined
  const client = new pg.Client({ connectionString: urlOf(file.port, password), connectionTimeoutMillis: 2_000 })
  client.on("error", () => {})
  try {
    await client.connect()
    const { rows } = await client.query("SELECT current_setting('data_directory') AS dir")
    return realpathSync(rows[0].dir) === realpathSync(dataDir) ? file : undefined
  } catch (error) {
    if ((error as { code?: string }).code !== "28P01") return undefined
    throw new Rejected(
      "postgres_unavailable",
      `the Postgres running in ${dataDir} (process ${file.pid}) refuses the password in pg.password beside it: restore that file, or remove both`,
      { cause: error },
    )
  } finally {
    await client.end().catch(() => {})
  }
}

/** Sends a fast shutdown to the server that runs now, if any, and resolves when it is gone. */
export async function stopServer(dataDir: string, timeoutMs: number): Promise<void> {
  const pid = readPidFile(dataDir)?.pid
  if (!pid || !servesDirectory(pid, dataDir)) return
  process.kill(pid, "SIGINT")
  const deadline = Date.now() + timeoutMs
  while (servesDirectory(pid, dataDir)) {
    if (Date.now() > deadline) throw new Error(`Postgres (process ${pid}) did not stop within ${timeoutMs} ms`)
    await pause(20)
  }
}
