// usage: _drive.ts kept.json "search by query" count [profile dir]
import { readdirSync, readFileSync } from "node:fs"
import { startChild } from "./child.ts"
import { fileAt, workspaceId } from "./site.ts"

const { databaseUrl, dataDir } = JSON.parse(readFileSync(process.argv[2]!, "utf8"))
const work = process.argv[3] as "search by query"
const count = Number(process.argv[4] ?? 5000),
  from = 5000
const cpuOf = (path: string) => {
  try {
    const s = readFileSync(path, "utf8")
      .replace(/^.*\) /, "")
      .split(" ")
    return (Number(s[11]) + Number(s[12])) / 100
  } catch {
    return 0
  }
}
const root = process.env.PLUGIN_ROOT ?? "../../"
const child = startChild(fileAt(root + "apps/memory/src/main.ts"), {
  env: {
    DATABASE_URL: databaseUrl,
    ENGRAM_DATA_DIR: dataDir,
    ENGRAM_SECRET_KEY: "the bench's sealing key, 16 or more",
    INGEST_PORT: "0",
    WORKER_PORT: "0",
    NIGHTLY_PORT: "0",
    MEMORY_PORT: "0",
    SEARCH_PORT: "0",
    MEMORY_WORKSPACE: workspaceId,
    LOG_LEVEL: "info",
    ...(process.env.PROF ? { NODE_OPTIONS: "--cpu-prof --cpu-prof-dir=" + process.env.PROF } : {}),
  },
})
const line = await child.said("plugin")
const url = String(line.plugin)
const client = startChild(fileAt("./processes/memory-client.ts"))
const pidOf = (c: { pid?: number }) => (c as { pid: number }).pid
const threads = () =>
  Object.fromEntries(
    readdirSync(`/proc/${pidOf(child)}/task`).map((t) => [
      t + " " + readFileSync(`/proc/${pidOf(child)}/task/${t}/comm`, "utf8").trim(),
      cpuOf(`/proc/${pidOf(child)}/task/${t}/stat`),
    ]),
  )
const pgs = () => {
  const out: Record<string, number> = {}
  for (const p of readdirSync("/proc").filter((x) => /^\d+$/.test(x))) {
    try {
      const cmd = readFileSync(`/proc/${p}/cmdline`, "utf8")
      if (cmd.startsWith("postgres:")) out[p + " " + cmd.slice(0, 50).replace(/\0/g, "")] = cpuOf(`/proc/${p}/stat`)
    } catch {}
  }
  return out
}
const order = { url, work, from: 0, count, connections: Number(process.env.CONNS ?? 16) }
if (!process.env.COLD) await client.ask({ ...order, from, count: 500 } as never)
for (let round = 0; round < Number(process.env.ROUNDS ?? 1); round++) {
  const a = threads(),
    b = pgs(),
    c0 = cpuOf(`/proc/${pidOf(client)}/stat`)
  const served = await client.ask<any>({ ...order, from: process.env.STEP ? round * count : 0 } as never)
  const a2 = threads(),
    b2 = pgs()
  const d = (x: any, y: any) =>
    Object.entries(y)
      .map(([k, v]) => [k, (v as number) - (x[k] ?? 0)] as const)
      .filter(([, v]) => v > 0.05)
      .sort((p, q) => q[1] - p[1])
  console.log(
    "p50",
    served.p50Ms.toFixed(1),
    "p99",
    served.p99Ms.toFixed(1),
    "/s",
    served.perSecond.toFixed(0),
    "sec",
    served.seconds.toFixed(2),
    JSON.stringify(served.p99MsOf),
    JSON.stringify(served.statuses),
  )
  const per = (v: number) => ((v * 1000) / count).toFixed(3)
  const ta = d(a, a2),
    tb = d(b, b2)
  console.log(
    "ms/search: pg",
    per(tb.reduce((s, x) => s + x[1], 0)),
    "(",
    tb.length,
    "backends) plugin",
    ta.map(([k, v]) => k.replace(/^\d+ /, "") + " " + per(v)).join(", "),
    "client",
    per(cpuOf(`/proc/${pidOf(client)}/stat`) - c0),
    "total cores busy",
    (
      (tb.reduce((s, x) => s + x[1], 0) +
        ta.reduce((s, x) => s + x[1], 0) +
        cpuOf(`/proc/${pidOf(client)}/stat`) -
        c0) /
      served.seconds
    ).toFixed(2),
  )
}
await child.stop()
await client.stop()
