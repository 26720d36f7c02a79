import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { issue } from "../payloads.ts"
import { createWorkbench } from "../workbench.ts"

const dyingWorker = fileURLToPath(new URL("dying-worker.ts", import.meta.url))

test("a delivery that kills every worker that takes it is parked, and those beside it are read", async () => {
  const bench = await createWorkbench({ leaseMs: 1_000 })
  try {
    const others = [1, 2, 3].map((number) => issue({ number }))
    await bench.accept([...others, { key: "poison", event: "poison", payload: "{}", source: "poison" }])
    let deaths = 0
    for (let run = 0; run < 12; run++) {
      const worker = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", dyingWorker], {
        env: { PATH: process.env.PATH, DATABASE_URL: bench.databaseUrl, STORE_ID: bench.lane.storeId },
        stdio: ["ignore", "ignore", "inherit"],
      })
      const [code, signal] = await once(worker, "exit")
      if (signal === "SIGKILL") deaths++
      else if (code === 0) break
    }
    expect(deaths).toBe(5)
    const rows = await bench.rows("select delivery_key as key, state, reason from ingest_deliveries order by 1")
    expect(rows).toEqual([
      ...others.map(({ key }) => ({ key, state: "processed", reason: null })),
      { key: "poison", state: "parked", reason: expect.stringContaining("taken 5 times without an end") },
    ])
  } finally {
    await bench.close()
  }
}, 120_000)
