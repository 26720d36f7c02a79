import { readdirSync, readFileSync } from "node:fs"

/** Clock ticks a second on every Linux that Node runs on. */
const ticksPerSecond = 100

/** Seconds of processor time that a server has used so far, with all its processes, and those that have ended. */
export function serverCpuSeconds(pid: number): number {
  const own = statOf(pid)
  if (own === undefined) throw new Error(`there is no process ${pid}`)
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? [])
    .filter(({ parent }) => parent === pid)
  return (own.ticks + own.ofEnded + children.reduce((sum, { ticks }) => sum + ticks, 0)) / ticksPerSecond
}

/** Seconds of processor time that this process has used so far. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function statOf(pid: number): { parent: number; ticks: number; ofEnded: number } | undefined {
  try {
    // The name, in brackets, may hold spaces; see proc_pid_stat(5).
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")
      .map(Number)
    return { parent: fields[1]!, ticks: fields[11]! + fields[12]!, ofEnded: fields[13]! + fields[14]! }
  } catch {
    return undefined
  }
}
