import type { StoreId } from "@engram/contracts/ids"
import { sources } from "@engram/sources/registry"
import { createWorkbench } from "../workbench.ts"

/** A worker with a source whose payload ends the process, as one that exhausts its memory would. Exits with 0 when nothing is left. */
const github = sources.github!
const poison = {
  ...github,
  name: "poison",
  normalize: () => {
    process.kill(process.pid, "SIGKILL")
    // The signal is on its way: nothing after this line may run.
    for (;;);
  },
}
const { DATABASE_URL: databaseUrl, STORE_ID } = process.env
const lane = { workspaceId: "acme", storeId: STORE_ID as StoreId }
const bench = await createWorkbench({ databaseUrl: databaseUrl!, sources: { ...sources, poison }, leaseMs: 1_000 })
const left = "select 1 from ingest_deliveries where state = 'received'"
while ((await bench.rows(left)).length > 0) await bench.turn("normalize", lane)
await bench.close()
