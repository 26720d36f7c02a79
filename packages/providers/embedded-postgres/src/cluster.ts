import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { chownSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Rejected, reasonOf } from "@engram/contracts/errors"
import type { Identity } from "./identity.ts"
import { user } from "./running-server.ts"
import { writeWhole } from "./write-whole.ts"

/**
 * Makes the data directory `root/pg` with a new password in `root/pg.password` (0600), unless it exists. It appears
 * whole or not at all: a crash leaves a `pg.init-*` folder that the next call removes. Call under the start lock.
 */
export function initialise(root: string, initdb: string, identity: Identity): void {
  if (existsSync(join(root, "pg", "PG_VERSION"))) return
  for (const left of readdirSync(root)) {
    if (left.startsWith("pg.init-")) rmSync(join(root, left), { recursive: true, force: true })
  }
  const password = randomBytes(18).toString("base64url")
  writeWhole(join(root, "pg.password"), password, 0o600)

  // Named anew each time: the initdb of a killed process may still be writing to the former one.
  const folder = join(root, `pg.init-${randomBytes(4).toString("hex")}`)
  const data = join(folder, "data")
  const passwordFile = join(folder, "password")
  mkdirSync(data, { recursive: true, mode: 0o700 })
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  if (identity.owner) {
    for (const path of [folder, data, passwordFile]) chownSync(path, identity.owner.uid, identity.owner.gid)
  }
  runInitdb(initdb, identity, data, passwordFile)
  renameSync(data, join(root, "pg"))
  rmSync(folder, { recursive: true, force: true })
}

function runInitdb(initdb: string, identity: Identity, data: string, passwordFile: string): void {
  // The builtin C.UTF-8 folds the case of every script, sorts by code point and needs no locale of the machine's.
  const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
  const access = [`--username=${user}`, `--pwfile=${passwordFile}`, "--auth=scram-sha-256"]
  const { program, args } = identity.command(initdb, ["-D", data, ...access, ...locale])
  try {
    execFileSync(program, args, { ...identity.spawn, stdio: "pipe", cwd: "/", timeout: 120_000 })
  } catch (error) {
    const words = String((error as { stderr?: Buffer }).stderr ?? "").trim() || reasonOf(error)
    throw new Rejected("postgres_unavailable", `cannot make a Postgres data directory in ${data}: ${words}`, {
      cause: error,
    })
  }
}
