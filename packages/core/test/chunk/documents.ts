import { readFileSync } from "node:fs"
import type { Section } from "@engram/contracts/draft"
import examples from "@octokit/webhooks-examples" with { type: "json" }
import { type ChunkDraft, chunkLimits, chunkSections } from "../../src/chunk/chunk.ts"

export const body = (markdown: string): Section => ({ partId: "body", label: "body", markdown, occurredAt: 1 })

export const chunkBody = (markdown: string, title = ""): ChunkDraft[] =>
  chunkSections(title, [body(markdown)], chunkLimits)

export const plan = readFileSync(new URL("./fixtures/migration-plan.md", import.meta.url), "utf8")

/** Every text in GitHub's example payloads that GitHub itself would render as markdown. */
export const realBodies: readonly string[] = [...new Set(bodiesIn(examples))]

function bodiesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([name, member]) =>
    name === "body" && typeof member === "string" ? [member] : bodiesIn(member),
  )
}

/** A document of paragraphs that differ, as long as asked, the same every time. */
export function longDocument(paragraphs: number, seed = 1): string[] {
  const next = numbers(seed)
  return Array.from({ length: paragraphs }, (_, at) => {
    if (at % 9 === 0) return `${"#".repeat(1 + (next() % 3))} ${sentence(next, 4)}`
    if (at % 13 === 0) return Array.from({ length: 5 }, () => `- ${sentence(next, 8)}`).join("\n")
    return Array.from({ length: 2 + (next() % 4) }, () => `${sentence(next, 8 + (next() % 10))}.`).join(" ")
  })
}

const vocabulary =
  "worker ledger invoice queue retry account latency budget deploy rollback shard index tenant cursor lease vector page review merge incident owner metric alert schema replica token stream window draft outage".split(
    " ",
  )

function sentence(next: () => number, words: number): string {
  return Array.from({ length: words }, () => vocabulary[next() % vocabulary.length]).join(" ")
}

/** Knuth's linear congruential generator. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 8
  }
}
