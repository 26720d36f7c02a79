import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as pause } from "node:timers/promises"

const lockedCode = 5

/**
 * Runs `work` while no other process does so for this directory. The lock is a file lock held through SQLite: the
 * kernel frees it when its owner dies, so there is no stale lock to break. Waits until `deadline` (ms since the epoch).
 */
export async function withStartLock<T>(root: string, deadline: number, work: () => Promise<T>): Promise<T> {
  const file = new DatabaseSync(join(root, "pg.lock"), { timeout: 0 })
  try {
    while (!tryLock(file)) {
      if (Date.now() > deadline) throw new Error(`another process has been starting Postgres in ${root} for too long`)
      await pause(50)
    }
    return await work()
  } finally {
    file.close()
  }
}

function tryLock(file: DatabaseSync): boolean {
  try {
    file.exec("BEGIN EXCLUSIVE")
    return true
  } catch (error) {
    if ((error as { errcode?: number }).errcode === lockedCode) return false
    throw error
  }
}
