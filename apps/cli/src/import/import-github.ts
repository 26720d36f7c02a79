import type { Imported } from "@engram/pipeline/import-history"
import { githubKinds, openGithubHistory } from "@engram/platform/open-history"
import { type Command, InvalidArgumentError } from "commander"
import type { Context } from "../context.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { moment, oneOf } from "../options.ts"
import { type TokenOptions, tokenFor } from "./import-connection.ts"
import { addImportOptions, isDry, nameOf, report, requestOf } from "./import-options.ts"
import { runImport } from "./run-import.ts"

interface GithubOptions extends TokenOptions {
  readonly repo: readonly string[]
  readonly only?: readonly (typeof githubKinds)[number][]
}

export function addGithubImport(command: Command, context: Context): void {
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
}

const importGithub = (context: Context, options: GithubOptions): Promise<void> =>
  withParts(context, async (parts) => {
    const { database, databaseUrl } = await openCommandDatabase(parts)
    const setting = { name: "GITHUB_TOKEN", value: parts.config.github.token }
    const token = await tokenFor({ context, parts, database }, { source: "github", name: "GitHub", setting }, options)
    const kinds = options.only ?? githubKinds
    const repositories = [...new Set(options.repo.map((name) => name.toLowerCase()))]
    const done: Record<string, Imported> = {}
    for (const repository of repositories) {
      const what = nameOf(repository, options.only)
      const open = await openGithubHistory({ config: parts.config, token, repository, kinds })
      const request = requestOf("github", what, options)
      done[what] = await runImport({ context, parts, database, databaseUrl, request, open, dryRun: isDry(options) })
    }
    report(context, options, done)
  })

function repository(text: string, earlier: readonly string[] = []): string[] {
  if (/^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(text)) return [...earlier, text]
  throw new InvalidArgumentError("Expected owner/name, like octo-org/hello-world.")
}
