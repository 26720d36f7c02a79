import { FoundAnswer, MemorySearch } from "@engram/contracts/memories"
import type { MemoryPlace } from "@engram/contracts/memory-ledger"
import { unitLength } from "@engram/core/unit-length"
import type { Metrics } from "@engram/observability/metrics"
import type { FoundMemories, MemoryQuestion } from "@engram/pipeline/memories/search"
import { memoriesText } from "../answers.ts"
import { type Operation, sendJson } from "../operation.ts"
import { parseBody } from "../parse-request.ts"

const limitDefault = 20

export interface SearchDeps {
  readonly place: MemoryPlace
  readonly search: (place: MemoryPlace, question: MemoryQuestion) => Promise<FoundMemories>
  readonly metrics: Metrics
}

/** While the index or the embedder is away the answer rests on full text, and the header `engram-degraded: vectors` says so. */
export const searchRoute = (deps: SearchDeps): Operation => ({
  method: "POST",
  path: "/v1/search",
  name: "search",
  summary: "Memories of the namespaces named: by full text, by embedding, by both, or the newest.",
  body: MemorySearch,
  answers: { 200: { says: "best first; an array also when it is empty", schema: FoundAnswer } },
  handle: async (request, reply) => {
    const { namespaces, query, kinds, limit, embedding } = parseBody(MemorySearch, request.body)
    const found = await deps.search(deps.place, {
      namespaces,
      kinds,
      query,
      embedding: embedding && unitLength(embedding),
      limit: limit || limitDefault,
    })
    if (found.degraded) {
      deps.metrics.memoryDegraded.inc()
      void reply.header("engram-degraded", "vectors")
    }
    deps.metrics.memoriesRead.inc(found.memories.length)
    return sendJson(reply, 200, memoriesText(found.memories))
  },
})
