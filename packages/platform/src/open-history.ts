import type { Config } from "@engram/config/config"
import type { History } from "@engram/contracts/history"
import type { Source } from "@engram/contracts/source"
import type { GithubKind } from "@engram/github/github-history"
import { linearKinds as everyLinearKind, type LinearKind } from "@engram/linear/kinds"
import { slackKinds as everySlackKind, type SlackKind } from "@engram/slack/kinds"
import { requestTimeoutMs } from "./request-timeout.ts"

/** What of a repository's past may be asked for. Comments come with what they are about. */
export const githubKinds: readonly GithubKind[] = [
  "issues",
  "pulls",
  "closings",
  "releases",
  "discussions",
  "codeowners",
]

/** What of a Linear workspace's past. Reactions come with what they are to. */
export const linearKinds: readonly LinearKind[] = everyLinearKind

/** What of a Slack workspace's past. Threads come with their channels. */
export const slackKinds: readonly SlackKind[] = everySlackKind

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

/** What a token sees of a Linear workspace's past. */
export async function openLinearHistory(options: {
  readonly config: Pick<Config, "linear">
  readonly token: string
  readonly kinds: readonly LinearKind[]
}): Promise<(since: Date | undefined) => History> {
  const { createLinearClient } = await import("@engram/linear/linear-client")
  const { createLinearHistory } = await import("@engram/linear/linear-history")
  const { config, token, kinds } = options
  const client = createLinearClient({ ...config.linear, token, timeoutMs: requestTimeoutMs })
  return (since) => createLinearHistory({ client, kinds, since })
}

/** What a token sees of a Slack workspace's past. */
export async function openSlackHistory(options: {
  readonly config: Pick<Config, "slack">
  readonly token: string
  readonly kinds: readonly SlackKind[]
}): Promise<(since: Date | undefined) => History> {
  const { createSlackClient } = await import("@engram/slack/slack-client")
  const { createSlackHistory } = await import("@engram/slack/slack-history")
  const { config, token, kinds } = options
  const client = createSlackClient({ ...config.slack, token, timeoutMs: requestTimeoutMs })
  return (since) => createSlackHistory({ client, kinds, since })
}

/** What there is in an integration's Notion. */
export async function openNotionHistory(options: {
  readonly config: Pick<Config, "notion">
  readonly token: string
}): Promise<(since: Date | undefined) => History> {
  const { openNotionHistory } = await import("@engram/notion/notion-history")
  const { config, token } = options
  const open = openNotionHistory(token, { ...config.notion, timeoutMs: requestTimeoutMs })
  return (since) => open({ since })
}

/** What was recorded in a file, which has to be there. It knows no time of change. */
export async function openRecordedDeliveries(options: {
  readonly path: string
  readonly sources: Readonly<Record<string, Source>>
}): Promise<() => History> {
  const { createRecordedDeliveries, requireFile } = await import("@engram/files/recorded-deliveries")
  await requireFile(options.path)
  return () => createRecordedDeliveries(options)
}
