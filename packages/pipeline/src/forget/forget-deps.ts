import type { ForgetLedger } from "@engram/contracts/forget"
import type { Knowledge } from "@engram/contracts/knowledge"
import type { ArtifactStore, Cache, LaneQueue, Log } from "@engram/contracts/ports"
import type { KeyedHash } from "@engram/contracts/privacy"
import type { Source } from "@engram/contracts/source"
import type { ChunkLimits } from "@engram/core/chunk/chunk"

/** Everything that forgetting reaches. */
export interface ForgetDeps {
  readonly ledger: ForgetLedger
  readonly knowledge: Knowledge
  readonly sources: Readonly<Record<string, Source>>
  readonly artifacts: ArtifactStore
  readonly cache: Cache
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
  readonly hash: KeyedHash
  readonly chunkLimits: ChunkLimits
  readonly now: () => number
}
