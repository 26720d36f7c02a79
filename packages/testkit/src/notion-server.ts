import { randomUUID } from "node:crypto"
import { NotionWorkspace } from "./notion-workspace.ts"
import { type Answer, Refused, type Request, type StrictServer, startStrictServer } from "./strict-server.ts"

/** Versions of the API that know data sources (developers.notion.com/reference/versioning). */
const versions = ["2025-09-03", "2026-03-11"]
/** Of one answer (developers.notion.com/reference/intro#pagination). */
const PAGE_SIZE_MAX = 100
/** References that a page carries of one property; the rest is asked for (developers.notion.com/reference/retrieve-a-page). */
const REFERENCES_MAX = 25

const codes: { readonly [status: number]: string } = {
  400: "validation_error",
  401: "unauthorized",
  403: "restricted_resource",
  404: "object_not_found",
  409: "conflict_error",
  429: "rate_limited",
  500: "internal_server_error",
  503: "service_unavailable",
  504: "gateway_timeout",
}

export interface NotionServer extends StrictServer {
  readonly token: string
  readonly workspace: NotionWorkspace
  /** Requests that came too fast for Notion. */
  refusedForPace(): number
}

export interface NotionServerOptions {
  /** Notion's is 3, on average (developers.notion.com/reference/request-limits). */
  readonly requestsPerSecond?: number
  /** What the integration may do besides reading content. */
  readonly may?: { readonly readComments?: boolean; readonly readUsers?: boolean }
}

/**
 * Notion's API for reading, as its documentation limits it, over real HTTP: token, version header, ids, pages of a hundred,
 * three requests a second (answered 429 with Retry-After beyond), 404 for what is not shared and 403 for what the integration
 * lacks a capability for.
 */
export async function startNotionServer(options: NotionServerOptions = {}): Promise<NotionServer> {
  const { requestsPerSecond = 3, may = {} } = options
  const token = "ntn_test_token"
  const workspace = new NotionWorkspace()
  const recent: number[] = []
  let refused = 0

  const keepPace = (): void => {
    const now = performance.now()
    while (recent[0] !== undefined && recent[0] <= now - 1_000) recent.shift()
    if (recent.length >= requestsPerSecond) {
      refused++
      throw refusal(429, "You have been rate limited. Please try again later.", { "retry-after": "1" })
    }
    recent.push(now)
  }

  const handle = (request: Request): Answer => {
    if (request.headers.authorization !== `Bearer ${token}`) throw refusal(401, "API token is invalid.")
    keepPace()
    const version = request.headers["notion-version"]
    if (typeof version !== "string" || !versions.includes(version))
      throw new Refused(400, { ...errorOf(400, "Notion-Version header should be defined"), code: "missing_version" })
    if (request.method === "POST" && request.path === "/v1/search")
      return { status: 200, body: search(workspace, request) }
    if (request.method !== "GET") throw unknownUrl()
    return { status: 200, body: read(workspace, request, may) }
  }

  const server = await startStrictServer(handle, errorOf)
  return { ...server, token, workspace, refusedForPace: () => refused }
}

function read(workspace: NotionWorkspace, request: Request, may: NonNullable<NotionServerOptions["may"]>): unknown {
  const [, version, kind = "", id = "", ...rest] = request.path.split("/")
  if (version !== "v1") throw unknownUrl()
  if (kind === "comments" || kind === "users") allow(kind, may)
  if (kind === "comments" && id === "") return commentsOn(workspace, request)
  if (kind === "users" && id === "") return membersOf(workspace, request)
  if (!/^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/.test(id))
    throw refusal(400, `path failed validation: path.id should be a valid uuid, instead was \`"${id}"\`.`)
  const refusedWith = workspace.unseen.get(id)
  if (refusedWith === 404) throw notFound(kind, id)
  if (refusedWith === 403) throw refusal(403, "Insufficient permissions for this endpoint.")
  return readOne(workspace, request, kind, id, rest)
}

function readOne(workspace: NotionWorkspace, request: Request, kind: string, id: string, rest: string[]): unknown {
  const [part, propertyId = ""] = rest
  if (kind === "pages" && part === "properties") return valuesOf(workspace, id, propertyId, request)
  if (kind === "blocks" && part === "children") return childrenOf(workspace, id, request)
  if (part !== undefined) throw unknownUrl()
  const found = kind === "pages" ? carriedPage(workspace, id) : tableOf(workspace, kind)?.get(id)
  if (found === undefined) throw notFound(kind, id)
  return { ...found, request_id: randomUUID() }
}

function tableOf(workspace: NotionWorkspace, kind: string | undefined): ReadonlyMap<string, object> | undefined {
  if (kind === "databases") return workspace.databases
  if (kind === "data_sources") return workspace.dataSources
  if (kind === "users") return workspace.users
  if (kind === "comments") return workspace.comments
  return kind === "blocks" ? workspace.blocks : undefined
}

function allow(kind: "comments" | "users", may: NonNullable<NotionServerOptions["may"]>): void {
  const allowed = kind === "comments" ? may.readComments : may.readUsers
  if (allowed === false) throw refusal(403, "Insufficient permissions for this endpoint.")
}

function childrenOf(workspace: NotionWorkspace, id: string, request: Request): unknown {
  if (!workspace.pages.has(id) && !workspace.blocks.has(id)) throw notFound("blocks", id)
  return pageOf(request.query, workspace.childCount(id), (n) => workspace.child(id, n), "block")
}

