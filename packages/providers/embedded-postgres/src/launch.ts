import { spawn } from "node:child_process"
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { Rejected } from "@engram/contracts/errors"
import type { Identity } from "./identity.ts"
import { freePort, isFree } from "./ports.ts"
import { type PidFile, probe, readPidFile, servesDirectory } from "./running-server.ts"
import { writeWhole } from "./write-whole.ts"

const logBytesMax = 8_000_000

export interface Launch {
  readonly root: string
  readonly dataDir: string
  readonly postgres: string
  readonly identity: Identity
  readonly password: string
  readonly port: number | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly deadline: number
}

/**
 * Starts the server, detached so that it outlives this process, and resolves when it answers. Adopts one that is
 * already starting. Call under the start lock. Throws `Rejected` with the end of pg.log when it will not start.
 */
export async function launch(options: Launch): Promise<PidFile & { adopted: boolean }> {
  const { dataDir, password, deadline } = options
  for (let attempt = 1; attempt <= 5; attempt++) {
    const running = await settle(dataDir, password, deadline)
    if (running) return { ...running, adopted: true }
    const child = start(options, await choosePort(options))
    while (child.isAlive() && Date.now() < deadline) {
      const found = await probe(dataDir, password)
      if (found) return { ...found, adopted: false }
      await pause(20)
    }
    if (Date.now() >= deadline) break
    // Its predecessor's workers may still hold the shared memory for some 300 ms, or the port was taken meanwhile.
    await pause(100 * attempt)
  }
  throw new Rejected(
    "postgres_unavailable",
    `the embedded Postgres in ${dataDir} did not start. The end of ${join(options.root, "pg.log")}:\n${logTail(options.root)}`,
  )
}

/** Waits for a live server that does not answer yet (starting, recovering or stopping); clears away a stale pid file. */
async function settle(dataDir: string, password: string, deadline: number): Promise<PidFile | undefined> {
  while (Date.now() < deadline) {
    const found = await probe(dataDir, password)
    if (found) return found
    const file = readPidFile(dataDir)
    if (!file) return undefined
    if (!servesDirectory(file.pid, dataDir)) {
      // Postgres would refuse to start if another process of the same user now has this number.
      rmSync(join(dataDir, "postmaster.pid"), { force: true })
      return undefined
    }
    await pause(50)
  }
  return undefined
}

/** Clients of a crashed server reconnect to the port they know, so the port is kept for as long as it can be bound. */
async function choosePort({ root, port }: Launch): Promise<number> {
  const file = join(root, "pg.port")
  const known = port ?? (existsSync(file) ? Number(readFileSync(file, "utf8")) : 0)
  if (known > 0 && (await isFree(known))) {
    writeWhole(file, String(known), 0o644)
    return known
  }
  if (port) {
    throw new Rejected("postgres_unavailable", `port ${port} on 127.0.0.1 is taken: free it, or choose no port`)
  }
  const chosen = await freePort()
  writeWhole(file, String(chosen), 0o644)
  return chosen
}

function start({ root, dataDir, postgres, identity, settings }: Launch, port: number): { isAlive(): boolean } {
  const chosen = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    timezone: "UTC",
    // By default a growing table is counted again at each tenth that is new, ten rows for one. Plans go by its present size without.
    autovacuum_analyze_scale_factor: "0.5",
    // Filling each new 16 MB piece of the log with zeros holds all commits up for 60 ms (measured); its last byte does as well.
    wal_init_zero: "off",
    ...settings,
  }
  const flags = Object.entries(chosen).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  const { program, args } = identity.command(postgres, ["-D", dataDir, "-p", String(port), ...flags])
  const path = join(root, "pg.log")
  if (existsSync(path) && statSync(path).size > logBytesMax) renameSync(path, `${path}.old`)
  const log = openSync(path, "a")
  let alive = true
  const child = spawn(program, args, { ...identity.spawn, detached: true, stdio: ["ignore", log, log], cwd: "/" })
  closeSync(log)
  child.on("exit", () => {
    alive = false
  })
  child.on("error", () => {
    alive = false
  })
  child.unref()
  return { isAlive: () => alive }
}

function logTail(root: string): string {
  const path = join(root, "pg.log")
  return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n").slice(-15).join("\n") : "(no log)"
}
