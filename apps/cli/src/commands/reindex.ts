import { Rejected } from "@engram/contracts/errors"
import type { EmbeddingModel } from "@engram/contracts/ports"
import type { FamilyState, StoredVersion } from "@engram/contracts/versions"
import { embed } from "@engram/pipeline/embed"
import { keptUntil } from "@engram/pipeline/reindex/drop-archived"
import { type Reindexed, reindex } from "@engram/pipeline/reindex/reindex"
import type { ReindexProgress } from "@engram/pipeline/reindex/reindex-deps"
import { openPlatform } from "@engram/platform/platform"
import { createStoreReport, type ListedStore } from "@engram/store/store-report"
import { createVectorLedger } from "@engram/store/vector-ledger"
import { createVersionLedger } from "@engram/store/versions/version-ledger"
import { type Command, InvalidArgumentError } from "commander"
import type { Context } from "../context.ts"
import { UsageError } from "../explain-error.ts"
import { openCommandDatabase, type Parts, withParts } from "../open.ts"
import { type PlaceOptions, pickStore, storeName, workspaceName } from "../options.ts"
import { table } from "../table.ts"
import { count, duration } from "../words.ts"

interface ReindexCommandOptions extends PlaceOptions {
  readonly to?: EmbeddingModel
  readonly abandon?: true
  readonly recallMin: number
  readonly acceptRefused?: true
  readonly json?: true
}

