import { NamespaceAnswer, NamespaceName, NamespacePut } from "@engram/contracts/memories"
import type { MemoryLedger, MemoryPlace } from "@engram/contracts/memory-ledger"
import { namespaceText } from "../answers.ts"
import { type Operation, sendJson } from "../operation.ts"
import { givenJson, parseBody, parseParameter } from "../parse-request.ts"

/** A name that has expired begins anew, without its old memories. */
export const putNamespace = (deps: { readonly ledger: MemoryLedger; readonly place: MemoryPlace }): Operation => ({
  method: "PUT",
  path: "/v1/namespaces/{name}",
  name: "putNamespace",
  summary: "Makes a namespace, or replaces its kind, expiry and metadata; created_at stays.",
  parameters: { name: NamespaceName },
  body: NamespacePut,
  answers: { 200: { says: "the namespace as it is now", schema: NamespaceAnswer } },
  handle: async (request, reply) => {
    const name = parseParameter(NamespaceName, request.params.name, "the namespace name")
    const { kind, expires_at, metadata } = parseBody(NamespacePut, request.body)
    const row = await deps.ledger.putNamespace(deps.place, {
      name,
      kind,
      expiresAt: expires_at ?? null,
      metadata: metadata === undefined ? null : givenJson(request.body, "metadata"),
    })
    return sendJson(reply, 200, namespaceText(row))
  },
})
