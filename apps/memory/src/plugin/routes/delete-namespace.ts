import { NamespaceName } from "@engram/contracts/memories"
import type { MemoryLedger, MemoryPlace } from "@engram/contracts/memory-ledger"
import { Failure } from "../failure.ts"
import type { Operation } from "../operation.ts"
import { parseParameter } from "../parse-request.ts"

/** Its memories are gone for every reader when this answers; the janitor then removes them from every store. */
export const deleteNamespace = (deps: { readonly ledger: MemoryLedger; readonly place: MemoryPlace }): Operation => ({
  method: "DELETE",
  path: "/v1/namespaces/{name}",
  name: "deleteNamespace",
  summary: "Removes a namespace and its memories, from every store.",
  parameters: { name: NamespaceName },
  answers: { 204: { says: "it is gone, and its memories with it", schema: null } },
  handle: async (request, reply) => {
    const name = parseParameter(NamespaceName, request.params.name, "the namespace name")
    if (!(await deps.ledger.endNamespace(deps.place, name))) {
      throw new Failure("not_found", `there is no namespace ${name}`)
    }
    return reply.code(204).send()
  },
})
