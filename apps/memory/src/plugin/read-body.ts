import type { FastifyInstance } from "fastify"
import { Failure } from "./failure.ts"

/** What is too large is still read to its end, up to this, so that the client gets to hear why; beyond, it is cut off. */
const discardedMax = 100 * 1024 * 1024

/**
 * Bodies are JSON whatever their content type says, as clients of the contract send them with several or none. They reach the
 * routes as text: what is opaque to the server is stored as it was given.
 */
export function readBodies(app: FastifyInstance, bytesMax: number): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser("*", async (_request: unknown, payload: AsyncIterable<Buffer>) => {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of payload) {
      bytes += chunk.length
      if (bytes <= bytesMax) chunks.push(chunk)
      else chunks.length = 0
      if (bytes > discardedMax) break
    }
    if (bytes > bytesMax) throw new Failure("bad_request", `the body has more than ${bytesMax} bytes`, { status: 413 })
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks))
    } catch {
      throw new Failure("bad_request", "the body is not UTF-8")
    }
  })
}
