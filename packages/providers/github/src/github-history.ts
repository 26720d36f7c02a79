import { hash } from "node:crypto"
import type { History, HistoryDelivery, HistoryPage } from "@engram/contracts/history"
import type { JsonObject } from "@engram/contracts/json"
import { findCodeowners } from "./codeowners.ts"
import { listDiscussions } from "./discussions.ts"
import type { GithubClient } from "./github-client.ts"
import { inOurWords, isMissing } from "./github-words.ts"
import { advance, type Changed, type Keyset, unseen } from "./keyset.ts"

/** What of a repository's past may be asked for. Comments come with what they are about. */
export type GithubKind = "issues" | "pulls" | "closings" | "releases" | "discussions" | "codeowners"

export interface GithubHistoryOptions {
  readonly client: GithubClient
  /** `octo-org/hello-world` */
  readonly repository: string
  readonly kinds: readonly GithubKind[]
  readonly since: Date | undefined
}

const perPage = 100
/** Each pull request costs two requests more, and a page that is interrupted is fetched again. */
const pullsPerPage = 25

type Stage = "things" | "comments" | "review_comments" | "closings" | "releases" | "discussions" | "codeowners"
/** Where a page begins: a stage, and where in it. */
interface At {
  readonly stage: Stage
  readonly keyset?: Keyset
  readonly page?: number
  readonly after?: string
}
interface Repository {
  readonly full_name: string
  readonly name: string
  readonly owner: { readonly login: string }
  readonly default_branch: string
  readonly has_issues?: boolean
  readonly has_discussions?: boolean
}
interface Staged {
  readonly deliveries: readonly HistoryDelivery[]
  readonly leftOut?: readonly string[]
  /** Where in the same stage to go on; undefined ends the stage. */
  readonly next: Omit<At, "stage"> | undefined
}

/** A repository's past by GitHub's API, stage after stage, each in an order that nothing can slip out of. */
export function createGithubHistory({ client, repository: named, kinds, since }: GithubHistoryOptions): History {
  const [owner = "", repo = ""] = named.split("/")
  const asks = { client, owner, repo, since, kinds: new Set(kinds) }
  let known: Promise<Repository> | undefined
  return {
    page: async (cursor) => {
      known ??= readRepository(client, owner, repo)
      const repository = await known.catch((error: unknown) => {
        known = undefined
        throw error
      })
      const stages = stagesOf(asks.kinds, repository)
      const at = (cursor as unknown as At | undefined) ?? { stage: stages[0] ?? "codeowners" }
      const { deliveries, leftOut = [], next } = await readers[at.stage]({ ...asks, repository }, at)
      const following = next ? { stage: at.stage, ...next } : stageAfter(stages, at.stage)
      return { deliveries, leftOut, next: following as JsonObject | undefined } satisfies HistoryPage
    },
  }
}

function stagesOf(kinds: ReadonlySet<GithubKind>, repository: Repository): Stage[] {
  const threads = kinds.has("issues") || kinds.has("pulls")
  return [
    ...(threads ? (["things", "comments"] as const) : []),
    ...(kinds.has("pulls") ? (["review_comments"] as const) : []),
    ...(kinds.has("closings") ? (["closings"] as const) : []),
    ...(kinds.has("releases") ? (["releases"] as const) : []),
    ...(kinds.has("discussions") && repository.has_discussions ? (["discussions"] as const) : []),
    ...(kinds.has("codeowners") ? (["codeowners"] as const) : []),
  ]
}

function stageAfter(stages: readonly Stage[], stage: Stage): At | undefined {
  const next = stages[stages.indexOf(stage) + 1]
  return next && { stage: next }
}

interface Asks {
  readonly client: GithubClient
  readonly owner: string
  readonly repo: string
  readonly since: Date | undefined
  readonly kinds: ReadonlySet<GithubKind>
  readonly repository: Repository
}

