import { randomUUIDv7 } from "node:crypto"
import { MemoryWrite, NamespaceName, WrittenAnswer } from "@engram/contracts/memories"
import { unitLength } from "@engram/core/unit-length"
import type { CallerVersions } from "@engram/pipeline/memories/versions"
import type { MemoryWriter } from "@engram/pipeline/memories/write"
import { Failure } from "../failure.ts"
import type { Operation } from "../operation.ts"
import { givenJson, parseBody, parseParameter } from "../parse-request.ts"

export interface WriteDeps {
  readonly writer: MemoryWriter
  readonly callers: CallerVersions
}

/** An id makes the write an upsert of that id, wherever it was. An expiry in the past is taken, and the memory never shown. */
export const writeMemory = (deps: WriteDeps): Operation => ({
  method: "POST",
  path: "/v1/namespaces/{name}/memories",
  name: "writeMemory",
  summary: "Writes a memory, or replaces the one with this id. The next search finds it.",
  parameters: { name: NamespaceName },
  body: MemoryWrite,
  answers: { 201: { says: "durable, and found by the next search", schema: WrittenAnswer } },
  handle: async (request, reply) => {
    const namespace = parseParameter(NamespaceName, request.params.name, "the namespace name")
    const asked = parseBody(MemoryWrite, request.body)
    // Ids that begin with the time lie together in every index that they are in.
    const id = asked.id ?? randomUUIDv7()
    const propagation = asked.propagation === undefined ? null : givenJson(request.body, "propagation")
    const memory = {
      id,
      namespace,
      content: asked.content,
      kind: asked.kind,
      source: asked.source,
      expiresAt: asked.expires_at ?? null,
      propagation,
      pin: asked.pin ?? null,
      embedding: asked.embedding ? unitLength(asked.embedding) : null,
    }
    const end = (await deps.callers.first(memory)) ?? (await deps.writer.write(memory))
    if (end === "no_namespace") throw unknown(namespace)
    return reply.code(201).send({ id, namespace })
  },
})

const unknown = (namespace: string) =>
  new Failure("not_found", `there is no namespace ${namespace}: make it with PUT /v1/namespaces/${namespace}`)
