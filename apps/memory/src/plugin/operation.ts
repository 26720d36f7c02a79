import type { FastifyReply, FastifyRequest } from "fastify"
import type { z } from "zod"

/** One endpoint: what OpenAPI says of it, and what it does. */
export interface Operation {
  readonly method: "GET" | "PUT" | "PATCH" | "POST" | "DELETE"
  /** As OpenAPI writes it: `/v1/memories/{id}`. */
  readonly path: string
  /** As metrics and OpenAPI call it. */
  readonly name: string
  readonly summary: string
  readonly parameters?: { readonly [name: string]: z.ZodType }
  readonly body?: z.ZodType
  /** By status; null has no body. */
  readonly answers: { readonly [status: number]: { readonly says: string; readonly schema: z.ZodType | null } }
  handle(request: FastifyRequest<{ Params: Record<string, string> }>, reply: FastifyReply): Promise<unknown>
}

/** Sent as it is: JSON text that was put together by hand. */
export const sendJson = (reply: FastifyReply, status: number, text: string): FastifyReply =>
  reply.code(status).type("application/json; charset=utf-8").send(text)
