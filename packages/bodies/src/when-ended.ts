import type { ServerResponse } from "node:http"

/** nginx's word for it. */
const clientGone = 499

/**
 * Tells the status once, when the answer is out or its client gone (499). Every response closes; Fastify's own `onResponse` says
 * nothing of an answer that nobody took.
 */
export function whenEnded(response: ServerResponse, tell: (status: number) => void): void {
  response.once("close", () => tell(response.writableFinished ? response.statusCode : clientGone))
}
