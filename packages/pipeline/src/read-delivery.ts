import { cutText } from "@engram/contracts/cut-text"
import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import type { ClaimedDelivery, DeliveryEnd } from "@engram/contracts/knowledge"
import type { ArtifactStore } from "@engram/contracts/ports"
import type { Source } from "@engram/contracts/source"
import type { Redactor } from "@engram/core/redact/redactor"
import type { ReadDelivery } from "./persist/read-delivery.ts"

export type Read = { readonly drafts: ReadDelivery } | { readonly end: DeliveryEnd }

/**
 * What a delivery's source makes of it: drafts, or its end. Nothing that it says leaves here with a credential in it. Never
 * throws for what the payload says; a bug in a source parks too. `RetryLater` when its bytes cannot be fetched now.
 */
export async function readDelivery(
  deps: {
    readonly sources: Readonly<Record<string, Source>>
    readonly artifacts: ArtifactStore
    readonly redactor: Redactor
  },
  delivery: ClaimedDelivery,
): Promise<Read> {
  const { id } = delivery
  const { redactor } = deps
  const source = Object.hasOwn(deps.sources, delivery.source) ? deps.sources[delivery.source] : undefined
  if (source === undefined) return parked(id, `no source is called ${delivery.source}`)
  try {
    const body = delivery.body ?? (delivery.artifactKey && (await deps.artifacts.get(delivery.artifactKey)))
    if (!body) return parked(id, `its bytes are gone: ${delivery.artifactKey ?? "they were not kept"}`)
    const normalized = source.normalize({ headers: delivery.headers, body, receivedAt: delivery.receivedAt })
    if (normalized.outcome === "skipped")
      return { end: { id, state: "skipped", reason: redactor.text(normalized.reason) } }
    return {
      drafts: {
        id,
        connectionId: delivery.connectionId,
        source,
        receivedAt: delivery.receivedAt,
        drafts: redactor.drafts(normalized.drafts),
      },
    }
  } catch (error) {
    if (error instanceof RetryLater) throw error
    return parked(id, redactor.text(parkReason(error)))
  }
}

const parked = (id: ClaimedDelivery["id"], reason: string): Read => ({ end: { id, state: "parked", reason } })

/** What a person needs to act: the code and the field for a refusal, the stack for a bug. */
export function parkReason(error: unknown): string {
  if (error instanceof Rejected) return `${error.code}: ${error.message}${error.path ? ` (at ${error.path})` : ""}`
  return error instanceof Error && error.stack ? `bug: ${cutText(error.stack, 2_000)}` : `bug: ${reasonOf(error)}`
}
