import { randomBytes } from "node:crypto"
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { assertArtifactKey, assertArtifactPrefix } from "@engram/contracts/artifact-key"
import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { ArtifactStore, StoredArtifact } from "@engram/contracts/ports"

/** No key may begin with a dot, so no artifact can be mistaken for one of these. */
const temporaryFolder = ".tmp"
const abandonedAfterMs = 3_600_000
/** Listed at once. */
const pageMax = 1_000

/**
 * Artifacts as files below `root`, which is made when it is first written to. A reader sees a whole artifact or none;
 * what `put` has resolved survives a power cut (file and folders are synced). Any number of processes may share it.
 */
export function createFileArtifacts(root: string): ArtifactStore {
  const pathOf = (key: string): string => {
    assertArtifactKey(key)
    return join(root, ...key.split("/"))
  }

  return {
    put: async (key, bytes) => {
      const path = pathOf(key)
      await translated(path, () => writeDurably(root, path, bytes))
    },
    get: async (key) => {
      const path = pathOf(key)
      return translated(path, () => readFile(path).catch(absent))
    },
    remove: async (key) => {
      const path = pathOf(key)
      await translated(path, () => rm(path).catch(absent))
    },
    stat: async (key) => {
      const path = pathOf(key)
      return translated(path, () => statOf(path, key))
    },
    list: async function* (prefix) {
      assertArtifactPrefix(prefix)
      const page: StoredArtifact[] = []
      for await (const found of walk(root, prefix)) {
        page.push(found)
        if (page.length === pageMax) yield page.splice(0)
      }
      if (page.length > 0) yield page
    },
    check: async () => {
      const path = join(root, temporaryFolder, `check-${randomBytes(6).toString("hex")}`)
      await translated(path, async () => {
        await removeAbandoned(root)
        await writeDurably(root, path, new Uint8Array([1]))
        await rm(path)
      })
    },
  }
}

/** Key order: a folder sorts with the slash that follows its name. */
async function* walk(root: string, prefix: string): AsyncGenerator<StoredArtifact> {
  const folder = join(root, ...prefix.split("/"))
  const entries = await translated(folder, () => readdir(folder, { withFileTypes: true }).catch(absent))
  const names = (entries ?? []).map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
  for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
    const key = `${prefix}${name}`
    if (name.endsWith("/")) yield* walk(root, key)
    else {
      const path = join(folder, name)
      const found = await translated(path, () => statOf(path, key))
      if (found) yield found
    }
  }
}

async function statOf(path: string, key: string): Promise<StoredArtifact | undefined> {
  const found = await stat(path).catch(absent)
  return found?.isFile() ? { key, bytes: found.size, modifiedAt: found.mtime } : undefined
}

async function writeDurably(root: string, path: string, bytes: Uint8Array): Promise<void> {
  await makeFolder(join(root, temporaryFolder))
  await makeFolder(dirname(path))
  const temporary = join(root, temporaryFolder, randomBytes(12).toString("hex"))
  try {
    const file = await open(temporary, "wx", 0o640)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** A new folder is durable when its parent is synced. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o750 })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A process that dies while it writes leaves its temporary file. */
async function removeAbandoned(root: string): Promise<void> {
  const folder = join(root, temporaryFolder)
  const names = await readdir(folder).catch(absent)
  for (const name of names ?? []) {
    const found = await stat(join(folder, name)).catch(absent)
    if (found && Date.now() - found.mtimeMs > abandonedAfterMs) await rm(join(folder, name), { force: true })
  }
}

function absent(error: unknown): undefined {
  const code = (error as NodeJS.ErrnoException).code
  if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR" || code === "ERR_FS_EISDIR") return undefined
  throw error
}

/** The file system's answers in our words: full or busy is later, forbidden is never. */
async function translated<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ""
    const message = `artifact file ${path}: ${reasonOf(error)}`
    if (["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "EIO", "EBUSY"].includes(code)) {
      throw new RetryLater(message, { afterMs: 30_000, cause: error })
    }
    if (["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "EISDIR"].includes(code)) {
      throw new Rejected("artifacts_unwritable", `${message}. Make the folder writable for this user`, { cause: error })
    }
    throw error
  }
}
