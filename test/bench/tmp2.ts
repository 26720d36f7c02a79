import { startChild } from "./child.ts"
import { indexed } from "./figures/index-load.ts"
import { createSite, fileAt } from "./site.ts"

const site = await createSite()
const product = await site.product("redis")
const pool = product.pool
for (const s of [
  "session_preload_libraries=auto_explain",
  "auto_explain.log_min_duration=40",
  "auto_explain.log_analyze=on",
  "auto_explain.log_timing=off",
  "log_lock_waits=on",
]) {
  const [k, v] = s.split("=")
  await pool.query(`alter system set ${k}=${v}`)
}
await pool.query("select pg_reload_conf()")
const ingest = await product.ingest()
const sender = startChild(fileAt("./processes/sender.ts"))
const s = await sender.ask<any>({
  url: ingest.url,
  path: product.path,
  count: Number(process.argv[2] ?? 1500),
  connections: 32,
})
console.log(s)
await ingest.stop()
const t = performance.now()
const worker = await product.worker()
await indexed(product)
console.log("seconds", (performance.now() - t) / 1000)
await worker.stop()
await sender.stop()
const { execSync } = await import("node:child_process")
console.log(
  execSync("cp $(ls -td /tmp/engram-bench-*/pg.log | head -1) /tmp/bench-pg.log; ls -la /tmp/bench-pg.log").toString(),
)
await product.close()
await site.close()
