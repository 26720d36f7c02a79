import { mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs"
import { join } from "node:path"

const memory = "/dev/shm"
const bytesMin = 4_000_000_000
const ours = /^engram-tests-(\d+)$/

/**
 * Has this process and those it starts keep temporary files in memory, where the system has 4 GB for it: copying a database there
 * costs 25 ms of processor, on a disk 150 to 400 (measured). Tests kill processes and never the machine, so what a process has
 * written is there in both. TMPDIR, if set, is left as it is. Returns what removes it all.
 */
export function keepScratchInMemory(): () => void {
  if (process.env.TMPDIR || !isRoomy()) return () => {}
  for (const name of readdirSync(memory)) {
    const [, pid] = ours.exec(name) ?? []
    if (pid && !isAlive(Number(pid))) rmSync(join(memory, name), { recursive: true, force: true })
  }
  const directory = join(memory, `engram-tests-${process.pid}`)
  // Postgres may run as a user of its own, who passes through.
  mkdirSync(directory, { recursive: true, mode: 0o711 })
  process.env.TMPDIR = directory
  return () => {
    delete process.env.TMPDIR
    rmSync(directory, { recursive: true, force: true })
  }
}

function isRoomy(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory)
    return process.platform === "linux" && bavail * bsize >= bytesMin
  } catch {
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}
