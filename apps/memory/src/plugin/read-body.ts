import type { IncomingMessage } from "node:http"
import type { BodyBudget } from "@engram/bodies/body-budget"
import { readBody } from "@engram/bodies/read-body"
import { Refusal } from "@engram/bodies/refusal"
import type { FastifyInstance, FastifyRequest } from "fastify"
import { Failure } from "./failure.ts"

/** What is too large is still read to its end, up to this, so that the client gets to hear why; beyond, it is cut off. */
const discardedMax = 100 * 1024 * 1024

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
  app.decorateRequest("releaseBody", null)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser("*", async (request: FastifyRequest) => {
    const { bytes, release } = await readBody(request.raw, { ...limits, memoryPerByte }).catch(async (error) => {
      if (error instanceof Refusal && error.status === 413) await readPast(request.raw)
      throw error
    })
    request.releaseBody = release
    try {
      return utf8.decode(bytes)
    } catch {
      release()
      throw new Failure("bad_request", "the body is not UTF-8")
    }
  })
  app.addHook("preValidation", async (request, { raw: response }) => {
    const release = request.releaseBody
    if (release === null) return
    // Every response closes, answered or not; `finish` is told of answered ones only.
    if (response.closed) release()
    else response.once("close", release)
  })
}

declare module "fastify" {
  interface FastifyRequest {
    /** Gives back what its body holds of the budget; null while it has none. */
    releaseBody: (() => void) | null
  }
}

/** Resolves when nothing more comes, or too much has. */
function readPast(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    let bytes = 0
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > discardedMax) resolve()
    })
    for (const end of ["end", "close", "error"]) request.once(end, () => resolve())
  })
}

const utf8 = new TextDecoder("utf-8", { fatal: true })
