import { reasonOf } from "@engram/contracts/errors"
import type { EvaluationLedger, EvaluationRun, ListedQuery } from "@engram/contracts/evaluation"
import { SearchRequest } from "@engram/contracts/search"
import { evalQueryId } from "@engram/core/ids"
import { evaluate } from "@engram/pipeline/evaluation/evaluate"
import { newRunId } from "@engram/pipeline/evaluation/evaluation-turn"
import { openBoard, openEmbedder, openVectors } from "@engram/platform/open-ports"
import { createEvaluationLedger } from "@engram/store/evaluation/evaluation-ledger"
import { createSearchIndex } from "@engram/store/search-index"
import { createStoreReport, type ListedStore } from "@engram/store/store-report"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { openCommandDatabase, type Parts, withParts } from "../open.ts"
import { type PlaceOptions, pickStore, pickWorkspace, storeName, wholeNumber, workspaceName } from "../options.ts"
import { dropInWords, figuresTable, historyTable } from "../show-evaluation.ts"
import { table } from "../table.ts"
import { count, cut } from "../words.ts"

interface Options extends PlaceOptions {
  readonly json?: true
}

/** So many questions are asked of a store, every hour at most. */
const queriesMax = 500

export function addEval(program: Command, context: Context): void {
  const evaluation = program
    .command("eval")
    .description("How well a store answers: questions with known answers, asked by a worker now and then, and by hand.")
  const command = (name: string, words: string, json: string, example: string): Command =>
    evaluation
      .command(name)
      .description(words)
      .option("--workspace <name>", "left out, the only one there is", workspaceName)
      .option("--json", `print ${json} as JSON`)
      .addHelpText("after", `\nExample:\n  engram eval ${example}`)
  const inStore = (name: string, words: string, json: string, example: string): Command =>
    command(name, words, json, example).option("--store <name>", "left out, the only one there is", storeName)

  inStore(
    "add",
    "Keep a question and the document that answers it.",
    "{id, added, documentId, title}",
    'add "why did we drop the old parser" --expect https://github.com/acme/web/pull/118',
  )
    .argument("<query...>", "the question, as somebody would ask it")
    .requiredOption("--expect <document>", "its id (doc_…), its URL, or source:id")
    .action((words: string[], options: Options & { expect: string }) => add(context, words.join(" "), options))
  inStore("list", "The questions, and what should answer each.", "{queries}", "list").action((options: Options) =>
    list(context, options),
  )
  command("remove", "Ask a question no more. What was measured with it stays.", "{id}", "remove evq_1f2e3d4c5b6a7988")
    .argument("<id>", "as `engram eval list` shows it: evq_…")
    .action((id: string, options: Options) => remove(context, id, options))
  inStore(
    "run",
    "Ask all of them now, look at the summaries, and compare with the last run.",
    "{run, last}",
    "run --json",
  ).action((options: Options) => runNow(context, options))
  inStore("history", "What the runs came to, the newest first.", "{runs}", "history --limit 50")
    .option("--limit <n>", "how many runs, 1 to 1000", wholeNumber(1, 1_000), 20)
    .action((options: Options & { limit: number }) => history(context, options))
}

interface At {
  readonly parts: Parts
  readonly store: ListedStore
  readonly ledger: EvaluationLedger
  readonly database: Awaited<ReturnType<typeof openCommandDatabase>>["database"]
}

const withStore = (context: Context, options: Options, work: (at: At) => Promise<void>): Promise<void> =>
  withParts(context, async (parts) => {
    const { database } = await openCommandDatabase(parts)
    const store = await pickStore(createStoreReport({ database }), options)
    await work({ parts, store, database, ledger: createEvaluationLedger(database) })
  })

const add = (context: Context, text: string, options: Options & { readonly expect: string }): Promise<void> => {
  const asked = SearchRequest.safeParse({ query: text })
  if (!asked.success) throw new UsageError(`the question cannot be used: ${asked.error.issues[0]?.message}`)
  const { query } = asked.data
  return withStore(context, options, async ({ store, ledger }) => {
    const place = `${store.workspaceId}/${store.name}`
    const found = await ledger.documentsNamed(store, options.expect)
    const [document] = found
    if (document === undefined) {
      throw new UsageError(`${place} has no document ${options.expect}; \`engram search --json\` shows their ids`)
    }
    if (found.length > 1) {
      throw new UsageError(
        `several documents go by ${options.expect}: name one by its id, ${found.map(({ id }) => id).join(", ")}`,
      )
    }
    if (!document.live) throw new UsageError(`${options.expect} was removed at its source, so no search can find it`)
    const id = evalQueryId(store.storeId, query, document.id)
    const outcome = await ledger.add(store, { id, query, documentId: document.id }, queriesMax)
    if (outcome === "too many") {
      throw new Error(`${place} has ${queriesMax} questions, the most there may be; \`engram eval remove\` some first`)
    }
    const { terminal } = context
    const added = outcome === "added"
    if (options.json) terminal.print(JSON.stringify({ id, added, documentId: document.id, title: document.title }))
    else terminal.print(`${id}: ${added ? "kept" : "was there already"}; expects "${cut(document.title, 80)}"`)
  })
}

