import { openRecordedDeliveries } from "@engram/platform/open-history"
import { sources } from "@engram/sources/registry"
import { ensureStore } from "@engram/store/ensure-store"
import { assertNotForgotten } from "@engram/store/forget/assert-not-forgotten"
import type { Command } from "commander"
import { callersPath } from "../callers-path.ts"
import type { Context } from "../context.ts"
import { addGithubImport } from "../import/import-github.ts"
import { addImportOptions, isDry, report, requestOf } from "../import/import-options.ts"
import { addWorkspaceImports } from "../import/import-workspace.ts"
import { type ImportOptions, runImport } from "../import/run-import.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { count } from "../words.ts"

export function addImport(program: Command, context: Context): void {
  const command = program
    .command("import")
    .description("Bring in what was there before the webhook. Safe to repeat, and beside live webhooks.")

  addGithubImport(command, context)
  addWorkspaceImports(command, context)

  addImportOptions(command.command("file"))
    .description("Recorded deliveries from a file: NDJSON, one request a line.")
    .argument("<path>", "lines of {source, headers, body or bodyBase64, receivedAt?}")
    .addHelpText(
      "after",
      `
Nobody's signature is checked: whoever imports a file vouches for it. A line that cannot be read is reported with its
number and left out, and the exit code is 1.

Example:
  engram import file recorded.ndjson --workspace acme --store main`,
    )
    .action((path: string, options: ImportOptions) => importFile(context, path, options))
}

const importFile = (context: Context, path: string, options: ImportOptions): Promise<void> =>
  withParts(context, async (parts) => {
    const { database, databaseUrl } = await openCommandDatabase(parts)
    const file = callersPath(context, path)
    const request = requestOf("file", file, options)
    const { workspaceId, storeId } = request
    const open = await openRecordedDeliveries({ path: file, sources })
    if (!options.dryRun) {
      await database.inWorkspace(workspaceId, async (tx) => {
        await assertNotForgotten(tx, workspaceId)
        await ensureStore(tx, { workspaceId, storeId, storeName: options.store })
      })
    }
    const dryRun = isDry(options)
    const imported = await runImport({ context, parts, database, databaseUrl, request, open, dryRun })
    report(context, options, { [file]: imported })
    if (imported.leftOut.length > 0) throw new Error(`${count(imported.leftOut.length, "line")} could not be read`)
  })
