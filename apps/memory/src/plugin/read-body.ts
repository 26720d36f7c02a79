import type { BodyBudget } from "@engram/bodies/body-budget"
import { readBody } from "@engram/bodies/read-body"
import type { FastifyInstance, FastifyRequest } from "fastify"
import { Failure } from "./failure.ts"

/** The bytes, their text, what was parsed out of it, and the row made of that. */
const memoryPerByte = 4

/**
 * Bodies are JSON whatever their content type says, as clients of the contract send them with several or none. They reach the
 * routes as text: what is opaque to the server is stored as it was given. All bodies in flight share one budget, each until its
 * request is answered or its sender is gone; who finds none left waits unread.
 */
export function readBodies(
  app: FastifyInstance,
  limits: { readonly bytesMax: number; readonly budget: BodyBudget },
): void {
  const held = new WeakMap<FastifyRequest, () => void>()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser("*", async (request: FastifyRequest) => {
    const { bytes, release } = await readBody(request.raw, { ...limits, memoryPerByte })
    held.set(request, release)
    try {
      return utf8.decode(bytes)
    } catch {
      throw new Failure("bad_request", "the body is not UTF-8")
    }
  })
  const letGo = async (request: FastifyRequest): Promise<void> => held.get(request)?.()
  app.addHook("onResponse", letGo)
  app.addHook("onRequestAbort", letGo)
}

const utf8 = new TextDecoder("utf-8", { fatal: true })
