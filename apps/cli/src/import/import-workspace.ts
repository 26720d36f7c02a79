import type { Config } from "@engram/config/config"
import type { History } from "@engram/contracts/history"
import {
  linearKinds,
  openLinearHistory,
  openNotionHistory,
  openSlackHistory,
  slackKinds,
} from "@engram/platform/open-history"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { moment, oneOf } from "../options.ts"
import { type Asking, type TokenOptions, tokenFor } from "./import-connection.ts"
import { addImportOptions, isDry, nameOf, report, requestOf } from "./import-options.ts"
import { runImport } from "./run-import.ts"

interface KindOptions<Kind extends string> extends TokenOptions {
  readonly only?: readonly Kind[]
}
type Open = (asked: {
  readonly config: Config
  readonly token: string
}) => Promise<(since: Date | undefined) => History>

const again = "Run again, it asks for what changed since it finished; interrupted, it goes on where it was."

/** The imports of a whole workspace: what the token sees of it. */
export function addWorkspaceImports(command: Command, context: Context): void {
  withToken(command.command("linear"), "Linear")
    .description(
      "A workspace's teams, people, projects, initiatives, cycles, documents and issues with their comments.",
    )
    .option("--only <kinds>", `of ${linearKinds.join(", ")}; repeatable`, oneOf(linearKinds))
    .addHelpText(
      "after",
      `
${again} Of private teams comes what
the token's owner sees; it is private here too, to keys that were granted its team (engram keys create --scope).

Examples:
  engram import linear --workspace acme --store main --token lin_api_… --dry-run
  engram import linear --workspace acme --store main --only issues,comments --since 30d`,
    )
    .action((options: KindOptions<(typeof linearKinds)[number]>) =>
      importWorkspace(context, { source: "linear", name: "Linear" }, options, (asked) =>
        openLinearHistory({ ...asked, kinds: options.only ?? linearKinds }),
      ),
    )

  const usual = slackKinds.filter((kind) => kind !== "direct")
  withToken(command.command("slack"), "Slack")
    .description("A workspace's people, and what was said in the channels that the token sees, with all threads.")
    .option("--only <kinds>", `of ${slackKinds.join(", ")}; repeatable (default: all but direct)`, oneOf(slackKinds))
    .addHelpText(
      "after",
      `
${again} Of what was said
up to 90 days before --since, edits and new replies are found too. A channel that the app is not in is named and left out.

Examples:
  engram import slack --workspace acme --store main --token xoxb-… --dry-run
  engram import slack --workspace acme --store main --only public,private --since 2026-01-01`,
    )
    .action((options: KindOptions<(typeof slackKinds)[number]>) =>
      importWorkspace(context, { source: "slack", name: "Slack" }, options, (asked) =>
        openSlackHistory({ ...asked, kinds: options.only ?? usual }),
      ),
    )

  withToken(command.command("notion"), "Notion")
    .description(
      "Which pages, databases and people an integration sees; a worker then reads each, three requests a second.",
    )
    .addHelpText(
      "after",
      `
${again} A page that a worker has
read since it was edited is not read again. The worker needs the token too: one that is given here is kept with the connection.

Examples:
  engram import notion --workspace acme --store main --token ntn_… --dry-run
  engram import notion --workspace acme --store main --since 7d`,
    )
    .action((options: TokenOptions) =>
      importWorkspace(context, { source: "notion", name: "Notion", keepsToken: true }, options, openNotionHistory),
    )
}

const withToken = (command: Command, name: string): Command =>
  addImportOptions(command)
    .option("--since <time>", "what changed at or after: 2026-03-01, or 30d ago", moment)
    .option("--token <text>", `what to ask ${name} with (default: the connection's); - reads it`)

const importWorkspace = (
  context: Context,
  asking: Asking,
  options: KindOptions<string>,
  openHistory: Open,
): Promise<void> =>
  withParts(context, async (parts) => {
    const { database, databaseUrl } = await openCommandDatabase(parts)
    const token = await tokenFor({ context, parts, database }, asking, options)
    const open = await openHistory({ config: parts.config, token })
    const what = nameOf(asking.source, options.only)
    const request = requestOf(asking.source, what, options)
    const dryRun = isDry(options)
    const imported = await runImport({ context, parts, database, databaseUrl, request, open, dryRun })
    report(context, options, { [what]: imported })
  })
