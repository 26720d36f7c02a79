import { lstat, stat, unlink } from "node:fs/promises"
import { connect } from "node:net"
import { dirname } from "node:path"
import type { Config } from "@engram/config/config"
import type { PluginAddress } from "./app.ts"

/**
 * Where the plugin listens: its unix socket where one is set, else a port of its host. It knows no users, so an address that
 * other machines can reach needs MEMORY_PUBLIC=true beside it.
 */
export async function addressOf({ memory, ports }: Pick<Config, "memory" | "ports">): Promise<PluginAddress> {
  if (memory.socket !== undefined) {
    await requireDirectory(memory.socket)
    await clearSocket(memory.socket)
    return { path: memory.socket }
  }
  if (!memory.public && !isLoopback(memory.host)) {
    throw new Error(
      `MEMORY_HOST is ${memory.host}, which other machines can reach, and the memory plugin knows no users: set MEMORY_PUBLIC=true if its network is private, or leave MEMORY_HOST out`,
    )
  }
  return { host: memory.host, port: ports.memory }
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host)

/** Listening where there is none fails as if it were forbidden. */
async function requireDirectory(path: string): Promise<void> {
  const directory = dirname(path)
  const found = await stat(directory).catch(({ code }: NodeJS.ErrnoException) => code)
  const isMissing = found === "ENOENT" || found === "ENOTDIR" || (typeof found === "object" && !found.isDirectory())
  if (isMissing) throw new Error(`MEMORY_SOCKET is ${path}, and there is no directory ${directory}: make it first`)
}

/** A socket that a killed process left behind is in the way; one that somebody listens on is theirs, also when they are too busy to answer. */
async function clearSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (!found?.isSocket()) return
  const failure = await connecting(path)
  if (failure === "ECONNREFUSED") await unlink(path)
  else if (failure !== undefined && failure !== "ENOENT") {
    throw new Error(
      `MEMORY_SOCKET is ${path}, where something may be listening (${failure}): stop it, or remove the file if nothing does`,
    )
  }
}

/** Why nobody can be reached there; undefined when somebody can. */
function connecting(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy()
      resolve(undefined)
    })
    probe.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? "unknown"))
  })
}
