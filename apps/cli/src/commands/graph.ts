import type { GraphReader } from "@engram/contracts/neighbourhood"
import { hopsMax, neighbourhood } from "@engram/pipeline/neighbourhood"
import { spokenNames } from "@engram/pipeline/spoken-names"
import { openCache } from "@engram/platform/open-ports"
import { sources } from "@engram/sources/registry"
import { createAccountNames } from "@engram/store/account-names"
import { createGraphIndex } from "@engram/store/graph-index"
import { createStoreReport } from "@engram/store/store-report"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { meantNode } from "../meant-node.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { pickWorkspace, wholeNumber, workspaceName } from "../options.ts"
import { showNeighbourhood } from "../show-neighbourhood.ts"

interface GraphOptions {
  readonly workspace?: string
  readonly hops: number
  readonly limit: number
  readonly json?: true
}

export function addGraph(program: Command, context: Context): void {
  program
    .command("graph")
    .description("Who and what stands around a thing, and what says so. Reads everything: it is the operator's.")
    .argument("<entity>", "owner/repo#12, ENG-123, owner/repo, @login, an address, an id, or an alias as type:value")
    .option("--workspace <name>", "left out, the only one there is", workspaceName)
    .option("--hops <n>", `how many edges far, 1 to ${hopsMax}`, wholeNumber(1, hopsMax), 1)
    .option(
      "--limit <n>",
      "neighbours shown, 1 to 200; of those further away a quarter as many",
      wholeNumber(1, 200),
      20,
    )
    .option("--json", "print {root, nodes, edges, cut} as JSON")
    .addHelpText("after", "\nExample:\n  engram graph octo/app#12 --hops 2 --workspace acme")
    .action((entity: string, options: GraphOptions) => draw(context, entity, options))
}

async function draw(context: Context, entity: string, options: GraphOptions): Promise<void> {
  await withParts(context, async (parts) => {
    const { database } = await openCommandDatabase(parts)
    const workspaceId = await pickWorkspace(createStoreReport({ database }), options.workspace)
    const reader: GraphReader = { workspaceId, storeId: "all", scopeIds: "all" }
    const deps = { graph: createGraphIndex(database), cache: await openCache(parts.config, parts) }
    const root = await meantNode(deps.graph, reader, entity)
    const reach = { hops: options.hops, neighboursMax: options.limit }
    const around = await neighbourhood(deps)(reader, root, reach)
    if (around === undefined) throw new UsageError(`${entity} is no longer there`)
    const found = await spokenNames({ names: createAccountNames(database), sources }).neighbourhood(workspaceId, around)
    const { terminal } = context
    terminal.print(options.json ? JSON.stringify({ root, ...found }) : showNeighbourhood(terminal, found))
  })
}
