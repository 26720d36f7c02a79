import type { NamespaceRow } from "@engram/contracts/memory-ledger"
import type { FoundMemory } from "@engram/pipeline/memories/search"

/** Rows as JSON text: what is opaque to the server (metadata, propagation) goes out as it came in. */

export const namespaceText = ({ name, kind, expiresAt, metadata, createdAt }: NamespaceRow): string =>
  withGiven({ name, kind, expires_at: timeOf(expiresAt), created_at: timeOf(createdAt) }, "metadata", metadata)

export const memoriesText = (memories: readonly FoundMemory[]): string =>
  `{"memories":[${memories.map(memoryText).join(",")}]}`

const memoryText = (memory: FoundMemory): string => {
  const { id, namespace, content, kind, source, expiresAt, propagation, pin, createdAt, score } = memory
  const row = {
    id,
    namespace,
    content,
    kind,
    source,
    expires_at: timeOf(expiresAt),
    pin: pin ?? undefined,
    created_at: timeOf(createdAt),
    score,
  }
  return withGiven(row, "propagation", propagation)
}

const timeOf = (time: Date | null): string | undefined => time?.toISOString()

/** The object with one more member, whose value is JSON text already. */
const withGiven = (object: object, member: string, json: string | null): string =>
  json === null ? JSON.stringify(object) : `${JSON.stringify(object).slice(0, -1)},"${member}":${json}}`
