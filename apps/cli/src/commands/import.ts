import { resolve } from "node:path"
import { secretKeyOf } from "@engram/config/secret-key"
import type { Connection } from "@engram/contracts/deliveries"
import type { ImportRequest } from "@engram/contracts/history"
import { storeId as deriveStoreId } from "@engram/core/ids"
import type { Imported } from "@engram/pipeline/import-history"
import { githubKinds, openGithubHistory, openRecordedDeliveries } from "@engram/platform/open-history"
import { sources } from "@engram/sources/registry"
import { createConnectionAdmin, ensureStore } from "@engram/store/connections"
import { createSealer } from "@engram/store/sealing"
import { type Command, InvalidArgumentError } from "commander"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { type ImportOptions, importedInWords, runImport } from "../import/run-import.ts"
import { openCommandDatabase, type Parts, withParts } from "../open.ts"
import { moment, oneOf, storeName, workspaceName } from "../options.ts"
import { count } from "../words.ts"

interface GithubOptions extends ImportOptions {
  readonly repo: readonly string[]
  readonly only?: readonly (typeof githubKinds)[number][]
  readonly token?: string
}

export function addImport(program: Command, context: Context): void {
  const command = program
    .command("import")
    .description("Bring in what was there before the webhook. Safe to repeat, and beside live webhooks.")

  addImportOptions(command.command("github"))
    .description("A repository's issues, pull requests, reviews, comments, releases, discussions and CODEOWNERS.")
    .requiredOption("--repo <owner/name>", "the repository; repeatable", repository)
    .option("--only <kinds>", `of ${githubKinds.join(", ")}; repeatable`, oneOf(githubKinds))
    .option("--since <time>", "what changed at or after: 2026-03-01, or 30d ago", moment)
    .option("--token <text>", "what to ask GitHub with (default: GITHUB_TOKEN, or the connection's); - reads it")
    .addHelpText(
      "after",
      `
Run again, it asks for what changed since it finished; interrupted, it goes on where it was. --restart forgets both.
A dry run makes the same requests: about one for 100 things, and two for each pull request. Closings and reopenings before
the last are found among everything that happened to issues; --only leaves them out.

Examples:
  engram import github --repo octo-org/hello-world --workspace acme --store main --dry-run
  gh auth token | engram import github --repo octo-org/hello-world --workspace acme --store main --token -`,
    )
    .action((options: GithubOptions) => importGithub(context, options))

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

const addImportOptions = (command: Command): Command =>
  command
    .requiredOption("--workspace <name>", "the tenant; made if missing", workspaceName)
    .requiredOption("--store <name>", "the collection in it; made if missing", storeName)
    .option("--dry-run", "fetch and count, and write nothing")
    .option("--restart", "begin anew, whatever earlier runs did")
    .option("--json", "print one JSON object")

const importGithub = (context: Context, options: GithubOptions): Promise<void> =>
  withParts(context, async (parts) => {
    const { database, databaseUrl } = await openCommandDatabase(parts)
    const admin = createConnectionAdmin({ database, sealer: createSealer(await secretKeyOf(parts.config)) })
    const place = { workspaceId: options.workspace, storeName: options.store, source: "github" }
    const connection = options.dryRun ? await admin.find(place) : await admin.create(place)
    const token = await tokenOf(context, parts, options.token, connection)
    const kinds = options.only ?? githubKinds
    const repositories = [...new Set(options.repo.map((name) => name.toLowerCase()))]
    const done: Record<string, Imported> = {}
    for (const repository of repositories) {
      const what = options.only ? `${repository} ${[...new Set(kinds)].sort().join(",")}` : repository
      const open = await openGithubHistory({ config: parts.config, token, repository, kinds })
      const request = requestOf("github", what, options)
      done[what] = await runImport({ context, parts, database, databaseUrl, request, open, dryRun: isDry(options) })
    }
    report(context, options, done)
  })

const importFile = (context: Context, path: string, options: ImportOptions): Promise<void> =>
  withParts(context, async (parts) => {
    const { database, databaseUrl } = await openCommandDatabase(parts)
    const file = resolve(path)
    const request = requestOf("file", file, options)
    const { workspaceId, storeId } = request
    if (!options.dryRun) {
      await database.inWorkspace(workspaceId, (tx) =>
        ensureStore(tx, { workspaceId, storeId, storeName: options.store }),
      )
    }
    const open = await openRecordedDeliveries({ path: file, sources })
    const dryRun = isDry(options)
    const imported = await runImport({ context, parts, database, databaseUrl, request, open, dryRun })
    report(context, options, { [file]: imported })
    if (imported.leftOut.length > 0) throw new Error(`${count(imported.leftOut.length, "line")} could not be read`)
  })

const isDry = ({ dryRun }: ImportOptions): boolean => dryRun === true

const requestOf = (
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

async function tokenOf(
  context: Context,
  { config }: Parts,
  given: string | undefined,
  connection: Connection | undefined,
): Promise<string> {
  const said = given === "-" ? (await context.readInput()).trim() : given
  const token = said ?? config.github.token ?? connection?.credentials.token
  if (token) return token
  throw new UsageError(
    "GitHub's API needs a token: give --token, set GITHUB_TOKEN, or keep one with `engram connect github … --token`",
  )
}

function report({ terminal }: Context, options: ImportOptions, done: { readonly [what: string]: Imported }): void {
  const dryRun = isDry(options)
  const imports = Object.entries(done)
  const inJson = () => JSON.stringify({ dryRun, imports: imports.map(([what, each]) => ({ what, ...each })) })
  const inWords = () => imports.map(([what, each]) => importedInWords(what, each, dryRun)).join("\n")
  terminal.print(options.json ? inJson() : inWords())
}

function repository(text: string, earlier: readonly string[] = []): string[] {
  if (/^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(text)) return [...earlier, text]
  throw new InvalidArgumentError("Expected owner/name, like octo-org/hello-world.")
}
