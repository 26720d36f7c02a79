import type { ArtifactStore, Lane, TurnEnd } from "@engram/contracts/ports"
import type { PrivacySettings } from "@engram/contracts/privacy"
import type { ArchiveLedger } from "@engram/contracts/vectors"

const limits = { rowsMax: 64, bytesMax: 32 * 1024 * 1024 }
/** Between two turns while deliveries wait: memory goes first, and the bytes are as safe in Postgres. */
const standBackMs = 5_000
/** Requests under way at once: enough to hide an object store's latency, few enough to bound memory. */
const together = 8

/** Everything of a workspace in object storage. */
export const artifactsPrefix = (workspaceId: string): string => `workspaces/${workspaceId}/knowledge/`

/** Where a delivery's bytes are kept: by content, so that storing them again overwrites them. */
export const artifactKey = (workspaceId: string, bodyHash: string): string =>
  `${artifactsPrefix(workspaceId)}raw/${bodyHash.slice(0, 2)}/${bodyHash}`

/**
 * One turn: moves raw bytes of closed deliveries out of Postgres. They leave their rows only once they are stored or, where
 * the workspace keeps none, at once; those of parked deliveries then stay in their rows, since a replay needs them. A store
 * whose deliveries wait gets one turn in five seconds, since storing files costs as much as reading them (measured: a third of the worker).
 */
export const archive =
  (deps: {
    readonly ledger: ArchiveLedger
    readonly artifacts: ArtifactStore
    readonly privacyOf: (workspaceId: string) => Promise<Pick<PrivacySettings, "keepRaw">>
  }) =>
  async (lane: Lane): Promise<TurnEnd> => {
    if (await removeForgotten(deps, lane)) return "more"
    const { keepRaw } = await deps.privacyOf(lane.workspaceId)
    if (!keepRaw) return (await deps.ledger.dropBodies(lane, limits.rowsMax)) > 0 ? "more" : "idle"
    const rows = await deps.ledger.unarchived(lane, limits)
    if (rows.length === 0) return "idle"
    const keyed = rows.map((row) => ({ ...row, artifactKey: artifactKey(lane.workspaceId, row.bodyHash) }))
    for (let start = 0; start < keyed.length; start += together) {
      await Promise.all(
        keyed.slice(start, start + together).map((row) => deps.artifacts.put(row.artifactKey, row.body)),
      )
    }
    await deps.ledger.archived(lane, keyed)
    return (await deps.ledger.isBusy(lane)) ? { afterMs: standBackMs } : "more"
  }

/** Bytes that were forgotten while, or after, they went to object storage. True when there were some. */
async function removeForgotten(
  { ledger, artifacts }: { readonly ledger: ArchiveLedger; readonly artifacts: ArtifactStore },
  lane: Lane,
): Promise<boolean> {
  const rows = await ledger.forgotten(lane, limits.rowsMax)
  for (let start = 0; start < rows.length; start += together) {
    await Promise.all(rows.slice(start, start + together).map((row) => artifacts.remove(row.artifactKey)))
  }
  await ledger.removed(lane, rows)
  return rows.length > 0
}
