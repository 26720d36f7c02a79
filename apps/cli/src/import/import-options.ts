import type { ImportRequest } from "@engram/contracts/history"
import { storeId as deriveStoreId } from "@engram/core/ids"
import type { Imported } from "@engram/pipeline/import-history"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { storeName, workspaceName } from "../options.ts"
import { type ImportOptions, importedInWords } from "./run-import.ts"

/** What every import may be told. */
export const addImportOptions = (command: Command): Command =>
  command
    .requiredOption("--workspace <name>", "the tenant; made if missing", workspaceName)
    .requiredOption("--store <name>", "the collection in it; made if missing", storeName)
    .option("--dry-run", "fetch and count, and write nothing")
    .option("--restart", "begin anew, whatever earlier runs did")
    .option("--json", "print one JSON object")

export const isDry = ({ dryRun }: ImportOptions): boolean => dryRun === true

export const requestOf = (
  source: string,
  what: string,
  { workspace, store, since, restart }: ImportOptions,
): ImportRequest => ({
  workspaceId: workspace,
  storeId: deriveStoreId(workspace, store),
  ...{ source, what },
  ...(since ? { since } : {}),
  ...(restart ? { restart } : {}),
})

/** The name of an import's progress: of some kinds it is another than of all. */
export const nameOf = (what: string, only: readonly string[] | undefined): string =>
  only ? `${what} ${[...new Set(only)].sort().join(",")}` : what

export function report(
  { terminal }: Context,
  options: ImportOptions,
  done: { readonly [what: string]: Imported },
): void {
  const dryRun = isDry(options)
  const imports = Object.entries(done)
  const inJson = () => JSON.stringify({ dryRun, imports: imports.map(([what, each]) => ({ what, ...each })) })
  const inWords = () => imports.map(([what, each]) => importedInWords(what, each, dryRun)).join("\n")
  terminal.print(options.json ? inJson() : inWords())
}
