import { type SpawnOptions, spawnSync } from "node:child_process"
import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { Rejected, reasonOf } from "@engram/contracts/errors"
import { writeWhole } from "./write-whole.ts"

/**
 * As whom the server runs. Postgres refuses to run as root, and initdb refuses a user without a passwd entry.
 *
 * | mode             | when                          | files belong to |
 * |------------------|-------------------------------|-----------------|
 * | `self`           | an ordinary user              | that user       |
 * | `user-namespace` | root, or a user without entry | the caller      |
 * | `postgres-user`  | root without user namespaces  | `postgres`      |
 *
 * The mode is recorded beside the data, because another one could not read its files.
 */
export interface Identity {
  readonly mode: "self" | "user-namespace" | "postgres-user"
  /** The program and arguments that run `program` as this identity. */
  command(program: string, args: readonly string[]): { program: string; args: string[] }
  readonly spawn: Pick<SpawnOptions, "uid" | "gid">
  /** Who must own the files the server reads; undefined when the caller's own files will do. */
  readonly owner: { uid: number; gid: number } | undefined
}

/** The identity recorded in `root`, or the first that can run `postgres` there. Throws `Rejected` in words when none can. */
export function chooseIdentity(root: string, postgres: string): Identity {
  const file = join(root, "pg.mode")
  const recorded = existsSync(file) ? readFileSync(file, "utf8").trim() : undefined
  const tried: string[] = []
  for (const identity of candidates()) {
    if (recorded && identity.mode !== recorded) continue
    const problem = whyNot(identity, root, postgres)
    if (!problem) {
      if (!recorded) writeWhole(file, identity.mode, 0o644)
      return identity
    }
    tried.push(`${identity.mode}: ${problem}`)
  }
  const before = recorded ? ` The data there was made in the mode "${recorded}" and can only be used so.` : ""
  throw new Rejected(
    "postgres_unavailable",
    `the embedded Postgres cannot run in ${root} as this user.${before} ${tried.join("; ") || "No such mode is open to this user."} Use the user that made it, choose a data directory that the user "postgres" can reach (not below /root), or set DATABASE_URL`,
  )
}

function candidates(): Identity[] {
  const users = passwdUsers()
  const uid = process.getuid?.() ?? -1
  const self: Identity = { mode: "self", command: plain, spawn: {}, owner: undefined }
  const found: Identity[] = []
  if (uid !== 0 && (users.length === 0 || users.some((user) => user.uid === uid))) found.push(self)
  const alias = users.find((user) => user.uid === 1000) ?? users.find((user) => user.uid !== 0)
  if (alias) found.push(inUserNamespace(alias.uid))
  const postgres = users.find((user) => user.name === "postgres")
  if (uid === 0 && postgres) {
    const { uid, gid } = postgres
    found.push({ mode: "postgres-user", command: plain, spawn: { uid, gid }, owner: { uid, gid } })
  }
  return found
}

const plain: Identity["command"] = (program, args) => ({ program, args: [...args] })

/** `unshare` execs the program, so the process id it starts with is the server's. */
function inUserNamespace(uid: number): Identity {
  const command: Identity["command"] = (program, args) => ({
    program: "unshare",
    args: ["-U", `--map-user=${uid}`, `--map-group=${uid}`, program, ...args],
  })
  return { mode: "user-namespace", command, spawn: {}, owner: undefined }
}

/** Undefined when the identity can enter `root` and run the server from there. */
function whyNot(identity: Identity, root: string, postgres: string): string | undefined {
  const uid = process.getuid?.()
  if (identity.mode === "self" && statSync(root).uid !== uid) return `${root} belongs to user ${statSync(root).uid}`
  const { program, args } = identity.command("/bin/sh", ["-c", 'cd "$1" && exec "$2" --version', "sh", root, postgres])
  const result = spawnSync(program, args, { ...identity.spawn, encoding: "utf8", timeout: 10_000 })
  if (result.error) return reasonOf(result.error)
  return result.status === 0 ? undefined : result.stderr.trim() || `exit ${result.status}`
}

function passwdUsers(): { name: string; uid: number; gid: number }[] {
  if (!existsSync("/etc/passwd")) return []
  const lines = readFileSync("/etc/passwd", "utf8").split("\n")
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(":")
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })
}
