import { createPublicKey, verify } from "node:crypto"
import type { GithubHook, GithubHookDelivery, GithubObject, GithubRepository } from "./github-data.ts"
import { answerGraphql } from "./github-graphql.ts"
import { type Answer, Refused, type Request, type StrictServer, startStrictServer } from "./strict-server.ts"

export interface GithubServer extends StrictServer {
  readonly token: string
  readonly repositories: GithubRepository[]
  readonly hooks: GithubHook[]
  /** So many requests more, and 403 until the limit is reset. Undefined: 5,000. */
  limitTo(remaining: number, resetInMs: number): void
  /** The next reads of paths that match are refused for want of this permission. */
  forbid(path: RegExp, permission: string): void
}

const perPageDefault = 30
const perPageMax = 100

/**
 * GitHub's REST and GraphQL APIs as far as Engram asks, over real HTTP: credentials, pagination by Link headers, rate limits
 * in headers, sorting and `since`, and a refusal of whatever parameter the documented endpoint does not have.
 */
export async function startGithubServer(
  options: {
    readonly app?: { readonly id: string; readonly publicKey: string }
    /** GitHub's documentation leaves open whether `since` includes its own second. */
    readonly sinceIsInclusive?: boolean
  } = {},
): Promise<GithubServer> {
  const token = "github-test-token"
  const repositories: GithubRepository[] = []
  const hooks: GithubHook[] = []
  const forbidden: { path: RegExp; permission: string }[] = []
  let remaining = 5_000
  let resetAt = Date.now() + 3_600_000
  let url = ""

  const rateHeaders = () => ({
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": String(Math.max(0, remaining)),
    "x-ratelimit-reset": String(Math.ceil(resetAt / 1_000)),
  })

  const handle = async (request: Request): Promise<Answer> => {
    if (Date.now() >= resetAt) {
      remaining = 5_000
      resetAt = Date.now() + 3_600_000
    }
    if (!request.headers["user-agent"]) throw refused(403, "Request forbidden by administrative rules.")
    checkCredentials(request, token, options.app)
    if (remaining-- <= 0) throw new Refused(403, { message: "API rate limit exceeded for user ID 1." }, rateHeaders())
    const denied = forbidden.find(({ path }) => path.test(request.path))
    if (denied) {
      const headers = { ...rateHeaders(), "x-accepted-github-permissions": denied.permission }
      throw new Refused(403, { message: "Resource not accessible by personal access token" }, headers)
    }
    const answer = await route(request)
    return { ...answer, headers: { ...rateHeaders(), ...answer.headers } }
  }

  const route = async (request: Request): Promise<Answer> => {
    if (request.path === "/graphql" && request.method === "POST") {
      const body = await answerGraphql(find, () => repositories, JSON.parse(request.body))
      return { status: 200, body }
    }
    const hook = hooks.find(({ path }) => request.path.startsWith(`/${path}/deliveries`))
    if (hook) return answerHook(url, hook, request)
    const [, owner, name, rest] = /^\/repos\/([^/]+)\/([^/]+)(?:\/(.*))?$/.exec(request.path) ?? []
    const found = owner && name ? find(`${owner}/${decodeURIComponent(name)}`) : undefined
    if (!found || request.method !== "GET") throw refused(404, "Not Found")
    return readRepository(url, found, rest ?? "", request, options.sinceIsInclusive ?? true)
  }

  const find = (fullName: string) =>
    repositories.find(({ repository }) => repository.full_name.toLowerCase() === fullName.toLowerCase())

  const server = await startStrictServer(handle, (_, message) => ({ message }))
  url = server.url
  return {
    ...server,
    token,
    repositories,
    hooks,
    limitTo: (left, resetInMs) => {
      remaining = left
      resetAt = Date.now() + resetInMs
    },
    forbid: (path, permission) => void forbidden.push({ path, permission }),
  }
}

const refused = (status: number, message: string): Refused =>
  new Refused(status, { message, documentation_url: "https://docs.github.com/rest", status: String(status) })

