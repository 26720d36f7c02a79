import type { Command } from "commander"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Context } from "../context.ts"
import { runDemo } from "../demo/run-demo.ts"
import { withParts } from "../open.ts"

export function addDemo(program: Command, context: Context): void {
  program
    .command("demo")
    .option("--json", "one JSON object")
    .action(async (options: { json?: true }) => {
      const dir = await mkdtemp(join(tmpdir(), "engram-demo-"))
      try {
        await withParts(context, async (parts) => {
          const config = { ...parts.config, dataDir: dir, ports: { ingest: 0, memory: 0, search: 0, worker: 0 } }
          const result = await runDemo({ ...parts, config }, (p) => {
            if (p.step !== "started") context.terminal.note(JSON.stringify(p))
          })
          context.terminal.print(JSON.stringify(result, null, options.json ? 0 : 2))
        })
      } finally {
        await rm(dir, { recursive: true, force: true })
      }
    })
}
