import { createPatientFetch } from "@engram/patient-fetch/patient-fetch"
import { createAppAuth } from "@octokit/auth-app"
import { Octokit } from "@octokit/core"

export type GithubClient = Octokit

/** Whom GitHub is asked as: the holder of a token, or an app about itself. */
export type GithubIdentity = { readonly token: string } | { readonly appId: string; readonly privateKey: string }

export interface GithubClientOptions {
  readonly identity: GithubIdentity
  /** `https://github.example.org/api/v3` for an enterprise server. */
  readonly apiUrl?: string
  readonly timeoutMs: number
  /** Between requests that are sent again; for tests. */
  readonly retryBaseMs?: number
}

export const githubApiUrl = "https://api.github.com"

/** Asks with a time limit and patience; nothing is asked until a request is made. */
export function createGithubClient(options: GithubClientOptions): GithubClient {
  const { identity, apiUrl = githubApiUrl, ...patience } = options
  const patient = createPatientFetch({
    service: "GitHub",
    ...patience,
    // How long a rate limit lasts is in headers that only `failure` reads; sending at once would break it again.
    isFinal: (status) => status === 429,
  })
  return new Octokit({
    baseUrl: apiUrl.replace(/\/+$/, ""),
    userAgent: "engram",
    request: { fetch: patient.fetch },
    log: silent,
    ...("token" in identity ? { auth: identity.token } : { authStrategy: createAppAuth, auth: identity }),
  })
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }
