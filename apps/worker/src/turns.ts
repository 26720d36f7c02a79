import type { Connections } from "@engram/contracts/deliveries"
import type { EvaluationBoard, EvaluationRun } from "@engram/contracts/evaluation"
import type { Hydrator, Settling } from "@engram/contracts/fetches"
import type {
  ArtifactStore,
  Cache,
  Embedder,
  EmbedderOf,
  Lane,
  LaneQueue,
  Log,
  Stage,
  TurnEnd,
  VectorIndex,
} from "@engram/contracts/ports"
import type { Source } from "@engram/contracts/source"
import type { SweepTotals } from "@engram/contracts/vectors"
import { chunkLimits } from "@engram/core/chunk/chunk"
import { announce, type KnowledgeEvent } from "@engram/pipeline/announce"
import { archive } from "@engram/pipeline/archive"
import { embed } from "@engram/pipeline/embed"
import { evaluateWhatIsPersisted } from "@engram/pipeline/evaluation/ask-for-evaluation"
import { evaluationTurn } from "@engram/pipeline/evaluation/evaluation-turn"
import { type HydrateLimits, hydrate, hydrateLimits } from "@engram/pipeline/hydrate"
import { type NormalizeLimits, normalize } from "@engram/pipeline/normalize"
import { openStore } from "@engram/pipeline/open-store"
import { persist } from "@engram/pipeline/persist"
import { createArchiveLedger } from "@engram/store/archive-ledger"
import { createDatabase, type Database } from "@engram/store/database"
import { createDeliveryDesk } from "@engram/store/delivery-desk"
import { createEvaluationLedger } from "@engram/store/evaluation/evaluation-ledger"
import { createFetchLedger } from "@engram/store/fetch-ledger"
import { createKeyedHash } from "@engram/store/keyed-hash"
import { createKnowledge } from "@engram/store/knowledge"
import { createSearchIndex } from "@engram/store/search-index"
import { createVectorLedger } from "@engram/store/vector-ledger"
import { createPrivacyOf } from "@engram/store/workspace-settings"
import { createRedactorOf } from "./redactor-of.ts"

export interface TurnDeps {
  readonly database: Database
  readonly queue: Pick<LaneQueue, "wake">
  readonly sources: Readonly<Record<string, Source>>
  readonly artifacts: ArtifactStore
  /** Of what a store gets that has no vectors yet. */
  readonly embedder: Pick<Embedder, "model">
  readonly embedderOf: EmbedderOf
  readonly index: VectorIndex
  readonly cache: Cache
  /** Those whose things are asked for, with the credentials to ask with. */
  readonly connections: Pick<Connections, "find">
  /** By source. */
  readonly hydrators: Readonly<Record<string, Hydrator>>
  /** Left out, figures are in Postgres only. */
  readonly board?: EvaluationBoard
  readonly log: Log
  readonly meters: FleetMeters
  /** ENGRAM_SECRET_KEY: what pseudonyms are made with. */
  readonly secretKey: string
  readonly normalizeLimits?: Partial<NormalizeLimits>
  readonly hydrateLimits?: Partial<HydrateLimits>
  readonly settling?: Settling
  /** How long what a killed worker held, deliveries and lanes, is kept from the others; 30,000 by default. */
  readonly leaseMs?: number
  /** A store is evaluated at most once in this time; an hour by default. */
  readonly evaluateEveryMs?: number
}

/** What is measured; the numbers go to `/metrics`. */
export interface FleetMeters {
  embedded(call: { readonly texts: number; readonly textsMax: number; readonly ms: number }): void
  searchable(document: { readonly acceptedAt: number }): void
  totals(totals: SweepTotals): void
  cleaned(memories: number): void
  /** Something was taken out of a text by this rule. */
  redacted(rule: string): void
  event(event: KnowledgeEvent): void
  evaluated(run: EvaluationRun): void
}

export const normalizeLimits: Omit<NormalizeLimits, "leaseMs"> = {
  rowsMax: 256,
  writesMax: 2,
  bytesMax: 16 * 1024 * 1024,
  attemptsMax: 5,
}

/** Long enough that what somebody types in one go is one fetch, and never so long that a page being written is not seen. */
const settling: Settling = { settleMs: 3_000, settleMaxMs: 30_000 }

/** What each stage does with a lane when its turn comes. */
export function createTurns(deps: TurnDeps): Record<Stage, (lane: Lane) => Promise<TurnEnd>> {
  const { queue, artifacts, embedder, log, meters } = deps
  // Turns derive rows from deliveries, which accept made durable: a turn that a crash of Postgres undoes is taken again.
  const database = createDatabase(deps.database.pool, { durable: false })
  const vectors = createVectorLedger(database)
  const privacyOf = createPrivacyOf(database)
  const redactorOf = createRedactorOf({
    privacyOf,
    secretKey: deps.secretKey,
    onFound: (rule) => meters.redacted(rule),
  })
  const leaseMs = deps.leaseMs ?? 30_000
  const askForEvaluation = evaluateWhatIsPersisted({ queue, log })
  const emit = (event: KnowledgeEvent): void => {
    meters.event(event)
    askForEvaluation(event)
  }
  return {
    normalize: normalize({
      ...deps,
      desk: createDeliveryDesk(database),
      open: openStore({ ledger: vectors, model: embedder.model }),
      redactorOf,
      persist: persist({
        knowledge: createKnowledge(database),
        chunkLimits,
        settling: deps.settling ?? settling,
        hash: createKeyedHash(deps.secretKey, "suppressions"),
      }),
      announce: announce({ cache: deps.cache, emit, log }),
      queue,
      limits: { ...normalizeLimits, leaseMs, ...deps.normalizeLimits },
    }),
    hydrate: hydrate({
      ...deps,
      leaseMs,
      leases: vectors,
      ledger: createFetchLedger(database),
      limits: { ...hydrateLimits, ...deps.hydrateLimits },
    }),
    embed: embed({
      ...deps,
      leaseMs,
      ledger: vectors,
      onEmbedded: (call) => meters.embedded(call),
      onSearchable: (document) => meters.searchable(document),
    }),
    archive: archive({ ledger: createArchiveLedger(database), artifacts, privacyOf }),
    evaluate: evaluationTurn({
      ...deps,
      leaseMs,
      leases: vectors,
      ledger: createEvaluationLedger(database),
      search: createSearchIndex(database),
      onRun: (run) => meters.evaluated(run),
      ...(deps.evaluateEveryMs && { everyMs: deps.evaluateEveryMs }),
    }),
  }
}