const list = (context: Context, options: Options): Promise<void> =>
  withStore(context, options, async ({ store, ledger }) => {
    const queries = await ledger.queries(store)
    const { terminal } = context
    if (options.json) return terminal.print(JSON.stringify({ queries }))
    if (queries.length === 0) return terminal.print(noQueries)
    const rows = queries.map(({ id, query, title, live }) => [id, cut(query, 60), live ? cut(title, 50) : "(gone)"])
    terminal.print(table(terminal, ["id", "question", "expects"], rows))
  })

const remove = (context: Context, id: string, options: Options): Promise<void> =>
  withParts(context, async (parts) => {
    const { database } = await openCommandDatabase(parts)
    const workspaceId = await pickWorkspace(createStoreReport({ database }), options.workspace)
    const gone = await createEvaluationLedger(database).remove(workspaceId, id)
    if (!gone) throw new UsageError(`${workspaceId} has no question ${id}; \`engram eval list\` shows them`)
    context.terminal.print(options.json ? JSON.stringify({ id }) : `${id}: removed`)
  })

const runNow = (context: Context, options: Options): Promise<void> =>
  withStore(context, options, async ({ parts, store, ledger, database }) => {
    const measure = evaluate({
      ledger,
      search: createSearchIndex(database),
      embedder: await openEmbedder(parts.config),
      index: await openVectors(parts.config, parts.lifecycle),
    })
    const queries = await ledger.queries(store)
    const [last] = await ledger.runs(store, 1)
    const run = await measure(store, { id: newRunId(), startedBy: "operator", now: Date.now() })
    const { terminal } = context
    if (run === undefined) throw new Error(`there is nothing to measure: ${noQueries}`)
    await show(parts, store, ledger, run)
    if (options.json) return terminal.print(JSON.stringify({ run, last: last ?? null }))
    terminal.print(runInWords(context, run, last, queries))
  })

/** As a worker's turn would; one of those sends it later where this fails. */
async function show({ config, log }: Parts, store: ListedStore, ledger: EvaluationLedger, run: EvaluationRun) {
  const board = await openBoard(config)
  if (board === undefined) return
  await board
    .send(run)
    .then(() => ledger.sent(store, run.id))
    .catch((error) =>
      log.warn({ reason: reasonOf(error) }, "evaluation not sent to its board; a worker sends it later"),
    )
}

const history = (context: Context, options: Options & { readonly limit: number }): Promise<void> =>
  withStore(context, options, async ({ store, ledger }) => {
    const runs = await ledger.runs(store, options.limit)
    const { terminal } = context
    if (options.json) return terminal.print(JSON.stringify({ runs }))
    terminal.print(runs.length === 0 ? "No run yet; `engram eval run` makes one." : historyTable(terminal, runs))
  })

const noQueries = 'No question is kept; `engram eval add "…" --expect <document>` keeps one.'

function runInWords(
  { terminal }: Context,
  run: EvaluationRun,
  last: EvaluationRun | undefined,
  queries: readonly ListedQuery[],
): string {
  const rankOf = new Map(run.results.map(({ queryId, rank }) => [queryId, rank]))
  const lastOf = new Map(last?.results.map(({ queryId, rank }) => [queryId, rank]))
  const inWords = (rank: number | null | undefined): string =>
    rank === undefined ? "" : rank === null ? "not in 10" : String(rank)
  const rows = queries.map(({ id, query, title, live }) => [
    live ? inWords(rankOf.get(id)) : "gone",
    inWords(lastOf.get(id)),
    cut(query, 60),
    cut(title, 50),
  ])
  return [
    ...(rows.length === 0 ? [] : [table(terminal, ["rank", "last", "question", "expects"], rows), ""]),
    figuresTable(terminal, run, last),
    ...(run.skipped === 0 ? [] : ["", `Left out: ${count(run.skipped, "question")} whose document is gone.`]),
    ...run.drops.map((drop) => terminal.style("red", dropInWords(drop))),
  ].join("\n")
}
