import { writeFileSync } from "node:fs"
import { storeId } from "@engram/core/ids"
import { createCallerVersions } from "@engram/pipeline/memories/versions"
import { createDatabase } from "@engram/store/database"
import { createMemoryLedger } from "@engram/store/memories/memory-ledger"
import { makeNamespaces } from "./figures/memory-commits.ts"
import { catchUp } from "./figures/memory-search.ts"
import { dimension, memoriesCount, memoryAt, vectorAt } from "./memories.ts"
import { createSite, workspaceId } from "./site.ts"

const withVec = process.argv[2] === "vec"
const site = await createSite()
process.once("SIGTERM", () => void site.close().finally(() => process.exit(0)))
const product = await site.product("postgres")
console.log(product.databaseUrl, product.dataDir)
writeFileSync(
  process.argv[3]!,
  JSON.stringify({
    databaseUrl: product.databaseUrl,
    dataDir: product.dataDir,
    pid: process.pid,
    directory: site.directory,
  }),
)
const memory = await product.memory()
await makeNamespaces(memory.url)
await memory.stop()
const place = { workspaceId, storeId: storeId(workspaceId, "memories") }
const ledger = createMemoryLedger(createDatabase(product.pool))
if (withVec) await createCallerVersions({ ledger, place }).ensure(dimension)
let t = performance.now()
for (let from = 0; from < memoriesCount; from += 250) {
  const ms = Array.from({ length: 250 }, (_, i) => memoryAt(from + i))
  await ledger.write(
    place,
    ms.map(
      ({ id, namespace, content }, i) =>
        ({
          kind: "fact",
          source: "agent",
          expiresAt: null,
          propagation: null,
          pin: null,
          id,
          namespace,
          content,
          embedding: withVec ? vectorAt(from + i) : null,
        }) as const,
    ),
  )
}
console.log("written", (performance.now() - t) / 1000)
t = performance.now()
await catchUp(product)
console.log("caught up", (performance.now() - t) / 1000)
setInterval(() => {}, 1000000)