export function addReindex(program: Command, context: Context): void {
  program
    .command("reindex")
    .description("Give a store another embedding model while everything goes on; without --to, show its versions.")
    .option("--to <provider:model:dimension>", "cohere:embed-v4.0:1024, local:local-hash-v1:256", modelName)
    .option("--workspace <name>", "left out, the only one there is", workspaceName)
    .option("--store <name>", "left out, the only one there is", storeName)
    .option("--recall-min <share>", "least recall@10 that the new index must have, 0 to 1", share, 0.95)
    .option("--accept-refused", "switch although the new model refuses texts that the old one takes")
    .option("--abandon", "give up the version that is being filled")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The new version is filled beside the one that answers, from what is in Postgres: texts embedded before with that model cost
nothing. Ingestion goes on and writes both, search goes on and reads the old one, until the new one is verified (what it wants, how
many vectors its index holds, recall against an exact comparison) and takes its place. Interrupted or killed, the same command goes
on. The old version is archived; an hour later, when nobody reads it any more, the night removes it. Until then --to goes back.

Every process that embeds or searches (worker, memory) needs the new model's key first: see docs/runbooks/change-the-embedding-model.md.

Examples:
  engram reindex --to cohere:embed-v4.0:1024 --workspace acme --store main
  engram reindex --workspace acme --store main`,
    )
    .action((options: ReindexCommandOptions) => run(context, options))
}

const run = (context: Context, options: ReindexCommandOptions): Promise<void> => {
  if (options.to && options.abandon) throw new UsageError("give one of --to and --abandon")
  return withParts(context, (parts) => {
    if (options.to) return change(context, parts, options, options.to)
    return options.abandon ? abandon(context, parts, options) : show(context, parts, options)
  })
}

async function change(
  context: Context,
  parts: Parts,
  options: ReindexCommandOptions,
  model: EmbeddingModel,
): Promise<void> {
  const platform = await openPlatform(parts.config, { ...parts, name: "reindex" })
  const { database, index, embedderOf, queue } = platform
  const store = await pickStore(createStoreReport({ database }), options)
  const place = { workspaceId: store.workspaceId, storeId: store.storeId }
  const turn = embed({
    ledger: createVectorLedger(database),
    ...{ embedderOf, index, log: parts.log, leaseMs: parts.config.workerLeaseMs },
  })
  const ledger = createVersionLedger(database)
  const changing = reindex({ ledger, index, embedderOf, turn, queue, log: parts.log })(place, model, {
    signal: context.stop,
    onProgress: follow(context),
    recallMin: options.recallMin,
    acceptRefused: options.acceptRefused === true,
  })
  // Interrupted, it ends after the turn it is in, so that the lane is free at once.
  parts.lifecycle.own(changing, (running) => running.catch(() => {}), "the reindexing")
  const done = await changing.catch((error) => {
    throw asUsage(error)
  })
  const { terminal } = context
  if (options.json) return terminal.print(JSON.stringify({ ...named(store), ...inJson(done) }))
  terminal.print(inWords(store, done))
  terminal.note(
    `The old version, ${name(done.archived.model)}, is kept until ${clock(keptUntil(done.archived))}; then the night removes it.`,
  )
}

async function abandon(context: Context, parts: Parts, options: ReindexCommandOptions): Promise<void> {
  const { database } = await openCommandDatabase(parts)
  const store = await pickStore(createStoreReport({ database }), options)
  const given = await createVersionLedger(database).abandon(store)
  if (given === undefined) throw new UsageError(`no version of ${label(store)} is being filled`)
  if (options.json) context.terminal.print(JSON.stringify({ ...named(store), abandoned: version(given) }))
  else
    context.terminal.print(
      `Gave up ${name(given.model)} for ${label(store)}; what was filled of it goes with the next night.`,
    )
}

async function show(context: Context, parts: Parts, options: ReindexCommandOptions): Promise<void> {
  const { database } = await openCommandDatabase(parts)
  const store = await pickStore(createStoreReport({ database }), options)
  const ledger = createVersionLedger(database)
  const versions = await Promise.all(
    (await ledger.list(store)).map(async (each) => ({
      ...version(each),
      families: await ledger.state(store, each.id),
    })),
  )
  const { terminal } = context
  if (options.json) return terminal.print(JSON.stringify({ ...named(store), versions }))
  if (versions.length === 0) return terminal.print(`${label(store)} has no vectors yet.`)
  const head = ["version", "status", "wanted", "written", "owed", "parked", "goes after"]
  const rows = versions.map(({ families, ...each }) => [
    ...[each.model, each.status],
    ...(["wanted", "written", "owed", "parked"] as const).map((what) => String(total(families, what))),
    each.keptUntil === undefined ? "" : clock(new Date(each.keptUntil)),
  ])
  terminal.print(table(terminal, head, rows))
}

/** A line that is replaced on a terminal; elsewhere a line for each step. */
function follow({ terminal }: Context): (progress: ReindexProgress) => void {
  let said = ""
  const started = performance.now()
  return ({ step, done, total: of, note }) => {
    const sofar = of > 0 && step !== "switching" ? ` ${done} of ${of}` : ""
    terminal.update(`${step}${sofar} (${duration(performance.now() - started)})${note ? `: ${note}` : ""}`)
    const line = note ? `${step}: ${note}` : `${step}…`
    if (!terminal.updates && line !== said) terminal.note(line)
    said = line
  }
}

/** What was asked for cannot be, whatever is tried again. */
const usage = new Set(["already_active", "another_canary", "embedder_missing", "dimension_unsupported", "no_version"])

const asUsage = (error: unknown): unknown =>
  error instanceof Rejected && usage.has(error.code) ? new UsageError(error.message, { cause: error }) : error

const named = ({ workspaceId, name: store }: ListedStore) => ({ workspace: workspaceId, store })
const label = ({ workspaceId, name: store }: ListedStore): string => `${workspaceId}/${store}`
const name = ({ provider, model, dimension }: EmbeddingModel): string =>
  [provider, model, dimension].filter((part) => part !== "").join(":")
const clock = (time: Date): string => `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`

const version = (each: StoredVersion) => ({
  id: each.id,
  model: name(each.model),
  status: each.status,
  index: each.indexName,
  createdAt: each.createdAt.toISOString(),
  ...(each.archivedAt ? { archivedAt: each.archivedAt.toISOString(), keptUntil: keptUntil(each).toISOString() } : {}),
})

const inJson = ({ begun, active, archived, families, verified }: Reindexed) => ({
  begun,
  active: version(active),
  archived: version(archived),
  families,
  verified,
})

function inWords(store: ListedStore, { active, families, verified }: Reindexed): string {
  const { vectors, sampled, recallAt10, refused } = verified
  const kinds = families.map(({ family, written }) => `${written} ${family}`).join(", ") || "nothing yet"
  const parked = refused === 0 ? "" : `; ${count(refused, "text")} refused`
  return `${label(store)} answers from ${name(active.model)}: ${kinds}. Verified: ${count(vectors, "vector")} in the index, ${sampled} asked for by name, recall@10 ${recallAt10.toFixed(3)}${parked}.`
}

const total = (families: readonly FamilyState[], what: "wanted" | "written" | "owed" | "parked"): number =>
  families.reduce((sum, each) => sum + each[what], 0)

function modelName(text: string): EmbeddingModel {
  const [, provider, model, dimension] = /^([a-z0-9-]+):([^:\s]+):(\d{1,5})$/.exec(text) ?? []
  if (provider && model && Number(dimension) > 0) return { provider, model, dimension: Number(dimension) }
  throw new InvalidArgumentError(
    "Expected provider:model:dimension, like cohere:embed-v4.0:1024 or local:local-hash-v1:512.",
  )
}

function share(text: string): number {
  const number = Number(text)
  if (text.trim() !== "" && number >= 0 && number <= 1) return number
  throw new InvalidArgumentError("Expected a number from 0 to 1.")
}
