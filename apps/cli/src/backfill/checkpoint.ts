import { createHash } from "node:crypto"
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { MemoryUuid } from "@engram/contracts/memories"
import type { LegacyPosition } from "@engram/store/legacy-memories"
import { z } from "zod"
import type { Failed } from "./apply.ts"

const Saved = z.object({
  createdAt: z.string(),
  id: MemoryUuid,
  // Files of runs that stopped before failures were kept have neither.
  failedRows: z.number().default(0),
  failures: z.array(z.object({ id: z.string(), reason: z.string() })).default([]),
})

/** Where an unfinished run stopped, and what had failed by then. There is a file only while a run is unfinished, so a run after a finished one does everything again. */
export interface Checkpoint {
  readonly file: string
  read(): Promise<(LegacyPosition & Failed) | undefined>
  save(position: LegacyPosition, failed: Failed): Promise<void>
  clear(): Promise<void>
}

/** One per legacy database, plugin and workspace chosen. */
export function createCheckpoint(dataDir: string, run: readonly (string | undefined)[]): Checkpoint {
  const name = createHash("sha256").update(JSON.stringify(run)).digest("hex").slice(0, 16)
  const folder = join(dataDir, "backfill")
  const file = join(folder, `${name}.json`)
  return {
    file,
    async read() {
      const text = await readFile(file, "utf8").catch(() => undefined)
      if (text === undefined) return undefined
      const saved = Saved.safeParse(parse(text))
      return saved.success ? saved.data : undefined
    },
    async save({ createdAt, id }, { failedRows, failures }) {
      await mkdir(folder, { recursive: true })
      await writeFile(`${file}.next`, JSON.stringify({ createdAt, id, failedRows, failures }))
      await rename(`${file}.next`, file)
    },
    clear: () => rm(file, { force: true }),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
