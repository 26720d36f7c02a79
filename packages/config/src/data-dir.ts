import { existsSync, mkdirSync } from "node:fs"
import { dirname } from "node:path"
import type { Config } from "./config.ts"

/** Makes the data directory and the parents it lacks, unless it exists. Processes may do so at once. */
export function makeDataDir({ dataDir }: Pick<Config, "dataDir">): void {
  try {
    makeFolder(dataDir)
  } catch (error) {
    const words = `cannot make the data directory ${dataDir}: ${(error as Error).message}; set ENGRAM_DATA_DIR to one that can be made`
    throw new Error(words, { cause: error })
  }
}

/** Parents one by one: where a parent exists and takes no folder, as /proc, Node's own `recursive` tries for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  if (dirname(path) !== path) makeFolder(dirname(path))
  try {
    mkdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
  }
}
