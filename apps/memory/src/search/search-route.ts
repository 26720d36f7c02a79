import { Refusal } from "@engram/bodies/refusal"
import { Rejected, RetryLater } from "@engram/contracts/errors"
import { firstIssue } from "@engram/contracts/first-issue"
import { type Reader, type SearchHit, SearchRequest } from "@engram/contracts/search"
import type { Metrics } from "@engram/observability/metrics"
import { inTime } from "@engram/pipeline/in-time"
import type { FastifyInstance } from "fastify"
import { readerOf } from "./authenticate.ts"

export interface SearchRouteDeps {
  readonly search: (reader: Reader, request: SearchRequest) => Promise<SearchHit[]>
  readonly metrics: Metrics
  /** A question that is not answered by then is answered 503. */
  readonly answerMs: number
}

/**
 *   200 {hits}   best first, at most one a document
 *   400   a field is wrong: `path` names it        413   over 128 KB
 *   401   no such key                              415   not JSON
 *   403   the key may not search                   503   Postgres, the embedder or the index is away (Retry-After)
 */
export function serveSearch(app: FastifyInstance, deps: SearchRouteDeps): void {
  app.post("/v1/search", async (request) => {
    const asked = requestOf(request.body)
    const started = performance.now()
    const done = (outcome: string) =>
      deps.metrics.searchSeconds.observe({ outcome }, (performance.now() - started) / 1_000)
    try {
      // What is late is left to its own timeouts; nobody waits for it any more.
      const late = () => new RetryLater(`no answer within ${deps.answerMs} ms`, { afterMs: 1_000 })
      const hits = await inTime(deps.answerMs, deps.search(readerOf(request), asked), late)
      done("ok")
      return { hits }
    } catch (error) {
      done("failed")
      if (!(error instanceof Rejected) || error.code !== "text_refused") throw error
      throw new Refusal(400, error.code, error.message, { path: "query" })
    }
  })
}

function requestOf(body: unknown): SearchRequest {
  const parsed = SearchRequest.safeParse(body)
  if (parsed.success) return parsed.data
  const { path, message } = firstIssue(parsed.error)
  throw new Refusal(400, "bad_request", path ? `${path}: ${message}` : message, path ? { path } : {})
}
