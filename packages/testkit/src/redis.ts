import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import { freePort } from "./free-port.ts"
import { waitUntil } from "./wait-until.ts"

export interface TestRedis {
  readonly url: string
  /** Of the server that runs now; undefined when it is REDIS_URL's, which is not ours to stop. */
  readonly pid: number | undefined
  /** Ends it in an orderly way and removes its data. */
  stop(): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
  /** Starts it again on the same port and directory: with `appendonly` what was written is there again. */
  restart(): Promise<void>
}

/**
 * A real Redis on a free port: the redis-server on the PATH, installed from Debian's packages if need be and possible,
 * else the one REDIS_URL names (which cannot be killed, and is flushed first).
 */
export async function startRedis({ appendonly = false } = {}): Promise<TestRedis> {
  if (!findServer()) {
    const url = process.env.REDIS_URL
    if (url) return shared(url)
    throw new Error("these tests need Redis: install redis-server (apt-get install redis-server), or set REDIS_URL")
  }
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), "engram-redis-"))
  const url = `redis://127.0.0.1:${port}`
  const flags = [
    ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""],
    ...["--appendonly", appendonly ? "yes" : "no", "--appendfsync", "always"],
  ]
  let server = await launch(flags, url)
  // A test run that is interrupted takes its server with it.
  const killAtExit = () => server.kill("SIGKILL")
  process.once("exit", killAtExit)
  const end = async (signal: NodeJS.Signals) => {
    const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()))
    if (server.exitCode !== null || server.signalCode !== null) return
    server.kill("SIGCONT")
    server.kill(signal)
    await ended
  }
  return {
    url,
    get pid() {
      return server.pid
    },
    kill: () => end("SIGKILL"),
    restart: async () => {
      await end("SIGTERM")
      server = await launch(flags, url)
    },
    stop: async () => {
      await end("SIGTERM")
      process.off("exit", killAtExit)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function findServer(): boolean {
  if (isInstalled()) return true
  if (process.getuid?.() !== 0) return false
  const install = "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq redis-server"
  spawnSync("sh", ["-c", install], { stdio: "ignore", timeout: 120_000 })
  return isInstalled()
}

function isInstalled(): boolean {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

async function launch(flags: readonly string[], url: string): Promise<ChildProcess> {
  const server = spawn("redis-server", [...flags], { stdio: "ignore" })
  await waitUntil(`redis answers at ${url}`, () => answers(url))
  return server
}

async function answers(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
  client.on("error", () => {})
  try {
    await client.connect()
    return (await client.ping()) === "PONG"
  } catch {
    return false
  } finally {
    client.disconnect()
  }
}

async function shared(url: string): Promise<TestRedis> {
  const client = new Redis(url)
  await client.flushdb()
  client.disconnect()
  const refuse = async () => {
    throw new Error("this test stops Redis, which cannot be done to REDIS_URL's: install redis-server")
  }
  return { url, pid: undefined, stop: async () => {}, kill: refuse, restart: refuse }
}
