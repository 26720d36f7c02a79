/** What a door tells Fastify, so that a request has come to its end within `ms`, headers and body, or is refused with 408. */
export const requestWithin = (ms: number) => ({
  requestTimeout: ms,
  // Of the two Node takes the larger for the whole request, and the other is 60 s unless said.
  http: { headersTimeout: ms, connectionsCheckingInterval: Math.min(5_000, ms) },
})
