import { Rejected } from "@engram/contracts/errors"
import type { ForgetCounts, ForgetLedger, ForgetScope } from "@engram/contracts/forget"
import { forgottenOf } from "@engram/core/forget/forgotten"
import { chunksCacheKey, documentCacheKey, neighboursCacheKey } from "../cache-keys.ts"
import { tellQueue } from "../wake.ts"
import type { ForgetDeps } from "./forget-deps.ts"
import { forgetPerson } from "./forget-person.ts"
import type { ForgetTarget } from "./target.ts"

/** Documents removed in one transaction. */
const documentsMax = 50
const memoriesMax = 500
/** Superseded passages are cached for a day at most; more versions than this are not made in one. */
const versionsMax = 500

/**
 * Forgets for good. First it is suppressed, so that no replay, import or job under way brings it back; then it is removed,
 * some at a time, each step in a transaction that finds what is left by itself: killed anywhere and run again it goes on.
 * With `replay` nothing is suppressed and the deliveries are read again: for taking up other settings.
 */
export const forget =
  (deps: ForgetDeps) =>
  async (
    workspaceId: string,
    target: ForgetTarget,
    options: { readonly actor: string; readonly replay: boolean; readonly onProgress?: (counts: ForgetCounts) => void },
  ): Promise<{ readonly counts: ForgetCounts; readonly resumed: boolean }> => {
    const { forgettingId, scope, person } = target
    const { actor, replay } = options
    const counts: Record<string, number> = {}
    const count = (more: ForgetCounts): void => {
      for (const [what, n] of Object.entries(more)) if (n > 0) counts[what] = (counts[what] ?? 0) + n
      options.onProgress?.(counts)
    }
    if (replay) await assertReadable(deps.ledger, workspaceId, scope)
    const { resumed } = await deps.ledger.begin(workspaceId, {
      id: forgettingId,
      kind: target.kind,
      suppressions: replay ? [] : target.suppressions,
      documents: "documents" in scope ? scope.documents : [],
      actor,
    })
    await removeScope(deps.ledger, { workspaceId, forgettingId, scope, replay, count })
    if (person) {
      const forgotten = forgottenOf({ workspaceId, suppressions: target.suppressions, hash: deps.hash })
      await forgetPerson(deps, {
        workspaceId,
        forgettingId,
        person,
        words: target.words,
        partIds: target.partIds,
        forgotten,
        count,
      })
    }
    count(await clearUp(deps, workspaceId, forgettingId))
    await deps.cache.remove(
      target.aliases.flatMap((alias) => [
        neighboursCacheKey(workspaceId, "out", alias),
        neighboursCacheKey(workspaceId, "in", alias),
      ]),
    )
    await wakeAll(deps, workspaceId)
    await deps.ledger.finish(workspaceId, forgettingId, counts)
    return { counts, resumed }
  }

/** Documents, memories and the rest, some at a time, each time asked for anew. */
async function removeScope(
  ledger: ForgetLedger,
  work: {
    readonly workspaceId: string
    readonly forgettingId: string
    readonly scope: ForgetScope
    readonly replay: boolean
    readonly count: (more: ForgetCounts) => void
  },
): Promise<void> {
  const { workspaceId, forgettingId, scope, replay, count } = work
  for (;;) {
    const ids = await ledger.nextDocuments(workspaceId, scope, documentsMax)
    if (ids.length === 0) break
    count(await ledger.removeDocuments(workspaceId, forgettingId, ids, { replay }))
  }
  while ("everything" in scope && !replay) {
    const removed = await ledger.removeMemories(workspaceId, forgettingId, memoriesMax)
    if (Object.values(removed).every((n) => n === 0)) break
    count(removed)
  }
  count(await ledger.removeRest(workspaceId, forgettingId, scope, { replay }))
}

async function assertReadable(ledger: ForgetLedger, workspaceId: string, scope: ForgetScope): Promise<void> {
  const lost = await ledger.withoutBytes(workspaceId, scope)
  if (lost === 0) return
  const words = `${lost} of its deliveries have no bytes any more and could not be read again; nothing was taken out`
  throw new Rejected("bytes_not_kept", words)
}

/** What lies outside Postgres, and what may have come late: caches, objects, values of forgotten texts. Safe at any time. */
export async function clearUp(
  { ledger, cache, artifacts }: Pick<ForgetDeps, "ledger" | "cache" | "artifacts">,
  workspaceId: string,
  forgettingId: string,
): Promise<ForgetCounts> {
  for (const { id, version } of await ledger.touchedDocuments(workspaceId, forgettingId)) {
    await cache.remove(cacheKeysOf(id, version))
  }
  let removed = 0
  for (;;) {
    const rows = await ledger.owedArtifacts(workspaceId, documentsMax)
    if (rows.length === 0) break
    await Promise.all(rows.map((row) => artifacts.remove(row.artifactKey)))
    await ledger.artifactsRemoved(workspaceId, rows)
    removed += rows.length
  }
  return { artifacts: removed, embeddingValues: await ledger.dropOrphanValues(workspaceId) }
}

/** A version and one that a reader may be about to cache. */
export const cacheKeysOf = (id: string, version: number): string[] => {
  const from = Math.max(0, version - versionsMax)
  const versions = Array.from({ length: version + 2 - from }, (_, at) => from + at)
  return [documentCacheKey(id), ...versions.map((each) => chunksCacheKey(id, each))]
}

export async function wakeAll(
  { ledger, queue, log }: Pick<ForgetDeps, "ledger" | "queue" | "log">,
  workspaceId: string,
): Promise<void> {
  for (const lane of await ledger.lanes(workspaceId)) {
    for (const stage of ["embed", "normalize", "archive"] as const) await tellQueue(queue, log, { ...lane, stage })
  }
}