function commentsOn(workspace: NotionWorkspace, request: Request): unknown {
  const on = request.query.get("block_id")
  if (on === null) throw refusal(400, "query failed validation: query.block_id should be defined.")
  const found = [...workspace.comments.values()].filter(({ parent }) => Object.values(parent).includes(on))
  return pageOf(request.query, found.length, (n) => found[n], "comment")
}

function membersOf(workspace: NotionWorkspace, request: Request): unknown {
  const members = [...workspace.users.values()]
  return pageOf(request.query, members.length, (n) => members[n], "user")
}

const searchParameters = ["query", "sort", "filter", "start_cursor", "page_size"]

/** What is shared with the integration and not in the trash, by its time of editing (developers.notion.com/reference/post-search). */
function search(workspace: NotionWorkspace, request: Request): unknown {
  const asked = JSON.parse(request.body) as { [name: string]: unknown }
  const stray = Object.keys(asked).find((name) => !searchParameters.includes(name))
  if (stray) throw refusal(400, `body failed validation: body.${stray} should be not present.`)
  const { sort } = asked as { sort?: { timestamp?: string; direction?: string } }
  if (sort && (sort.timestamp !== "last_edited_time" || !["ascending", "descending"].includes(sort.direction ?? "")))
    throw refusal(400, "body failed validation: body.sort should be by last_edited_time, ascending or descending.")
  const found = [...workspace.pages.values(), ...workspace.dataSources.values()]
    .filter(({ id, in_trash: isTrash }) => !isTrash && !workspace.unseen.has(id))
    .toSorted((a, b) => Date.parse(a.last_edited_time) - Date.parse(b.last_edited_time) || (a.id < b.id ? -1 : 1))
  if (sort?.direction !== "ascending") found.reverse()
  const page = new URLSearchParams()
  for (const name of ["page_size", "start_cursor"]) if (asked[name] !== undefined) page.set(name, String(asked[name]))
  return pageOf(page, found.length, (n) => found[n], "page_or_data_source")
}

type Values = { type: string; id: string; [type: string]: unknown }

/** Only the first references of a property, and whether there are more. */
function carriedPage(workspace: NotionWorkspace, id: string): object | undefined {
  const page = workspace.pages.get(id)
  if (page === undefined) return undefined
  const properties = Object.entries(page.properties as unknown as { [name: string]: Values }).map(
    ([name, property]) => {
      const values = property[property.type]
      if (!Array.isArray(values) || values.length <= REFERENCES_MAX) return [name, property]
      const beginning = { ...property, [property.type]: values.slice(0, REFERENCES_MAX) }
      return [name, property.type === "relation" ? { ...beginning, has_more: true } : beginning]
    },
  )
  return { ...page, properties: Object.fromEntries(properties) }
}

function valuesOf(workspace: NotionWorkspace, id: string, propertyId: string, request: Request): unknown {
  const properties = Object.values((workspace.pages.get(id)?.properties ?? {}) as unknown as { [name: string]: Values })
  const property = properties.find((each) => each.id === decodeURIComponent(propertyId))
  if (property === undefined) throw notFound("properties", propertyId)
  const values = property[property.type] as readonly unknown[]
  const item = (n: number) => ({
    object: "property_item",
    type: property.type,
    id: property.id,
    [property.type]: values[n],
  })
  return pageOf(request.query, values.length, item, "property_item")
}

/** One page of a list. Cursors are opaque: only one that was handed out is taken. */
function pageOf(query: URLSearchParams, total: number, item: (n: number) => unknown, type: string): unknown {
  const size = Number(query.get("page_size") ?? PAGE_SIZE_MAX)
  if (!Number.isInteger(size) || size < 1 || size > PAGE_SIZE_MAX)
    throw refusal(
      400,
      `query failed validation: query.page_size should be ≤ \`${PAGE_SIZE_MAX}\`, instead was \`${size}\`.`,
    )
  const cursor = query.get("start_cursor")
  const from = cursor === null ? 0 : Number(/^cur_(\d+)$/.exec(cursor)?.[1] ?? Number.NaN)
  if (!Number.isInteger(from) || (cursor !== null && from >= total))
    throw refusal(400, `The start_cursor provided is invalid: ${cursor}`)
  const to = Math.min(from + size, total)
  return {
    object: "list",
    results: Array.from({ length: to - from }, (_, i) => item(from + i)),
    next_cursor: to < total ? `cur_${to}` : null,
    has_more: to < total,
    type,
    [type]: {},
    request_id: randomUUID(),
  }
}

const errorOf = (status: number, message: string): object => ({
  object: "error",
  status,
  code: codes[status] ?? "internal_server_error",
  message,
  request_id: randomUUID(),
})

const refusal = (status: number, message: string, headers: { readonly [name: string]: string } = {}): Refused =>
  new Refused(status, errorOf(status, message), headers)

const notFound = (kind: string, id: string): Refused =>
  refusal(
    404,
    `Could not find ${kind.replace(/s$/, "")} with ID: ${id}. Make sure the relevant pages and databases are shared with your integration.`,
  )

const unknownUrl = (): Refused =>
  new Refused(400, { ...errorOf(400, "Invalid request URL."), code: "invalid_request_url" })
