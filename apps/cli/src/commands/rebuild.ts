import { setTimeout as wait } from "node:timers/promises"
import type { Stage } from "@engram/contracts/ports"
import { cachePrefixes } from "@engram/pipeline/cache-keys"
import { rebuildQueue } from "@engram/pipeline/rebuild/queue"
import {
  type RebuildVectorsDeps,
  type RebuiltVersion,
  rebuildVectors,
  vectorsLeft,
} from "@engram/pipeline/rebuild/vectors"
import { openPlatform, type Platform } from "@engram/platform/platform"
import { createRebuildLedger, createVectorBeliefs } from "@engram/store/reconcile-ledger"
import { createStoreReport } from "@engram/store/store-report"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import { createVectorLedger } from "@engram/store/vector-ledger"
import type { Command } from "commander"
import type { Context } from "../context.ts"
import { Interrupted, UsageError } from "../explain-error.ts"
import { type Parts, withParts } from "../open.ts"
import { type PlaceOptions, pickPlaces, storeName, workspaceName } from "../options.ts"
import { progressOn } from "../progress.ts"
import { count, sum, tally } from "../words.ts"

interface RebuildOptions extends PlaceOptions {
  readonly vectors?: true
  readonly caches?: true
  readonly queue?: true
  readonly restart?: true
  /** False with --no-wait. */
  readonly wait: boolean
  readonly json?: true
}

interface Rebuilt {
  readonly queue?: Partial<Record<Stage, number>>
  readonly caches?: { readonly removed: number; readonly isShared: boolean }
  readonly vectors?: { readonly versions: readonly RebuiltVersion[]; readonly left: number }
}

const lookEveryMs = 500
/** A worker writes every second while it has something to write. */
const stillMs = 30_000

export function addRebuild(program: Command, context: Context): void {
  program
    .command("rebuild")
    .description("Make again what was lost, or is not to be trusted, from Postgres and the artifacts.")
    .option("--vectors", "empty the index and write every vector again, from kept values: nothing is embedded")
    .option("--caches", "drop what is cached; it fills again as it is read")
    .option("--queue", "wake every lane that has work due")
    .option("--workspace <name>", "with --vectors: of this workspace; of all unless it is said", workspaceName)
    .option("--store <name>", "with --vectors: of this store of it", storeName)
    .option("--restart", "with --vectors: begin anew, also where an earlier run is not over")
    .option("--no-wait", "with --vectors: do not wait until workers have written them")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Workers write the vectors; until they have, full text answers and vectors answer with what is there. Interrupted, workers go
on, and the same command follows them; killed before the index was empty, it begins again.

Examples:
  engram rebuild --vectors --workspace acme --store main
  engram rebuild --caches --queue`,
    )
    .action((options: RebuildOptions) => rebuild(context, options))
}

const rebuild = (context: Context, options: RebuildOptions): Promise<void> =>
  withParts(context, async (parts) => {
    if (!options.vectors && !options.caches && !options.queue)
      throw new UsageError("say what: --vectors, --caches, --queue (see --help)")
    if (!options.vectors && (options.workspace ?? options.store ?? options.restart) !== undefined)
      throw new UsageError("--workspace, --store and --restart go with --vectors")
    const platform = await openPlatform(parts.config, { ...parts, name: "rebuild" })
    const rebuilt: Rebuilt = {
      ...(options.caches ? { caches: await dropCaches(parts, platform) } : {}),
      ...(options.queue
        ? { queue: await rebuildQueue({ ...platform, ledger: createSweepLedger(platform.database) }) }
        : {}),
      ...(options.vectors ? { vectors: await fillAgain(context, parts, platform, options) } : {}),
    }
    context.terminal.print(options.json ? JSON.stringify(rebuilt) : inWords(rebuilt))
  })

async function dropCaches({ config }: Parts, { cache }: Platform): Promise<NonNullable<Rebuilt["caches"]>> {
  const isShared = config.upstash !== undefined || config.redisUrl !== undefined
  return { removed: await cache.clear(cachePrefixes), isShared }
}

async function fillAgain(
  context: Context,
  { config, log }: Parts,
  platform: Platform,
  options: RebuildOptions,
): Promise<NonNullable<Rebuilt["vectors"]>> {
  const { database } = platform
  const deps: RebuildVectorsDeps = {
    ...platform,
    log,
    ledger: createRebuildLedger(database),
    beliefs: createVectorBeliefs(database),
    leases: createVectorLedger(database),
    leaseMs: config.workerLeaseMs,
  }
  const versions: RebuiltVersion[] = []
  const restart = options.restart === true
  for (const place of await pickPlaces(createStoreReport({ database }), options)) {
    versions.push(...(await rebuildVectors(deps, { ...place, restart })))
  }
  const left = options.wait ? await follow(context, deps, versions) : await vectorsLeft(deps, versions)
  return { versions, left }
}

/** Until all are written. Says so when nobody seems to write. */
async function follow(
  { terminal, stop }: Context,
  deps: RebuildVectorsDeps,
  versions: readonly RebuiltVersion[],
): Promise<number> {
  const progress = progressOn(terminal)
  const all = sum(Object.fromEntries(versions.map(({ versionId, vectors }) => [versionId, vectors])))
  let last = { left: Number.POSITIVE_INFINITY, at: performance.now() }
  for (;;) {
    const left = await vectorsLeft(deps, versions)
    if (left === 0) return 0
    if (left < last.left) last = { left, at: performance.now() }
    progress(`${count(all - left, "vector")} of ${all} written`)
    if (performance.now() - last.at > stillMs) {
      last = { left, at: performance.now() }
      terminal.note(`${left} of ${all} are left and nothing was written for ${stillMs / 1_000} s: is a worker running?`)
    }
    await wait(lookEveryMs)
    if (stop.aborted) throw new Interrupted("interrupted; workers go on, and the same command follows them")
  }
}

function inWords({ caches, queue, vectors }: Rebuilt): string {
  const lines: string[] = []
  if (caches)
    lines.push(
      caches.isShared
        ? `Caches: ${count(caches.removed, "entry", "entries")} dropped.`
        : "Caches: each process keeps its own, in memory; a process that starts again starts empty.",
    )
  if (queue) lines.push(`Queue: ${sum(queue) === 0 ? "no lane has work due." : `lanes woken: ${tally(queue)}.`}`)
  if (vectors) lines.push(...vectors.versions.filter((each) => each.vectors > 0 || each.resumed).map(versionLine))
  if (vectors)
    lines.push(vectors.left === 0 ? "Vectors: all are written." : `Vectors: ${vectors.left} are left to workers.`)
  return lines.join("\n")
}

const versionLine = ({ workspaceId, store, model, resumed, vectors }: RebuiltVersion): string =>
  `Vectors of ${workspaceId}/${store} (${model || "callers'"}): ${count(vectors, "vector")}${resumed ? ", begun by an earlier run" : ""}.`