const readers: { readonly [stage in Stage]: (asks: Asks, at: At) => Promise<Staged> } = {
  things: (asks, at) => (asks.repository.has_issues === false ? readPulls(asks, at) : readThings(asks, at)),
  comments: async (asks, at) => {
    const { client, owner, repo } = asks
    const { answer, keyset } = await readChanged(asks, at, "issue comments", (query) =>
      client.request("GET /repos/{owner}/{repo}/issues/comments", { owner, repo, ...query }),
    )
    const wanted = answer.filter(({ html_url: url }) => asks.kinds.has(/\/pull\/\d+#/.test(url) ? "pulls" : "issues"))
    const deliveries = wanted.map((comment) => delivery(asks, "issue_comment", comment, { comment }))
    return { deliveries, next: keyset && { keyset } }
  },
  review_comments: async (asks, at) => {
    const { client, owner, repo } = asks
    const { answer, keyset } = await readChanged(asks, at, "review comments", (query) =>
      client.request("GET /repos/{owner}/{repo}/pulls/comments", { owner, repo, ...query }),
    )
    const deliveries = answer.map((comment) => delivery(asks, "review_comment", comment, { comment }))
    return { deliveries, next: keyset && { keyset } }
  },
  closings: readClosings,
  releases: readReleases,
  discussions: async (asks, at) => {
    const names = { owner: asks.owner, name: asks.repo }
    const { discussions, next } = await listDiscussions(asks.client, names, at.after, asks.since)
    const deliveries = discussions.map((discussion) => {
      const { databaseId: id, updatedAt } = discussion
      return delivery(asks, "discussion", { id, updated_at: updatedAt }, { discussion })
    })
    return { deliveries, next: next === undefined ? undefined : { after: next } }
  },
  codeowners: async ({ client, owner, repo, repository }) => {
    const file = await findCodeowners(client, { owner, name: repo, ref: repository.default_branch })
    if (!file) return { deliveries: [], next: undefined }
    const key = `codeowners:${repository.full_name.toLowerCase()}:${file.path}:${file.at}:${file.sha}`
    return { deliveries: [synthetic("codeowners", shortened(key), { repository, ...file })], next: undefined }
  },
}

/** Issues and pull requests are numbered and listed as one; each pull request is then asked for whole, with its reviews. */
async function readThings(asks: Asks, at: At): Promise<Staged> {
  const keyset = keysetOf(asks, at)
  const { client, owner, repo } = asks
  const answer = await inOurWords(`issues of ${owner}/${repo}`, () =>
    client.request("GET /repos/{owner}/{repo}/issues", { owner, repo, state: "all", ...queryOf(keyset) }),
  )
  const wanted = (item: { pull_request?: unknown }) => asks.kinds.has(item.pull_request ? "pulls" : "issues")
  const fresh = unseen(keyset, answer.data)
  const taken = upToPulls(fresh, (item) => Boolean(item.pull_request) && wanted(item))
  const deliveries: HistoryDelivery[] = []
  const leftOut: string[] = []
  for (const item of taken.filter(wanted)) {
    if (!item.pull_request) deliveries.push(delivery(asks, "issue", item, { issue: item }))
    else await addPull(asks, item.number, deliveries, leftOut)
  }
  const next = advance(keyset, answer.data, taken, perPage)
  return { deliveries, leftOut, next: next && { keyset: next } }
}

function upToPulls<Item>(items: readonly Item[], isPull: (item: Item) => boolean): Item[] {
  let pulls = 0
  const end = items.findIndex((item) => isPull(item) && ++pulls > pullsPerPage)
  return end < 0 ? [...items] : items.slice(0, end)
}

/** A repository without issues lists its pull requests by themselves: in the order they were opened, which never changes. */
async function readPulls(asks: Asks, at: At): Promise<Staged> {
  if (!asks.kinds.has("pulls")) return { deliveries: [], next: undefined }
  const { client, owner, repo, since } = asks
  const page = at.page ?? 1
  const answer = await inOurWords(`pull requests of ${owner}/${repo}`, () =>
    client.request("GET /repos/{owner}/{repo}/pulls", {
      ...{ owner, repo, state: "all", sort: "created", direction: "asc", per_page: pullsPerPage, page },
    }),
  )
  const deliveries: HistoryDelivery[] = []
  const leftOut: string[] = []
  for (const { number, updated_at } of answer.data) {
    if (since === undefined || Date.parse(updated_at) >= since.getTime())
      await addPull(asks, number, deliveries, leftOut)
  }
  return { deliveries, leftOut, next: answer.data.length < pullsPerPage ? undefined : { page: page + 1 } }
}

async function addPull(asks: Asks, number: number, deliveries: HistoryDelivery[], leftOut: string[]): Promise<void> {
  const { client, owner, repo } = asks
  const asked = `pull request ${owner}/${repo}#${number}`
  const pull = await inOurWords(asked, () =>
    client
      .request("GET /repos/{owner}/{repo}/pulls/{pull_number}", { owner, repo, pull_number: number })
      .catch((error: unknown) => {
        if (isMissing(error)) return undefined
        throw error
      }),
  )
  if (!pull) return void leftOut.push(`${asked} went while it was asked for`)
  const reviews: object[] = []
  for (let page = 1; reviews.length === (page - 1) * perPage; page++) {
    const answer = await inOurWords(`reviews of ${asked}`, () =>
      client.request("GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews", {
        ...{ owner, repo, pull_number: number, per_page: perPage, page },
      }),
    )
    reviews.push(...answer.data)
  }
  deliveries.push(delivery(asks, "pull_request", pull.data, { pull_request: pull.data, reviews }))
}

interface ListQuery {
  readonly sort: "updated"
  readonly direction: "asc"
  readonly per_page: number
  readonly page: number
  readonly since?: string
}

/** What of one kind a repository has, from the one changed longest ago. */
async function readChanged<Item extends Changed>(
  asks: Asks,
  at: At,
  what: string,
  ask: (query: ListQuery) => Promise<{ readonly data: readonly Item[] }>,
): Promise<{ readonly answer: readonly Item[]; readonly keyset: Keyset | undefined }> {
  const keyset = keysetOf(asks, at)
  const { data } = await inOurWords(`${what} of ${asks.owner}/${asks.repo}`, () => ask(queryOf(keyset)))
  const answer = unseen(keyset, data)
  return { answer, keyset: advance(keyset, data, answer, perPage) }
}

const queryOf = ({ since, page }: Keyset): ListQuery => ({
  ...{ sort: "updated", direction: "asc", per_page: perPage, page },
  ...(since === undefined ? {} : { since }),
})

const keysetOf = ({ since }: Asks, at: At): Keyset =>
  at.keyset ?? { page: 1, seen: [], ...(since && { since: since.toISOString().replace(/\.\d+Z$/, "Z") }) }

/** Newest first, the only order there is: one that comes meanwhile moves the others back, and they are met twice. */
async function readReleases(asks: Asks, at: At): Promise<Staged> {
  const { client, owner, repo, since } = asks
  const page = at.page ?? 1
  const { data } = await inOurWords(`releases of ${owner}/${repo}`, () =>
    client.request("GET /repos/{owner}/{repo}/releases", { owner, repo, per_page: perPage, page }),
  )
  const deliveries = data.flatMap((release) => {
    const updated_at = [release.updated_at, release.published_at, release.created_at].filter(Boolean).sort().at(-1)!
    if (since !== undefined && Date.parse(updated_at) < since.getTime()) return []
    return [delivery(asks, "release", { id: release.id, updated_at }, { release })]
  })
  return { deliveries, next: data.length < perPage ? undefined : { page: page + 1 } }
}

/**
 * Whatever happened to issues and pull requests, newest first, of which only closings and reopenings are kept: the API has no
 * list of those alone. What happened is never changed afterwards, so its number is its key.
 */
async function readClosings(asks: Asks, at: At): Promise<Staged> {
  const { client, owner, repo, since, repository } = asks
  const page = at.page ?? 1
  const { data } = await inOurWords(`issue events of ${owner}/${repo}`, () =>
    client.request("GET /repos/{owner}/{repo}/issues/events", { owner, repo, per_page: perPage, page }),
  )
  const recent = data.filter(({ created_at }) => since === undefined || Date.parse(created_at) >= since.getTime())
  const deliveries = recent
    .filter(({ event, issue }) => issue && (event === "closed" || event === "reopened"))
    .map((event) => synthetic("import.closing", `import:closing:${event.id}`, { repository, event }))
  return { deliveries, next: recent.length < perPage ? undefined : { page: page + 1 } }
}

async function readRepository(client: GithubClient, owner: string, repo: string): Promise<Repository> {
  const { data } = await inOurWords(`repository ${owner}/${repo}`, () =>
    client.request("GET /repos/{owner}/{repo}", { owner, repo }),
  )
  // What is about the token, or opens doors, is no part of the repository.
  const { temp_clone_token: _token, permissions: _permissions, ...repository } = data
  return repository
}

/** What changes by itself, or says nothing about the thing: it must not make a repeat look new. */
const volatile = new Set(["repo", "mergeable", "mergeable_state", "rebaseable", "reactions", "_links"])

function delivery({ repository }: Asks, kind: string, { id, updated_at }: Changed, content: object): HistoryDelivery {
  const said = JSON.stringify(content, (name, value: unknown) => (volatile.has(name) ? undefined : value))
  const key = `import:${kind}:${id}:${updated_at}:${hash("sha256", said, "hex").slice(0, 32)}`
  return synthetic(`import.${kind}`, key, { repository, ...content })
}

const synthetic = (event: string, deliveryKey: string, body: object): HistoryDelivery => ({
  source: "github",
  deliveryKey,
  event,
  headers: { "content-type": "application/json", "x-github-event": event },
  body: Buffer.from(JSON.stringify(body)),
})

/** Names of repositories and files have no limit that a key could rely on. */
const shortened = (key: string): string => (key.length <= 200 ? key : `codeowners:${hash("sha256", key, "hex")}`)
