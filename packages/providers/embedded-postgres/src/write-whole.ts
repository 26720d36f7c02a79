import { renameSync, writeFileSync } from "node:fs"

/** Readers see the old content or the new, never half of it. */
export function writeWhole(path: string, content: string, mode: number): void {
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, content, { mode })
  renameSync(temporary, path)
}
