import type { History, HistoryDelivery } from "@engram/contracts/history"
import {
  emptyRepository,
  type GithubDiscussionComment,
  type GithubObject,
  type GithubRepository,
} from "@engram/testkit/github-data"
import type { GithubServer } from "@engram/testkit/github-server"
import { createGithubClient } from "../src/github-client.ts"
import { createGithubHistory, type GithubKind } from "../src/github-history.ts"

export const at = (second: number): string =>
  new Date(Date.UTC(2024, 0, 1) + second * 1_000).toISOString().replace(".000", "")

const octocat = { id: 1, login: "octocat", type: "User", html_url: "https://github.com/octocat" }

export const repositoryOf = (name: string, more: GithubObject = {}): GithubRepository =>
  emptyRepository({
    ...{ id: 7, name, full_name: `octo-org/${name}`, owner: octocat, default_branch: "main", private: false },
    ...{ has_issues: true, has_discussions: true, stargazers_count: 1, temp_clone_token: "cloned", ...more },
  })

export const issue = (number: number, updated: number, more: GithubObject = {}): GithubObject => ({
  ...{ id: 10_000 + number, number, title: `Issue ${number}`, body: "", state: "open", user: octocat, labels: [] },
  ...{
    created_at: at(0),
    updated_at: at(updated),
    html_url: `https://github.com/octo-org/r/issues/${number}`,
    ...more,
  },
})

export const pull = (number: number, updated: number): GithubObject => ({
  ...issue(number, updated),
  ...{ html_url: `https://github.com/octo-org/r/pull/${number}`, merged_at: null, mergeable: null, merged_by: null },
  head: { ref: "b", repo: { stargazers_count: 1 } },
  base: { ref: "main", repo: { stargazers_count: 1 } },
})

export const said = (id: number, replies: GithubDiscussionComment[] = []): GithubDiscussionComment => ({
  ...{ id: `C_${id}`, databaseId: id, body: `said ${id}`, url: `https://github.com/${id}`, replies },
  ...{ createdAt: at(id), updatedAt: at(id), author: null },
})

export const clientOf = (server: GithubServer, more: { token?: string; timeoutMs?: number } = {}) =>
  createGithubClient({
    ...{ identity: { token: more.token ?? server.token }, apiUrl: server.url },
    ...{ timeoutMs: more.timeoutMs ?? 5_000, retryBaseMs: 1 },
  })

export const historyOf = (
  server: GithubServer,
  name: string,
  kinds: readonly GithubKind[],
  more: { since?: Date; token?: string; timeoutMs?: number } = {},
): History =>
  createGithubHistory({ client: clientOf(server, more), repository: `octo-org/${name}`, kinds, since: more.since })

/** All pages, as a run would fetch them; `between` is done after each. */
export async function readAll(
  history: History,
  between: (page: number) => void = () => {},
): Promise<HistoryDelivery[]> {
  const deliveries: HistoryDelivery[] = []
  let cursor: Parameters<History["page"]>[0]
  for (let page = 1; ; page++) {
    const read = await history.page(cursor)
    deliveries.push(...read.deliveries)
    if (read.next === undefined) return deliveries
    // Kept in Postgres between processes.
    cursor = JSON.parse(JSON.stringify(read.next))
    between(page)
  }
}

export const bodyOf = ({ body }: HistoryDelivery): GithubObject => JSON.parse(Buffer.from(body).toString())
