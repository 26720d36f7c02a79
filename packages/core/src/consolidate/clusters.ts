import type { CalendarWindow, Coverage, Topic } from "@engram/contracts/consolidation"
import type { ObservationId, ScopeId, SummaryId } from "@engram/contracts/ids"
import { compareText } from "../compare-text.ts"
import { deriveId, textHash } from "../ids.ts"
import { dayOf } from "./calendar.ts"

/** Fewer cannot carry a summary: each of its three sentences rests on an observation. */
export const membersMin = 3

/** What a summary is keyed by: computed from one observation alone, so that the order of arrival cannot matter. */
export interface ClusterKey {
  readonly storeId: string
  /** null across the store. */
  readonly entityId: string | null
  readonly topic: Topic
  readonly window: CalendarWindow
  /** Private scopes are kept to themselves; null for what the workspace may read. */
  readonly scopeId: ScopeId | null
}

/** An observation without its texts. */
export interface Member {
  readonly id: ObservationId
  readonly source: string
  readonly kind: string
  readonly tags: readonly string[]
  readonly topic: Topic
  /** ms */
  readonly occurredAt: number
  readonly importance: number
  readonly contentHash: string
  readonly subjectAliasIds: readonly string[]
  /** The private scope whose readers alone may see it, or null. */
  readonly privateTo: ScopeId | null
  /** Its own scope and its document's. */
  readonly scopeIds: readonly ScopeId[]
}

export const summaryId = ({ storeId, entityId, topic, window, scopeId }: ClusterKey): SummaryId =>
  deriveId("sum", storeId, entityId ?? "", topic, window.kind, window.from, scopeId ?? "")

export interface Cluster {
  readonly key: ClusterKey
  readonly members: readonly Member[]
}

/** The clusters of one window: each member once in that of each of its entities. `entitiesOf` tells those that are asked for. */
export function clustersOf(
  place: Pick<ClusterKey, "storeId" | "window">,
  members: readonly Member[],
  entitiesOf: (aliasId: string) => string | undefined,
): Map<SummaryId, Cluster> {
  const clusters = new Map<SummaryId, { readonly key: ClusterKey; readonly members: Member[] }>()
  for (const member of members) {
    const entityIds = new Set(member.subjectAliasIds.map(entitiesOf).filter((id) => id !== undefined))
    for (const entityId of entityIds) {
      const key = { ...place, entityId, topic: member.topic, scopeId: member.privateTo }
      const id = summaryId(key)
      const cluster = clusters.get(id)
      if (cluster) cluster.members.push(member)
      else clusters.set(id, { key, members: [member] })
    }
  }
  return clusters
}

/** Of everything that a summary is written from: equal hashes, equal evidence, in whatever order it was read. */
export function evidenceHash(writer: string, members: readonly Pick<Member, "id" | "contentHash">[]): string {
  const said = members.map(({ id, contentHash }) => `${id} ${contentHash}`).sort(compareText)
  return textHash([writer, ...said].join("\n"))
}

/** The members that the writer sees, weightiest first; the newer, then the smaller id, of equals. */
export const weightiest = <Each extends Pick<Member, "id" | "importance" | "occurredAt">>(
  members: readonly Each[],
  max: number,
): Each[] =>
  [...members]
    .sort((a, b) => b.importance - a.importance || b.occurredAt - a.occurredAt || compareText(a.id, b.id))
    .slice(0, max)

/** Words of each sort in a coverage, so that a free-for-all of tags stays small. */
const labelsMax = 20

export function coverageOf(members: readonly Member[]): Coverage {
  return {
    observations: members.length,
    sources: commonest(members.map(({ source }) => source)),
    kinds: commonest(members.map(({ kind }) => kind)),
    labels: commonest(members.flatMap(({ tags }) => tags)),
    histogram: Object.fromEntries([...counted(members.map(({ occurredAt }) => dayOf(occurredAt)))].sort(byWord)),
  }
}

function counted(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

const byWord = (a: readonly [string, number], b: readonly [string, number]): number => compareText(a[0], b[0])

/** Of equals the smaller word first. */
const commonest = (words: readonly string[]): { [word: string]: number } =>
  Object.fromEntries([...counted(words)].sort((a, b) => b[1] - a[1] || byWord(a, b)).slice(0, labelsMax))