/** Apps sign a token about themselves and may ask about their own webhook only. */
function checkCredentials(
  request: Request,
  token: string,
  app: { readonly id: string; readonly publicKey: string } | undefined,
): void {
  const [, scheme = "", given = ""] = /^(token|bearer) +(\S+)$/i.exec(request.headers.authorization ?? "") ?? []
  if (!request.path.startsWith("/app/")) {
    if (scheme !== "" && given === token) return
    throw refused(401, given === "" ? "Requires authentication" : "Bad credentials")
  }
  const [head = "", claims = "", signature = ""] = given.split(".")
  const isOurs =
    app !== undefined &&
    verify(
      "RSA-SHA256",
      Buffer.from(`${head}.${claims}`),
      createPublicKey(app.publicKey),
      Buffer.from(signature, "base64url"),
    )
  if (!isOurs) throw refused(401, "A JSON web token could not be decoded")
  const { iss, exp, iat } = JSON.parse(Buffer.from(claims, "base64url").toString())
  if (String(iss) !== app?.id) throw refused(401, "'Issuer' claim ('iss') must be an Integer")
  if (exp - iat > 660 || exp * 1_000 < Date.now())
    throw refused(401, "'Expiration time' claim ('exp') is too far in the future")
}

/** The answer of a list: its items, its parameters, all checked. */
function readRepository(
  url: string,
  found: GithubRepository,
  rest: string,
  request: Request,
  sinceIsInclusive: boolean,
): Answer {
  if (rest === "") return { status: 200, body: checked(found.repository, request, []) }
  const listed = listOf(found, rest, request)
  if (listed) {
    const [items, allowed] = listed
    return paged(url, request, filtered(items, request, allowed, sinceIsInclusive), allowed)
  }
  const number = /^pulls\/(\d+)$/.exec(rest)?.[1]
  const pull = found.pulls.find((each) => each.number === Number(number))
  if (pull) return { status: 200, body: checked(pull, request, []) }
  const path = decodeURIComponent(/^contents\/(.+)$/.exec(rest)?.[1] ?? "")
  const file = found.files.get(path)
  if (!file) throw refused(404, "Not Found")
  const content = Buffer.from(file.content).toString("base64").replace(/.{60}/g, "$&\n")
  const body = { type: "file", encoding: "base64", path, sha: file.sha, size: file.content.length, content }
  return { status: 200, body: checked(body, request, ["ref"]) }
}

/** The items of a list and the parameters it takes, beside those of its pages. */
function listOf(found: GithubRepository, rest: string, request: Request): [GithubObject[], string[]] | undefined {
  const { repository, issues, pulls, reviews, files } = found
  if (rest === "issues" && repository.has_issues === false) throw refused(410, "Issues are disabled for this repo")
  const reviewed = /^pulls\/(\d+)\/reviews$/.exec(rest)?.[1]
  if (reviewed && pulls.some((pull) => pull.number === Number(reviewed)))
    return [reviews.get(Number(reviewed)) ?? [], []]
  const lists: { readonly [path: string]: [GithubObject[], string[]] } = {
    issues: [
      [...issues, ...pulls.map(asIssue)],
      ["state", "sort", "direction", "since"],
    ],
    "issues/comments": [found.issueComments, ["sort", "direction", "since"]],
    "issues/events": [found.issueEvents.toSorted((a, b) => b.id - a.id), []],
    "pulls/comments": [found.reviewComments, ["sort", "direction", "since"]],
    pulls: [pulls.map(asListed), ["state", "sort", "direction"]],
    releases: [found.releases.toReversed(), []],
    commits: [commitsOf(files, request), ["path", "sha"]],
  }
  return Object.hasOwn(lists, rest) ? lists[rest] : undefined
}

function commitsOf(files: GithubRepository["files"], { query }: Request): GithubObject[] {
  const file = files.get(query.get("path") ?? "")
  return file ? [{ sha: file.sha, commit: { committer: { date: file.at } } }] : []
}

const sharedFields =
  "number title body state user labels assignees milestone comments created_at updated_at closed_at".split(" ")

/** Pull requests are listed among the issues, with fewer fields. */
const asIssue = (pull: GithubObject): GithubObject => {
  const shared = Object.fromEntries(sharedFields.map((name) => [name, pull[name]]))
  const { html_url, merged_at } = pull
  return { ...shared, id: pull.id + 1_000_000_000, html_url, draft: pull.draft, pull_request: { html_url, merged_at } }
}

const asListed = (pull: GithubObject): GithubObject => {
  const {
    merged_by: _by,
    comments: _c,
    review_comments: _r,
    commits: _n,
    additions: _a,
    deletions: _d,
    changed_files: _f,
    ...listed
  } = pull
  return listed
}

function checked<T>(body: T, { query }: Request, allowed: readonly string[]): T {
  for (const name of query.keys()) {
    if (!allowed.includes(name)) throw refused(422, `Invalid request. "${name}" is not a permitted key.`)
  }
  return body
}

