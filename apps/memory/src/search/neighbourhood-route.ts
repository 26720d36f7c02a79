import { Refusal } from "@engram/bodies/refusal"
import { firstIssue } from "@engram/contracts/first-issue"
import type { Neighbourhood } from "@engram/contracts/neighbourhood"
import type { Reader } from "@engram/contracts/search"
import type { Reach } from "@engram/pipeline/neighbourhood"
import type { FastifyInstance } from "fastify"
import { z } from "zod"
import { readerOf } from "./authenticate.ts"

export interface NeighbourhoodRouteDeps {
  readonly readNeighbourhood: (reader: Reader, entity: string, reach: Reach) => Promise<Neighbourhood | undefined>
}

const Asked = z.strictObject({
  /** `owner/repo#12`, `ENG-123`, an address, an id, an alias as `type:value`. */
  entity: z.string().trim().min(1).max(1_000),
  hops: z.coerce.number().int().min(1).max(3).default(1),
  limit: z.coerce.number().int().min(1).max(100).default(20),
})

/**
 *   200 {nodes, edges, cut}   the first node is the one asked for     403   the key may not search
 *   400   a parameter is wrong: `path` names it                       503   Postgres is away (Retry-After)
 *   401   no such key
 *   404   nothing goes by that name, or nothing that this key may see says anything of it
 */
export function serveNeighbourhoods(app: FastifyInstance, deps: NeighbourhoodRouteDeps): void {
  app.get("/v1/graph", async (request) => {
    const parsed = Asked.safeParse(request.query)
    if (!parsed.success) {
      const { path, message } = firstIssue(parsed.error)
      throw new Refusal(400, "bad_request", `${path}: ${message}`, { path })
    }
    const { entity, hops, limit } = parsed.data
    const found = await deps.readNeighbourhood(readerOf(request), entity, { hops, neighboursMax: limit })
    if (found === undefined || found.edges.length === 0)
      throw new Refusal(404, "unknown_entity", "nothing is known to stand around an entity of that name")
    return found
  })
}
