import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { createNightLedger } from "@engram/store/consolidation/night-ledger"
import { afterEach, expect, test } from "vitest"
import { examplePayloads } from "../examples.ts"
import { createSystem, type System } from "../system.ts"
import { createWorkbench } from "../workbench.ts"

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const main = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url))

/** `engram` in a process of its own. */
function run(system: System, ...args: string[]) {
  const env = { PATH: process.env.PATH, NO_COLOR: "1", NODE_NO_WARNINGS: "1", ...system.environment }
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ["ignore", "pipe", "pipe"] })
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (chunk) => (stdout += chunk))
  child.stderr.on("data", (chunk) => (stderr += chunk))
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, stdout, stderr })),
  )
}

test("consolidate counts, writes, says why it writes nothing, and builds days again; runs and status tell of it", async () => {
  const bench = await createWorkbench()
  closing.push(bench.close)
  await bench.accept(examplePayloads)
  await bench.drain()
  await bench.addStore("quiet", "main")
  const system = await createSystem({ EMBEDDING_DIMENSION: "64" }, { databaseUrl: bench.databaseUrl })
  closing.push(system.close)
  const ok = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(system, ...args)
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.anything() })
    return stdout
  }
  const json = async (...args: string[]) => JSON.parse(await ok(...args, "--json"))
  const summaries = () => system.rows("select id, written_at from memory_summaries order by id")

  const { plans } = await json("consolidate", "--workspace", "acme", "--dry-run")
  const nothing = { documents: 0, observations: 0, deliveries: 0 }
  const due = { clustersDue: expect.any(Number), profilesDue: expect.any(Number) }
  expect(plans).toEqual([{ workspaceId: "acme", ...due, retention: { state: "off", due: nothing } }])
  expect(plans[0].clustersDue).toBeGreaterThan(0)
  expect(await summaries()).toEqual([])
  expect(await json("runs")).toEqual({ runs: [] })

  const first = await ok("consolidate")
  expect(first).toMatch(/^acme: done in .*, wrote \d+ summar(?:y|ies)/)
  expect(first).toMatch(/quiet: done in .*, wrote nothing: Nothing has changed/)
  expect(first).toMatch(/read +\d+ observations?, \d+ with their texts/)
  expect(first).toMatch(/cost +\d+ calls? to the writer, \d+ calls? to embed/)
  const written = await summaries()
  expect(written.length).toBeGreaterThan(0)

  const again = await json("consolidate", "--workspace", "acme")
  expect(again.runs).toMatchObject([
    { workspaceId: "acme", run: { kind: "manual", state: "done", reason: "Nothing has changed since the last run." } },
  ])
  expect(await summaries()).toEqual(written)
  // The payloads are years old: the first night had them age, and the second found nothing more.
  expect(again.runs[0].steps).toMatchObject([
    { name: "age", result: { compressed: 0, tails: 0, restored: 0 } },
    { name: "retain", result: { state: "off", removed: {} } },
    { name: "refresh" },
    { name: "drop-archived" },
    { name: "evaluate" },
  ])
  expect(again.runs[0].steps[0].result.looked).toBeGreaterThan(0)
  const since = await json("consolidate", "--workspace", "acme", "--since", "2010-01-01")
  expect(since.runs[0].run.report.observationsRead).toBeGreaterThan(0)

  const { runs } = await json("runs", "--workspace", "acme")
  expect(runs).toHaveLength(3)
  expect(runs[2].report.summariesWritten).toBe(written.length)
  expect(await ok("runs", "--limit", "5")).toMatch(/acme +manual .* done .*nothing: Nothing has changed/)
  expect((await json("status")).lastRuns.map(({ workspaceId }: { workspaceId: string }) => workspaceId)).toEqual([
    "acme",
    "quiet",
  ])
  expect(await ok("status")).toMatch(/acme +manual, .* ago +done/)

  // The payloads are years old. What is told before is what is removed.
  const chosen = await json("workspace", "set", "acme", "--retention-days", "30")
  expect(chosen.retention).toMatchObject({ state: "on", due: { documents: expect.any(Number) } })
  expect(chosen.retention.due.documents).toBeGreaterThan(0)
  const dry = await json("consolidate", "--workspace", "acme", "--dry-run")
  expect(dry.plans).toMatchObject([{ retention: chosen.retention }])
  const inWords = await ok("consolidate", "--workspace", "acme", "--dry-run")
  expect(inWords).toMatch(/retention would remove\s.* \d+ documents, \d+ moments, the bytes of \d+ deliveries/s)
  expect(inWords).toContain("A run without --dry-run removes for good what retention would.")
  const applied = await json("consolidate", "--workspace", "acme")
  const retain = applied.runs[0].steps.find(({ name }: { name: string }) => name === "retain")
  expect(retain.result).toMatchObject({ state: "on", removed: chosen.retention.due })
  expect(await ok("consolidate", "--workspace", "acme", "--dry-run")).toMatch(
    /acme .* nothing\s+Nothing was changed\.\n/,
  )

  const busy = await createNightLedger(bench).alone("acme", () => run(system, "consolidate"))
  expect(busy).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("acme: another run is under way"),
    stderr: expect.stringContaining("not done: acme"),
  })
  expect(busy?.stdout).toContain("quiet: done")
  const wrong: [args: string[], words: string][] = [
    [["--workspace", "nobody"], "there is no workspace nobody"],
    [["--since", "last week"], "Expected a day like 2026-03-01"],
    [["--since", "2026-02-30"], "Expected a day like 2026-03-01"],
  ]
  for (const [args, words] of wrong) {
    expect(await run(system, "consolidate", ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(words) })
  }
}, 400_000)
