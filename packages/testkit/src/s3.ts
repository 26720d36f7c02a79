import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { freePort } from "./free-port.ts"
import { waitUntil } from "./wait-until.ts"

export interface TestS3 {
  readonly endpoint: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** kill -9; what was stored is there again after `restart`. */
  kill(): Promise<void>
  restart(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

/**
 * A real S3-speaking server (s3rver) in a process of its own on a free port. It knows one access key, and does not
 * verify version 4 signatures.
 */
export async function startS3({ bucket = "engram" } = {}): Promise<TestS3> {
  const program = join(dirname(createRequire(import.meta.url).resolve("s3rver/package.json")), "bin", "s3rver.js")
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), "engram-s3-"))
  const endpoint = `http://127.0.0.1:${port}`
  const where = ["--directory", directory, "--address", "127.0.0.1", "--port", String(port)]
  const flags = [...where, "--silent", "--configure-bucket", bucket]

  const launch = async (): Promise<ChildProcess> => {
    // Its tokens for the next page are made with DES, which OpenSSL 3 keeps among what is outdated.
    const server = spawn(process.execPath, ["--no-deprecation", "--openssl-legacy-provider", program, ...flags], {
      stdio: "ignore",
    })
    await waitUntil(`s3 answers at ${endpoint}`, () => answers(`${endpoint}/${bucket}`))
    return server
  }
  let server = await launch()
  const killAtExit = () => server.kill("SIGKILL")
  process.once("exit", killAtExit)
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()))
    server.kill("SIGKILL")
    await ended
  }
  return {
    endpoint,
    bucket,
    // The one pair that s3rver knows.
    accessKeyId: "S3RVER",
    secretAccessKey: "S3RVER",
    kill,
    restart: async () => {
      await kill()
      server = await launch()
    },
    stop: async () => {
      await kill()
      process.off("exit", killAtExit)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { method: "HEAD" })).status < 500
  } catch {
    return false
  }
}
