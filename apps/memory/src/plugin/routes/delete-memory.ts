import { MemoryDelete, MemoryUuid } from "@engram/contracts/memories"
import type { MemoryLedger, MemoryPlace } from "@engram/contracts/memory-ledger"
import { Failure } from "../failure.ts"
import type { Operation } from "../operation.ts"
import { parseBody, parseParameter } from "../parse-request.ts"

export interface DeleteDeps {
  readonly place: MemoryPlace
  readonly ledger: MemoryLedger
  readonly onRemoved: () => void
}

export const deleteMemory = (deps: DeleteDeps): Operation => ({
  method: "DELETE",
  path: "/v1/memories/{id}",
  name: "deleteMemory",
  summary: "Forgets a memory, on behalf of the namespace it belongs to.",
  parameters: { id: MemoryUuid },
  body: MemoryDelete,
  answers: { 204: { says: "it is gone", schema: null } },
  handle: async (request, reply) => {
    const id = parseParameter(MemoryUuid, request.params.id, "the memory id")
    const { requested_by_namespace } = parseBody(MemoryDelete, request.body)
    const end = await deps.ledger.remove(deps.place, id, requested_by_namespace)
    if (end === "not_found") throw new Failure("not_found", `there is no memory ${id}`)
    if (end === "of_another_namespace") {
      throw new Failure("forbidden", `the memory ${id} does not belong to ${requested_by_namespace}`)
    }
    deps.onRemoved()
    return reply.code(204).send()
  },
})
