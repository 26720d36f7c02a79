import type { ConsolidationRun } from "@engram/contracts/consolidation"
import type { DeliveryState } from "@engram/contracts/deliveries"
import { sum } from "../words.ts"
import type { DemoResult } from "./run-demo.ts"

/** What `demo --json` prints. */
export interface DemoReport {
  readonly posted: DemoResult["posted"]
  readonly deliveries: { readonly [state in DeliveryState]: number }
  /** Rows of the workspace `demo`; superseded and removed ones are rows too. */
  readonly tables: { readonly [table: string]: number }
  /** What a reader sees now. */
  readonly live: {
    readonly documents: number
    readonly chunks: number
    readonly observations: number
    readonly edges: number
    readonly documentsByKind: { readonly [kind: string]: number }
    readonly observationsByKind: { readonly [kind: string]: number }
  }
  readonly vectors: { readonly owed: number; readonly indexed: number; readonly parked: number }
  readonly embedding: { readonly calls: number; readonly texts: number }
  /** From the first webhook until nothing is owed. */
  readonly seconds: number
  readonly setUpSeconds: number
  readonly acceptingSeconds: number
  /** Live documents over `seconds`. */
  readonly documentsPerSecond: number
  readonly searches: readonly { readonly query: string; readonly ms: number; readonly hits: number }[]
  /** What a night over all of it wrote, and the hits of one question before and after it. */
  readonly night: {
    readonly seconds: number
    readonly report: ConsolidationRun["report"]
    readonly summaries: readonly { readonly title: string; readonly text: string; readonly evidence: number }[]
    readonly profile: { readonly of: string; readonly descriptors: readonly string[] } | null
    readonly before: readonly string[]
    readonly after: readonly string[]
  }
  /** The story's issue: what stands around it, and how many pieces of evidence say so. */
  readonly neighbourhood: {
    readonly of: string
    readonly nodes: number
    readonly edges: number
    readonly evidence: number
  }
  /** One of the story's people, and the accounts that certain links made one. */
  readonly person: { readonly name: string; readonly accounts: readonly string[] }
}

export function demoReport(result: DemoResult): DemoReport {
  const deliveries = { received: 0, processed: 0, skipped: 0, parked: 0 }
  for (const { state, deliveries: n } of result.outcomes) deliveries[state] += n
  const { contents, seconds, surroundings } = result
  const { nodes, edges } = surroundings.neighbourhood
  const { name, accounts } = surroundings.person
  const documents = sum(contents.documents)
  return {
    posted: result.posted,
    deliveries,
    tables: result.tables,
    live: {
      documents,
      chunks: contents.chunks,
      observations: sum(contents.observations),
      edges: sum(contents.edges),
      documentsByKind: contents.documents,
      observationsByKind: contents.observations,
    },
    vectors: contents.vectors,
    embedding: result.embedding,
    seconds: seconds.total,
    setUpSeconds: seconds.setUp,
    acceptingSeconds: seconds.accepting,
    documentsPerSecond: Math.round((documents / seconds.total) * 10) / 10,
    searches: result.searches.map(({ query, ms, hits }) => ({ query, ms, hits: hits.length })),
    night: nightOf(result),
    neighbourhood: {
      of: surroundings.of,
      nodes: nodes.length,
      edges: edges.length,
      evidence: edges.reduce((n, { evidenceCount }) => n + evidenceCount, 0),
    },
    person: { name, accounts: accounts.map(({ aliasType }) => aliasType).sort() },
  }
}

function nightOf({ night, before, after }: DemoResult): DemoReport["night"] {
  const { run, seconds, summaries, profile } = night
  const titles = ({ hits }: DemoResult["after"]) => hits.map(({ type, title }) => `${type}: ${title}`)
  return {
    seconds,
    report: run.report,
    summaries: summaries.map(({ title, text, evidence }) => ({ title, text, evidence: evidence.length })),
    profile: profile ? { of: profile.entity, descriptors: profile.descriptors.map(({ phrase }) => phrase) } : null,
    before: titles(before),
    after: titles(after),
  }
}
