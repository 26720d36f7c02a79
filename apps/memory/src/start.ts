import type { Config } from "@engram/config/config"
import type { Cache, Embedder, Log, VectorIndex } from "@engram/contracts/ports"
import type { Lifecycle } from "@engram/lifecycle/lifecycle"
import type { Metrics } from "@engram/observability/metrics"
import { findNode } from "@engram/pipeline/find-node"
import { neighbourhood } from "@engram/pipeline/neighbourhood"
import { readDocument } from "@engram/pipeline/read-document"
import { search } from "@engram/pipeline/search"
import { spokenNames } from "@engram/pipeline/spoken-names"
import { sources } from "@engram/sources/registry"
import { aliasesAsked } from "@engram/sources/text/asked-names"
import { createAccountNames } from "@engram/store/account-names"
import { createApiKeys } from "@engram/store/api-keys"
import type { Database } from "@engram/store/database"
import { createDocumentIndex } from "@engram/store/document-index"
import { createGraphIndex } from "@engram/store/graph-index"
import { createSearchIndex } from "@engram/store/search-index"
import { createSearchApp } from "./search/app.ts"

/** Puts the search door together and opens it; gives its URL. */
export function startSearch(parts: {
  readonly config: Pick<Config, "host" | "ports">
  readonly database: Database
  readonly embedder: Embedder
  readonly index: VectorIndex
  readonly cache: Cache
  readonly log: Log
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
}): Promise<string> {
  const { config, database, embedder, index, cache, log, metrics, lifecycle } = parts
  const graph = { graph: createGraphIndex(database), cache }
  const find = search({ search: createSearchIndex(database), embedder, index })
  const read = readDocument({ documents: createDocumentIndex(database), cache })
  const spoken = spokenNames({ names: createAccountNames(database), sources })
  const app = createSearchApp({
    apiKeys: createApiKeys({ database }),
    search: async (reader, request) => spoken.hits(reader.workspaceId, await find(reader, request)),
    readDocument: async (reader, id) => {
      const view = await read(reader, id)
      return view && spoken.document(reader.workspaceId, view)
    },
    readNeighbourhood: async (reader, entity, reach) => {
      const node = await findNode(graph)(reader.workspaceId, entity, aliasesAsked(entity))
      const found = node === undefined ? undefined : await neighbourhood(graph)(reader, node, reach)
      return found && spoken.neighbourhood(reader.workspaceId, found)
    },
    checks: {
      database: () => database.check(),
      vectors: () => index.check(),
      embeddings: () => embedder.check(),
    },
    metrics,
    log,
  })
  lifecycle.own(app, (app) => app.stop(), "the search door")
  return app.listen({ host: config.host, port: config.ports.search })
}
