import { randomUUID } from "node:crypto"
import { reasonOf } from "@engram/contracts/errors"
import type { ArtifactStore, Cache, Embedder, Lane, LaneQueue, Log, Stage, TurnEnd, VectorIndex } from "@engram/contracts/ports"
import type { Source } from "@engram/contracts/source"
import type { SweepTotals } from "@engram/contracts/vectors"
import { chunkLimits } from "@engram/core/chunk/chunk"
import { announce, type KnowledgeEvent } from "@engram/pipeline/announce"
import { archive } from "@engram/pipeline/archive"
import { embed } from "@engram/pipeline/embed"
import { type NormalizeLimits, normalize } from "@engram/pipeline/normalize"
import { openStore } from "@engram/pipeline/open-store"
import { persist } from "@engram/pipeline/persist"
import { sweep } from "@engram/pipeline/sweep"
import { createArchiveLedger } from "@engram/store/archive-ledger"
import type { Database } from "@engram/store/database"
import { createDeliveryDesk } from "@engram/store/delivery-desk"
import { createKnowledge } from "@engram/store/knowledge"
import { createSweepLedger } from "@engram/store/sweep-ledger"
import { createVectorLedger } from "@engram/store/vector-ledger"

export interface FleetDeps {
  readonly database: Database
  readonly queue: LaneQueue
  readonly sources: Readonly<Record<string, Source>>
  readonly artifacts: ArtifactStore
  readonly embedder: Embedder
  readonly index: VectorIndex
  readonly cache: Cache
  readonly log: Log
  readonly meters: FleetMeters
  /** Which stages this process runs, and how many turns of each at a time. */
  readonly stages: readonly Stage[]
  readonly concurrency: number
  readonly normalizeLimits?: NormalizeLimits
  readonly sweepEveryMs?: number
}

/** What is measured; the numbers go to `/metrics`. */
export interface FleetMeters {
  embedded(call: { readonly texts: number; readonly textsMax: number; readonly ms: number }): void
  searchable(document: { readonly acceptedAt: number }): void
  totals(totals: SweepTotals): void
  event(event: KnowledgeEvent): void
}

export const normalizeLimits: NormalizeLimits = {
  rowsMax: 64,
  bytesMax: 16 * 1024 * 1024,
  leaseMs: 60_000,
  attemptsMax: 5,
}

/** A crash, or a queue that was away, is made up for within this time. */
const sweepEveryMs = 5_000

/** Runs the stages and the sweep until closed; closing lets running turns finish. */
export async function startFleet(deps: FleetDeps): Promise<{ close(): Promise<void> }> {
  const turns = createTurns(deps)
  const runs = await Promise.all(deps.stages.map((stage) => deps.queue.run(stage, deps.concurrency, turns[stage])))
  const stopSweep = sweepRegularly(deps)
  return {
    close: async () => {
      await stopSweep()
      await Promise.all(runs.map((run) => run.close()))
    },
  }
}

function createTurns(deps: FleetDeps): Record<Stage, (lane: Lane) => Promise<TurnEnd>> {
  const { database, queue, artifacts, embedder, log, meters } = deps
  const vectors = createVectorLedger(database)
  return {
    normalize: normalize({
      ...deps,
      desk: createDeliveryDesk(database),
      open: openStore({ ledger: vectors, model: embedder.model }),
      persist: persist({ knowledge: createKnowledge(database), chunkLimits }),
      announce: announce({ cache: deps.cache, emit: (event) => meters.event(event), log }),
      queue,
      limits: deps.normalizeLimits ?? normalizeLimits,
    }),
    embed: embed({
      ...deps,
      ledger: vectors,
      holder: randomUUID(),
      onEmbedded: (call) => meters.embedded(call),
      onSearchable: (document) => meters.searchable(document),
    }),
    archive: archive({ ledger: createArchiveLedger(database), artifacts }),
  }
}

/** One sweep at a time, each begun some time after the last has ended. Returns how to stop. */
function sweepRegularly({ database, queue, log, meters, ...deps }: FleetDeps): () => Promise<void> {
  const run = sweep({ ledger: createSweepLedger(database), queue, log, onTotals: (totals) => meters.totals(totals) })
  const everyMs = deps.sweepEveryMs ?? sweepEveryMs
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  const once = async (): Promise<void> => {
    await run().catch((error) => log.warn({ reason: reasonOf(error) }, "sweep failed"))
    if (!stopped) timer = setTimeout(start, everyMs)
  }
  const start = (): void => {
    running = once()
  }
  start()
  return async () => {
    stopped = true
    clearTimeout(timer)
    await running
  }
}