function filtered(
  items: readonly GithubObject[],
  { query }: Request,
  allowed: readonly string[],
  sinceIsInclusive: boolean,
): GithubObject[] {
  const since = query.get("since")
  if (since !== null && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(since))
    throw refused(422, "since is no ISO 8601 time")
  const from = since === null ? Number.NEGATIVE_INFINITY : Date.parse(since) + (sinceIsInclusive ? 0 : 1)
  const open = allowed.includes("state") && (query.get("state") ?? "open") === "open"
  const kept = items
    .filter((item) => Date.parse(item.updated_at ?? 0) >= from || since === null)
    .filter((item) => !open || item.state === "open")
  const sort = query.get("sort")
  if (sort === null) return kept
  if (sort !== "created" && sort !== "updated") throw refused(422, `sort cannot be ${sort}`)
  const sorted = kept.toSorted((a, b) => Date.parse(a[`${sort}_at`]) - Date.parse(b[`${sort}_at`]) || a.id - b.id)
  return (query.get("direction") ?? "desc") === "asc" ? sorted : sorted.reverse()
}

function paged(url: string, request: Request, items: readonly GithubObject[], allowed: readonly string[]): Answer {
  checked(items, request, [...allowed, "per_page", "page"])
  const perPage = whole(request, "per_page", perPageDefault, perPageMax)
  const page = whole(request, "page", 1, 10_000)
  const pages = Math.ceil(items.length / perPage)
  const link = (to: number, rel: string): string => {
    const query = new URLSearchParams(request.query)
    query.set("page", String(to))
    return `<${url}${request.path}?${query}>; rel="${rel}"`
  }
  const links = [
    ...(page > 1 ? [link(page - 1, "prev"), link(1, "first")] : []),
    ...(page < pages ? [link(page + 1, "next"), link(pages, "last")] : []),
  ]
  const body = items.slice((page - 1) * perPage, page * perPage)
  return { status: 200, body, ...(links.length > 0 ? { headers: { link: links.join(", ") } } : {}) }
}

function whole({ query }: Request, name: string, otherwise: number, max: number): number {
  const number = Number(query.get(name) ?? otherwise)
  if (Number.isInteger(number) && number >= 1 && number <= max) return number
  throw refused(422, `${name} is to be a whole number from 1 to ${max}`)
}

/** What GitHub did not deliver in the last three days may be asked for once more. */
const redeliverableMs = 3 * 86_400_000

async function answerHook(url: string, hook: GithubHook, request: Request): Promise<Answer> {
  const rest = request.path.slice(hook.path.length + 1)
  if (rest === "/deliveries" && request.method === "GET") return listDeliveries(url, hook, request)
  const id = Number(/^\/deliveries\/(\d+)\/attempts$/.exec(rest)?.[1])
  const delivery = hook.deliveries.find((each) => each.id === id)
  if (!delivery || request.method !== "POST") throw refused(404, "Not Found")
  if (Date.parse(delivery.delivered_at) < Date.now() - redeliverableMs) {
    throw refused(422, "Deliveries are available for redelivery for 3 days.")
  }
  const status = await hook.deliver(delivery.guid)
  hook.deliveries.unshift(attempt(hook, delivery, status))
  return { status: 202, body: {} }
}

const attempt = (hook: GithubHook, delivery: GithubHookDelivery, status: number): GithubHookDelivery => ({
  ...delivery,
  id: Math.max(0, ...hook.deliveries.map(({ id }) => id)) + 1,
  delivered_at: new Date().toISOString(),
  redelivery: true,
  status: status < 400 && status >= 200 ? "OK" : `Invalid HTTP Response: ${status}`,
  status_code: status,
})

/** Pages by cursor: the number of the first delivery of the next page. */
function listDeliveries(url: string, hook: GithubHook, request: Request): Answer {
  checked(hook, request, ["per_page", "cursor"])
  const perPage = whole(request, "per_page", perPageDefault, perPageMax)
  const cursor = request.query.get("cursor")
  const start = cursor === null ? 0 : hook.deliveries.findIndex(({ id }) => `v1_${id}` === cursor)
  if (start < 0) throw refused(400, "cursor is not one of this webhook")
  const following = hook.deliveries[start + perPage]
  const next = following && `<${url}${request.path}?per_page=${perPage}&cursor=v1_${following.id}>; rel="next"`
  return {
    status: 200,
    body: hook.deliveries.slice(start, start + perPage),
    ...(next ? { headers: { link: next } } : {}),
  }
}
