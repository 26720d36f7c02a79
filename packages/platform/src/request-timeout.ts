/** One request to a remote service. */
export const requestTimeoutMs = 30_000
