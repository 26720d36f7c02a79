import { NamespaceAnswer, NamespaceName, NamespacePatch } from "@engram/contracts/memories"
import type { MemoryLedger, MemoryPlace } from "@engram/contracts/memory-ledger"
import { namespaceText } from "../answers.ts"
import { Failure } from "../failure.ts"
import { type Operation, sendJson } from "../operation.ts"
import { givenJson, parseBody, parseParameter } from "../parse-request.ts"

/** Null changes nothing, as an absent field does. */
export const patchNamespace = (deps: { readonly ledger: MemoryLedger; readonly place: MemoryPlace }): Operation => ({
  method: "PATCH",
  path: "/v1/namespaces/{name}",
  name: "patchNamespace",
  summary: "Changes a namespace's expiry or metadata.",
  parameters: { name: NamespaceName },
  body: NamespacePatch,
  answers: { 200: { says: "the namespace as it is now", schema: NamespaceAnswer } },
  handle: async (request, reply) => {
    const name = parseParameter(NamespaceName, request.params.name, "the namespace name")
    const { expires_at, metadata } = parseBody(NamespacePatch, request.body)
    const row = await deps.ledger.patchNamespace(deps.place, name, {
      ...(expires_at && { expiresAt: expires_at }),
      ...(metadata && { metadata: givenJson(request.body, "metadata") }),
    })
    if (row === undefined) throw new Failure("not_found", `there is no namespace ${name}`)
    return sendJson(reply, 200, namespaceText(row))
  },
})
