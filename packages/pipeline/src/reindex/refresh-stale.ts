import type { LaneQueue, Log } from "@engram/contracts/ports"
import type { StoredVersion, VectorKey, VersionLedger } from "@engram/contracts/versions"
import { tellQueue } from "../wake.ts"

/** An embedder is asked so often for a text that it refuses: a model may have changed its mind, and mostly has not. */
const attemptsMax = 5
const pageMax = 5_000

export interface RefreshDeps {
  readonly ledger: VersionLedger
  readonly queue: Pick<LaneQueue, "wake">
  readonly log: Log
}

export interface RefreshReport {
  readonly versions: number
  /** Refused texts that are offered once more. */
  readonly offeredAgain: number
  /** Vectors whose text had no values of the version's model any more, embedded anew. */
  readonly embeddedAnew: number
}

/**
 * For the night: owes again what is stale in the workspace's active versions and canaries; the lanes do the rest. Stale is
 *  - a written vector whose text has no values of its version's model in Postgres: it cannot be compared exactly, clustered, or
 *    rebuilt without paying;
 *  - a text that the embedder refused, up to five nights, or until the text changes.
 * What differs from what is wanted is owed already and is no business of this; what is missing altogether is reconcile's.
 */
export const refreshStale =
  ({ ledger, queue, log }: RefreshDeps) =>
  async (workspaceId: string): Promise<RefreshReport> => {
    const versions = (await ledger.list({ workspaceId })).filter(
      ({ status }) => status === "active" || status === "canary",
    )
    let offeredAgain = 0
    let embeddedAnew = 0
    for (const version of versions) {
      const again = await ledger.retryParked(version, attemptsMax)
      const anew = await oweValueless(ledger, version)
      offeredAgain += again
      embeddedAnew += anew
      if (again + anew > 0) await tellQueue(queue, log, { workspaceId, storeId: version.storeId, stage: "embed" })
    }
    return { versions: versions.length, offeredAgain, embeddedAnew }
  }

async function oweValueless(ledger: VersionLedger, version: StoredVersion): Promise<number> {
  let all = 0
  let after: VectorKey | undefined
  do {
    const { owed, last } = await ledger.oweValueless(version, { after, max: pageMax })
    all += owed
    after = last
  } while (after !== undefined)
  return all
}
