import { reasonOf } from "@engram/contracts/errors"
import { vectorFamilies } from "@engram/contracts/knowledge"
import type { VectorIndex } from "@engram/contracts/ports"
import type { StoredVersion, VersionLedger } from "@engram/contracts/versions"
import { namespaceOf } from "../embed.ts"

/**
 * How long an archived version is kept: readers remember which version is active for 5 seconds, and the longest request to
 * an index takes 2 minutes. What is left of the hour is an operator's, to go back.
 */
export const archivedGraceMs = 3_600_000

/** Rows in one transaction. */
const rowsMax = 5_000

export interface DropDeps {
  readonly ledger: VersionLedger
  readonly index: VectorIndex
}

export interface Dropped {
  readonly version: StoredVersion
  readonly vectors: number
  readonly values: number
}

export interface DropReport {
  readonly dropped: readonly Dropped[]
  /** Archived, and kept for now. */
  readonly kept: readonly { readonly version: StoredVersion; readonly until: Date }[]
  /** An index that was away: the next call goes on with these. */
  readonly failed: readonly { readonly version: StoredVersion; readonly reason: string }[]
}

/**
 * For the night: removes archived versions of a workspace whose grace period is over, with their vectors, values and namespaces,
 * and their index where no other version uses it. Killed anywhere, the next call goes on.
 */
export const dropArchived =
  (deps: DropDeps) =>
  async ({ workspaceId, now }: { readonly workspaceId: string; readonly now: Date }): Promise<DropReport> => {
    const dropped: Dropped[] = []
    const failed: DropReport["failed"][number][] = []
    for (const version of await deps.ledger.due(workspaceId, new Date(now.getTime() - archivedGraceMs))) {
      try {
        const done = await dropVersion(deps, version)
        if (done) dropped.push(done)
      } catch (error) {
        failed.push({ version, reason: reasonOf(error) })
      }
    }
    const archived = (await deps.ledger.list({ workspaceId })).filter(({ status }) => status === "archived")
    const kept = archived.map((version) => ({ version, until: keptUntil(version) }))
    return { dropped, kept, failed }
  }

export const keptUntil = ({ archivedAt }: StoredVersion): Date =>
  new Date((archivedAt?.getTime() ?? 0) + archivedGraceMs)

/** undefined when it was taken up again meanwhile. Each step is safe to repeat; the row, by which it is found again, goes last. */
export async function dropVersion(
  { ledger, index }: Pick<DropDeps, "ledger" | "index">,
  version: StoredVersion,
): Promise<Dropped | undefined> {
  if (!(await ledger.beginDrop(version))) return undefined
  const vectors = await untilNone(() => ledger.dropEntries(version, rowsMax))
  await ledger.withIndex(version, async (shared) => {
    if (!shared) return index.drop(version.indexName)
    for (const family of vectorFamilies) {
      await index.clear({ index: version.indexName, namespace: namespaceOf(family, version) })
    }
  })
  const values = await untilNone(() => ledger.dropValues(version, rowsMax))
  await ledger.endDrop(version)
  return { version, vectors, values }
}

async function untilNone(remove: () => Promise<number>): Promise<number> {
  let all = 0
  for (;;) {
    const removed = await remove()
    all += removed
    if (removed === 0) return all
  }
}
