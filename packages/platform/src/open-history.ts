import type { Config } from "@engram/config/config"
import type { History } from "@engram/contracts/history"
import type { Source } from "@engram/contracts/source"
import type { GithubKind } from "@engram/github/github-history"

/** What of a repository's past may be asked for. Comments come with what they are about. */
export const githubKinds: readonly GithubKind[] = [
  "issues",
  "pulls",
  "closings",
  "releases",
  "discussions",
  "codeowners",
]

/** One request to a provider's API. */
const requestTimeoutMs = 30_000

/** A repository's past, of what changed since a time where there is one. */
export async function openGithubHistory(options: {
  readonly config: Pick<Config, "github">
  readonly token: string
  readonly repository: string
  readonly kinds: readonly GithubKind[]
}): Promise<(since: Date | undefined) => History> {
  const { createGithubClient } = await import("@engram/github/github-client")
  const { createGithubHistory } = await import("@engram/github/github-history")
  const { config, token, repository, kinds } = options
  const { apiUrl } = config.github
  const client = createGithubClient({ identity: { token }, timeoutMs: requestTimeoutMs, ...(apiUrl ? { apiUrl } : {}) })
  return (since) => createGithubHistory({ client, repository, kinds, since })
}

/** What was recorded in a file. It knows no time of change. */
export async function openRecordedDeliveries(options: {
  readonly path: string
  readonly sources: Readonly<Record<string, Source>>
}): Promise<() => History> {
  const { createRecordedDeliveries } = await import("@engram/files/recorded-deliveries")
  return () => createRecordedDeliveries(options)
}
