import { LinearGraphQLClient } from "@linear/sdk"
import { inOurWords } from "./linear-words.ts"

export interface LinearClientOptions {
  /** A personal API key (`lin_api_…`), or an OAuth access token. */
  readonly token: string
  /** Another address than Linear's own. */
  readonly apiUrl?: string
  /** For one request and its whole answer. */
  readonly timeoutMs: number
}

export interface LinearClient {
  /** `RetryLater` when Linear is away or its limits are used up; `Rejected` when a person has to do something. `asked` says for what. */
  ask<Answer>(asked: string, query: string, variables?: { readonly [name: string]: unknown }): Promise<Answer>
}

export const linearApiUrl = "https://api.linear.app/graphql"

/** Linear's GraphQL API through its SDK's client. Each request is sent once: whoever imports waits, and may be interrupted. */
export function createLinearClient({ token, apiUrl = linearApiUrl, timeoutMs }: LinearClientOptions): LinearClient {
  const authorization = token.startsWith("lin_api_") ? token : `Bearer ${token}`
  const { host } = new URL(apiUrl)
  return {
    ask: (asked, query, variables = {}) =>
      inOurWords(asked, { host, timeoutMs }, async () => {
        // The SDK takes a signal for all requests of a client, so each request has a client of its own.
        const client = new LinearGraphQLClient(apiUrl, {
          headers: { authorization },
          signal: AbortSignal.timeout(timeoutMs),
        })
        const { data } = await client.rawRequest<never, { readonly [name: string]: unknown }>(query, variables)
        return data as never
      }),
  }
}
