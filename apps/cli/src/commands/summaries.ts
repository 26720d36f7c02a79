import { type Topic, topics } from "@engram/contracts/consolidation"
import type { GraphReader } from "@engram/contracts/neighbourhood"
import { spokenNames } from "@engram/pipeline/spoken-names"
import { sources } from "@engram/sources/registry"
import { createAccountNames } from "@engram/store/account-names"
import { createSummaryDesk } from "@engram/store/consolidation/desk"
import { createGraphIndex } from "@engram/store/graph-index"
import { createStoreReport } from "@engram/store/store-report"
import { type Command, Option } from "commander"
import type { Context } from "../context.ts"
import { meantNode } from "../meant-node.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { pickWorkspace, wholeNumber, workspaceName } from "../options.ts"
import { showProfile, showSummaries } from "../show-summaries.ts"

interface SummariesOptions {
  readonly workspace?: string
  readonly topic?: Topic
  readonly limit: number
  readonly json?: true
}

export function addSummaries(program: Command, context: Context): void {
  program
    .command("summaries")
    .description(
      "What nights have summed up, with what each sentence rests on, and what an entity is about. Reads everything: it is the operator's.",
    )
    .argument("[entity]", "owner/repo, @login, an address, a key, an id, or an alias as type:value; left out, all")
    .option("--workspace <name>", "left out, the only one there is", workspaceName)
    .addOption(new Option("--topic <topic>", "only of this topic").choices([...topics]))
    .option("--limit <n>", "summaries shown, 1 to 100", wholeNumber(1, 100), 5)
    .option("--json", "print {summaries, profiles} as JSON")
    .addHelpText("after", "\nExample:\n  engram summaries octo/app --topic decisions --workspace acme")
    .action((entity: string | undefined, options: SummariesOptions) => show(context, entity, options))
}

async function show(context: Context, entity: string | undefined, options: SummariesOptions): Promise<void> {
  await withParts(context, async (parts) => {
    const { database } = await openCommandDatabase(parts)
    const workspaceId = await pickWorkspace(createStoreReport({ database }), options.workspace)
    const reader: GraphReader = { workspaceId, storeId: "all", scopeIds: "all" }
    const entityId = entity === undefined ? undefined : await meantNode(createGraphIndex(database), reader, entity)
    const desk = createSummaryDesk(database)
    const spoken = spokenNames({ names: createAccountNames(database), sources })
    const which = entityId === undefined ? {} : { entityId }
    const topic = options.topic && { topic: options.topic }
    const stored = await desk.summaries(workspaceId, { ...which, ...topic, max: options.limit })
    const found = {
      summaries: await spoken.summaries(workspaceId, stored),
      profiles: entityId === undefined ? [] : await desk.profiles(workspaceId, { entityId, max: options.limit }),
    }
    const { terminal } = context
    if (options.json) return terminal.print(JSON.stringify(found))
    const said = [
      ...found.profiles.map((profile) => showProfile(terminal, profile)),
      ...(found.summaries.length > 0 ? [showSummaries(terminal, found.summaries)] : []),
    ]
    terminal.print(said.length > 0 ? said.join("\n\n") : nothing(entity))
  })
}

const nothing = (entity: string | undefined): string =>
  entity === undefined
    ? "No summaries yet: the next night writes them, or `engram consolidate` now."
    : `Nothing is summed up of ${entity}: fewer than three observations of a topic in a week or month, or no night since.`
