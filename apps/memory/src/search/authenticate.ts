import { Refusal } from "@engram/bodies/refusal"
import type { ApiKeys } from "@engram/contracts/deliveries"
import type { Reader } from "@engram/contracts/search"
import type { FastifyInstance, FastifyRequest } from "fastify"

const decorator = "reader"

/** Lets a request pass to the routes of `app` only with a key that may search; before its body is read. 401, 403. */
export function requireKey(app: FastifyInstance, apiKeys: ApiKeys): void {
  app.decorateRequest(decorator)
  app.addHook("onRequest", async (request) => {
    const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "") ?? []
    const key = token === undefined ? undefined : await apiKeys.authenticate(token)
    if (!key) throw new Refusal(401, "unknown_key", "send `authorization: Bearer` with an API key that is not revoked")
    if (!key.actions.includes("search")) {
      throw new Refusal(403, "may_not_search", `the key ${key.name} may not search`)
    }
    const { workspaceId, storeId, scopeIds } = key
    request.setDecorator<Reader>(decorator, { workspaceId, storeId, scopeIds })
  })
}

/** Whose key it was. */
export const readerOf = (request: FastifyRequest): Reader => request.getDecorator<Reader>(decorator)
