import { Refusal } from "@engram/bodies/refusal"
import type { DocumentView } from "@engram/contracts/documents"
import type { Reader } from "@engram/contracts/search"
import type { FastifyInstance } from "fastify"
import { readerOf } from "./authenticate.ts"

export interface DocumentRouteDeps {
  readonly readDocument: (reader: Reader, id: string) => Promise<DocumentView | undefined>
}

/** Longer ones are nobody's. */
const idShape = /^doc_[A-Za-z0-9_-]{1,80}$/

/**
 *   200   the document with its chunks and observations     403   the key may not search
 *   401   no such key                                       503   Postgres is away (Retry-After)
 *   404   none that this key may see: gone, private, of another store or workspace, or never there
 */
export function serveDocuments(app: FastifyInstance, deps: DocumentRouteDeps): void {
  app.get<{ Params: { id: string } }>("/v1/documents/:id", async (request) => {
    const { id } = request.params
    const document = idShape.test(id) ? await deps.readDocument(readerOf(request), id) : undefined
    if (document === undefined) throw new Refusal(404, "unknown_document", "there is no such document")
    return document
  })
}
