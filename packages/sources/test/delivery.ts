import { createRequire } from "node:module"
import type { Drafts, MergedPart, Normalized } from "@engram/contracts/draft"
import type { StoredRequest } from "@engram/contracts/source"
import { github } from "../src/github/index.ts"

/** Real payloads, as @octokit/webhooks-examples publishes them. */
export type Payload = Record<string, unknown>
interface ExampleSet {
  readonly name: string
  readonly examples: readonly Payload[]
}
const require = createRequire(import.meta.url)
export const exampleSets: readonly ExampleSet[] = require("@octokit/webhooks-examples")

export const editions = ["31", "32", "33", "34", "35"] as const
export const enterpriseSets = (edition: (typeof editions)[number]): readonly ExampleSet[] =>
  require(`@octokit/webhooks-examples/ghes-${edition}/index.json`)

export const examples = exampleSets.flatMap(({ name, examples: payloads }) =>
  payloads.map((payload, index) => ({ name, index, payload })),
)

export function example(name: string, index: number): Payload {
  const found = exampleSets.find((set) => set.name === name)?.examples[index]
  if (!found) throw new Error(`There is no example ${name}[${index}].`)
  return structuredClone(found)
}

export const request = (name: string, body: string | Uint8Array, headers = {}): StoredRequest => ({
  headers: { "content-type": "application/json", "x-github-event": name, "x-github-delivery": "d1", ...headers },
  body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  receivedAt: Date.UTC(2026, 0, 2),
})

export const deliver = (name: string, payload: unknown): Normalized =>
  github.normalize(request(name, JSON.stringify(payload)))

export function draftsOf(name: string, payload: unknown): Drafts {
  const normalized = deliver(name, payload)
  if (normalized.outcome === "skipped") throw new Error(`${name} was skipped: ${normalized.reason}`)
  return normalized.drafts
}

/** Live parts of one document in (createdAt, partId) order; of two claims of a field the later one in time stands. */
export function liveParts(drafts: readonly Drafts[], sourceId: string): MergedPart[] {
  const claims = drafts
    .flatMap(({ documents }) => documents.filter((document) => document.sourceId === sourceId))
    .flatMap(({ parts }) => parts)
    .toSorted((a, b) => a.at - b.at || a.rank - b.rank)
  const parts = new Map<string, MergedPart & { alive: boolean }>()
  for (const { partId, kind, at, alive, fields } of claims) {
    const known = parts.get(partId)
    parts.set(partId, {
      partId,
      kind,
      at,
      alive: alive ?? known?.alive ?? true,
      fields: { ...known?.fields, ...fields },
    })
  }
  const created = ({ fields, at }: MergedPart) => (fields.createdAt as number | undefined) ?? at
  return [...parts.values()]
    .filter(({ alive }) => alive)
    .toSorted((a, b) => created(a) - created(b) || (a.partId < b.partId ? -1 : 1))
}
