import { execSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { measureBackfill } from "./figures/memory-backfill.ts"
import { createSite } from "./site.ts"

const site = await createSite()
process.once("SIGTERM", () => void site.close().finally(() => process.exit(0)))
const product = await site.product("postgres")
if (process.env.GIN)
  await product.pool.query(`alter index memory_records_words set (gin_pending_list_limit=${process.env.GIN})`)
const cpu = (pid: string) => {
  try {
    const s = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ")
    return (Number(s[11]) + Number(s[12])) / 100
  } catch {
    return 0
  }
}
const seen = new Map<string, [string, number]>()
const look = () => {
  for (const line of execSync(
    "ps -eo pid,args | grep -E 'postgres: |apps/memory/src/main|apps/cli/src/main.ts backfill' | grep -v grep",
  )
    .toString()
    .split("\n")
    .filter(Boolean)) {
    const m = /^\s*(\d+) (.*)$/.exec(line)!
    if (m[2]!.startsWith("postgres:") && !/bench_[123]|walwriter|checkpoint|background/.test(m[2]!)) continue
    const c = cpu(m[1]!)
    seen.set(m[1]!, [m[2]!.slice(0, 60), Math.max(c, seen.get(m[1]!)?.[1] ?? 0)])
  }
}
const t = setInterval(look, 300)
look()
const base = new Map([...seen].map(([k, v]) => [k, v[1]]))
console.log(await measureBackfill(site, product))
clearInterval(t)
for (const [pid, [name, c]] of seen)
  if (c - (base.get(pid) ?? 0) > 0.3) console.log(pid, (c - (base.get(pid) ?? 0)).toFixed(1), name)
await product.close()
await site.close()
