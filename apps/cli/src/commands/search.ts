import { type SearchHit, SearchRequest } from "@engram/contracts/search"
import { search } from "@engram/pipeline/search"
import { spokenNames } from "@engram/pipeline/spoken-names"
import { openEmbedders, openVectors } from "@engram/platform/open-ports"
import { sources } from "@engram/sources/registry"
import { createAccountNames } from "@engram/store/account-names"
import { createSearchIndex } from "@engram/store/search-index"
import { createStoreReport } from "@engram/store/store-report"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { openCommandDatabase, withParts } from "../open.ts"
import { list, moment, type PlaceOptions, pickStore, storeName, wholeNumber, workspaceName } from "../options.ts"
import { showHits } from "../show-hits.ts"

interface SearchOptions extends PlaceOptions {
  readonly limit: number
  readonly source?: readonly string[]
  readonly kind?: readonly string[]
  readonly since?: Date
  readonly until?: Date
  readonly json?: true
}

export function addSearch(program: Command, context: Context): void {
  program
    .command("search")
    .description(
      "Ask a store: full text and vectors, fused. Reads everything, private scopes too: it is the operator's.",
    )
    .argument("<query...>", "the question, or words of it")
    .option("--workspace <name>", "left out, the only one there is", workspaceName)
    .option("--store <name>", "left out, the only one there is", storeName)
    .option("--limit <n>", "how many hits, 1 to 100", wholeNumber(1, 100), 5)
    .option("--source <name>", "only of this source: github; repeatable", list)
    .option("--kind <kind>", "only this kind of document or observation: pull_request, merged; repeatable", list)
    .option("--since <time>", "only what occurred at or after: 2026-03-01, or 7d ago", moment)
    .option("--until <time>", "only what occurred at or before", moment)
    .option("--json", "print {query, hits} as JSON")
    .addHelpText("after", '\nExample:\n  engram search "why did we drop the old parser" --workspace acme --store main')
    .action((words: string[], options: SearchOptions) => ask(context, words.join(" "), options))
}

async function ask(context: Context, query: string, options: SearchOptions): Promise<void> {
  const request = requestOf(query, options)
  await withParts(context, async (parts) => {
    const { database } = await openCommandDatabase(parts)
    const store = await pickStore(createStoreReport({ database }), options)
    const run = search({
      search: createSearchIndex(database),
      embedderOf: openEmbedders(parts.config),
      index: await openVectors(parts.config, parts.lifecycle),
    })
    const spoken = spokenNames({ names: createAccountNames(database), sources })
    const hits: SearchHit[] = await spoken.hits(store.workspaceId, await run({ ...store, scopeIds: "all" }, request))
    const { terminal } = context
    if (options.json) terminal.print(JSON.stringify({ query: request.query, hits }))
    else terminal.print(hits.length === 0 ? "Nothing found." : showHits(terminal, request.query, hits))
  })
}

function requestOf(query: string, { limit, source, kind, since, until }: SearchOptions): SearchRequest {
  const parsed = SearchRequest.safeParse({
    query,
    limit,
    ...(source ? { sources: source } : {}),
    ...(kind ? { kinds: kind } : {}),
    ...(since ? { since: since.toISOString() } : {}),
    ...(until ? { until: until.toISOString() } : {}),
  })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UsageError(mistakes[String(issue?.path[0])] ?? "the question cannot be used")
}

const mistakes: { readonly [part: string]: string } = {
  query: "the query has to have 1 to 4000 characters",
  sources: "--source names none",
  kinds: "--kind names none",
}
