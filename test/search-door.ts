import { type SearchHit, SearchRequest } from "@engram/contracts/search"
import { createLifecycle } from "@engram/lifecycle/lifecycle"
import { startSearch } from "@engram/memory/start"
import { createMetrics } from "@engram/observability/metrics"
import { search } from "@engram/pipeline/search"
import { createApiKeyAdmin } from "@engram/store/api-keys"
import { createSearchIndex } from "@engram/store/search-index"
import type { Payload, Workbench } from "./workbench.ts"

interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared whole
  readonly body: any
}

/** The search door over real HTTP, and keys to it. */
export interface SearchDoor {
  readonly url: string
  key(options?: { workspaceId?: string; scopeIds?: string[]; actions?: ("write" | "search")[] }): Promise<string>
  ask(key: string | undefined, body: unknown): Promise<Answer>
  read(key: string, documentId: string): Promise<Answer>
  around(key: string, query: string): Promise<Answer>
  close(): Promise<void>
}

export async function openSearchDoor(bench: Workbench, instead: Partial<Workbench> = {}): Promise<SearchDoor> {
  const { database, embedder, index, cache } = { ...bench, ...instead }
  const lifecycle = createLifecycle()
  const ports = { ingest: 0, memory: 0, search: 0, worker: 0, nightly: 0 }
  const quiet = {
    debug() {},
    info() {},
    warn() {},
    error: (fields: object) => void process.stderr.write(`${JSON.stringify(fields)}\n`),
  }
  const parts = { database, embedder, index, cache, lifecycle, metrics: createMetrics(), log: quiet }
  const url = await startSearch({ ...parts, config: { host: "127.0.0.1", ports } })
  const answer = async (response: Response): Promise<Answer> => ({
    status: response.status,
    headers: response.headers,
    body: await response.json(),
  })
  return {
    url,
    key: async ({ workspaceId = "acme", scopeIds = [], actions = ["search" as const] } = {}) => {
      const admin = createApiKeyAdmin({ database: bench.database })
      return (await admin.create({ workspaceId, storeName: "main", name: "reader", actions, scopeIds })).key
    },
    ask: async (key, body) => {
      const headers = { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) }
      const text = typeof body === "string" ? body : JSON.stringify(body)
      return answer(await fetch(`${url}/v1/search`, { method: "POST", headers, body: text }))
    },
    read: async (key, documentId) =>
      answer(await fetch(`${url}/v1/documents/${documentId}`, { headers: { authorization: `Bearer ${key}` } })),
    around: async (key, query) =>
      answer(await fetch(`${url}/v1/graph?${query}`, { headers: { authorization: `Bearer ${key}` } })),
    close: () => lifecycle.close(),
  }
}

/** What the operator's own command line sees. */
export function find(bench: Workbench, request: { query: string } & Partial<SearchRequest>): Promise<SearchHit[]> {
  const ask = search({ search: createSearchIndex(bench.database), embedder: bench.embedder, index: bench.index })
  return ask({ ...bench.lane, scopeIds: "all" }, SearchRequest.parse({ limit: 100, ...request }))
}

let sent = 0

/** An event of the generic source, as `POST /v1/events` takes it. */
export function page(
  sourceId: string,
  body: string,
  more: { readonly occurredAt?: string; readonly [field: string]: unknown } = {},
): Payload {
  const idempotencyKey = `page-${++sent}`
  const occurredAt = new Date(1_700_000_000_000 + sent * 1_000).toISOString()
  const envelope = {
    idempotencyKey,
    source: "wiki",
    sourceId,
    kind: "page",
    occurredAt,
    title: sourceId,
    body,
    ...more,
  }
  return { source: "events", key: idempotencyKey, event: "page", payload: envelope }
}
