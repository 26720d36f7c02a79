import { readdirSync, readFileSync } from "node:fs"
import type { DocumentDraft, Drafts, MergedPart, MomentDraft, Normalized, Rendered } from "@engram/contracts/draft"
import type { StoredRequest } from "@engram/contracts/source"
import { linear } from "../src/linear/index.ts"
import { liveParts } from "./delivery.ts"

/** The fixtures in `fixtures/linear`, whose README says where each shape comes from. */
export interface Body {
  type: string
  action: string
  createdAt: string
  data: Record<string, unknown>
  updatedFrom?: Record<string, unknown>
  [field: string]: unknown
}

const folder = new URL("fixtures/linear/", import.meta.url)
export const fixtureNames = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -".json".length))
  .sort()

export const fixture = (name: string): Body => JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"))

export const request = (body: string | Uint8Array, headers = {}): StoredRequest => ({
  headers: {
    "content-type": "application/json; charset=utf-8",
    "linear-event": "Issue",
    "linear-delivery": "d1",
    ...headers,
  },
  body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  receivedAt: Date.UTC(2026, 3, 1),
})

export const deliver = (body: unknown): Normalized => linear.normalize(request(JSON.stringify(body)))

export function draftsOf(body: unknown): Drafts {
  const normalized = deliver(body)
  if (normalized.outcome === "skipped") throw new Error(`skipped: ${normalized.reason}`)
  return normalized.drafts
}

/** The fixture with changes to its data. */
export function changed(name: string, data: Record<string, unknown>, envelope: Partial<Body> = {}): Body {
  const body = fixture(name)
  return { ...body, ...envelope, data: { ...body.data, ...data } }
}

export const momentsOf = (body: unknown): readonly MomentDraft[] => draftsOf(body).moments

export function documentOf(body: unknown): DocumentDraft {
  const [document] = draftsOf(body).documents
  if (!document) throw new Error("There is no document.")
  return document
}

/** One document after these fixtures, in any order. */
export function rendered(names: readonly string[], kind: string): Rendered {
  const drafts = names.map((name) => draftsOf(fixture(name)))
  const sourceId = drafts
    .flatMap(({ documents }) => documents)
    .find((each) => each.sourceId.startsWith(`${kind}:`))!.sourceId
  return linear.render({ sourceId, parts: inReadingOrder(liveParts(drafts, sourceId)) })
}

const inReadingOrder = (parts: readonly MergedPart[]) => [
  ...parts.filter(({ partId }) => partId === "body"),
  ...parts.filter(({ partId }) => partId !== "body"),
]

/** Issue ENG-101, and everything told of it. */
export const incidentId = `issue:${fixture("issue-create").data.id}`
export const incident = fixtureNames.filter((name) => {
  const read = deliver(fixture(name))
  return read.outcome === "drafts" && read.drafts.documents.some(({ sourceId }) => sourceId === incidentId)
})
