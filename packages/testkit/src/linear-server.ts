import { GraphQLError, graphql, isObjectType, parse, validate } from "graphql"
import { complexityOf } from "./linear-complexity.ts"
import { linearSchema, listOf } from "./linear-schema.ts"
import { type Answer, Refused, type Request, type StrictServer, startStrictServer } from "./strict-server.ts"

// biome-ignore lint/suspicious/noExplicitAny: whatever Linear answers; tests take it from recorded payloads
export type LinearObject = { [name: string]: any }

export interface LinearServer extends StrictServer {
  readonly token: string
  readonly organization: { id: string; name: string; urlKey: string }
  /** By type (`Issue`), in the shapes of the API with its connections as arrays. Tests change them at will. */
  readonly things: Map<string, LinearObject[]>
  /** So many requests, or points, more; then 400 until the limit is reset. */
  limitTo(left: { readonly requests?: number; readonly complexity?: number }, resetInMs: number): void
  /** The costliest query so far. */
  complexityMax(): number
}

/** Of one answer (linear.app/developers/pagination). */
const firstMax = 250
/** Linear's limits for a personal API key (linear.app/developers/rate-limiting): an hour's, and one query's. */
const requestsMax = 2_500
const complexityHourMax = 3_000_000
const complexityMax = 10_000

/**
 * Linear's GraphQL API as far as an import asks, over real HTTP: the key, the schema, pages and their cursors, filters by time of
 * change, what is archived, and budgets of requests and of complexity.
 */
export async function startLinearServer(): Promise<LinearServer> {
  const token = "lin_api_test_token"
  const things = new Map<string, LinearObject[]>()
  const organization = { id: "d1876941-a189-5235-86f6-cc406c4c8185", name: "Acme", urlKey: "acme" }
  const budget = { requests: requestsMax, complexity: complexityHourMax, resetAt: Date.now() + 3_600_000 }
  let costliest = 0

  const headers = () => ({
    "x-ratelimit-requests-limit": String(requestsMax),
    "x-ratelimit-requests-remaining": String(Math.max(0, budget.requests)),
    "x-ratelimit-requests-reset": String(budget.resetAt),
    "x-ratelimit-complexity-limit": String(complexityHourMax),
    "x-ratelimit-complexity-remaining": String(Math.max(0, budget.complexity)),
    "x-ratelimit-complexity-reset": String(budget.resetAt),
  })

  const spend = (cost: number): void => {
    if (Date.now() >= budget.resetAt)
      Object.assign(budget, { requests: requestsMax, complexity: complexityHourMax, resetAt: Date.now() + 3_600_000 })
    if (budget.requests < 1 || budget.complexity < cost) {
      if (budget.complexity < cost) budget.complexity = 0
      throw refused(400, "ratelimited", "Rate limit exceeded. Only 2500 requests are allowed per 1 hour", headers())
    }
    budget.requests--
    budget.complexity -= cost
  }

  const handle = async (request: Request): Promise<Answer> => {
    checkRequest(request, token)
    const { query, variables = {} } = JSON.parse(request.body) as Asked
    const document = parse(query)
    const [mistake] = validate(linearSchema, document)
    if (mistake) throw refused(400, "graphql error", mistake.message)
    const cost = complexityOf(document, variables)
    if (cost > complexityMax)
      throw refused(400, "invalid input", `Query too complex: ${cost} is more than ${complexityMax}`)
    spend(cost)
    costliest = Math.max(costliest, cost)
    const { data, errors } = await graphql({
      schema: linearSchema,
      source: query,
      variableValues: variables,
      rootValue: rootOf(things, organization),
    })
    if (errors?.[0]) throw refused(400, "invalid input", errors[0].message)
    return { status: 200, body: { data }, headers: { ...headers(), "x-complexity": String(cost) } }
  }

  const server = await startStrictServer(handle, (status, message) => errorBody(kindOf(status), message))
  return {
    ...server,
    ...{ token, organization, things },
    limitTo: ({ requests = requestsMax, complexity = complexityHourMax }, resetInMs) =>
      Object.assign(budget, { requests, complexity, resetAt: Date.now() + resetInMs }),
    complexityMax: () => costliest,
  }
}

interface Asked {
  readonly query: string
  readonly variables?: { readonly [name: string]: unknown }
}

function checkRequest({ method, path, headers }: Request, token: string): void {
  if (method !== "POST" || path !== "/graphql") throw new Refused(404, "Not found")
  if (headers.authorization === `Bearer ${token}`)
    throw refused(400, "authentication error", "It looks like you're trying to use an API key as a Bearer token.")
  if (headers.authorization !== token)
    throw refused(401, "authentication error", "Authentication required, not authenticated")
  if (!headers["content-type"]?.startsWith("application/json")) throw refused(400, "invalid input", "Send JSON.")
}

const kindOf = (status: number): string =>
  status === 429 ? "ratelimited" : status === 403 ? "forbidden" : "internal error"

const errorBody = (type: string, message: string): object => ({
  errors: [
    {
      message,
      extensions: {
        type,
        code: type.toUpperCase().replace(/ /g, "_"),
        userError: true,
        userPresentableMessage: message,
      },
    },
  ],
})

const refused = (status: number, type: string, message: string, headers: { [name: string]: string } = {}): Refused =>
  new Refused(status, errorBody(type, message), headers)

interface ListArguments {
  readonly first?: number
  readonly after?: string
  readonly includeArchived?: boolean
  readonly includeDisabled?: boolean
  readonly orderBy?: "createdAt" | "updatedAt"
  readonly filter?: { readonly updatedAt?: { readonly gte?: string } }
}

function rootOf(things: LinearServer["things"], organization: object): object {
  const one =
    (type: string) =>
    ({ id }: { id: string }) => {
      const found = things.get(type)?.find((each) => each.id === id)
      if (found) return found
      throw new GraphQLError(`Entity not found: ${type}`)
    }
  const lists = Object.entries(listOf).map(([field, type]) => [
    field,
    (given: ListArguments) =>
      pageOf(
        (things.get(type) ?? []).filter((thing) => isAsked(type, thing, given)),
        given,
      ),
  ])
  return {
    organization,
    ...{ issue: one("Issue"), project: one("Project"), initiative: one("Initiative") },
    ...Object.fromEntries(lists),
  }
}

function isAsked(
  type: string,
  thing: LinearObject,
  { filter, includeArchived, includeDisabled }: ListArguments,
): boolean {
  if (thing.archivedAt && !includeArchived) return false
  if (type === "User" && thing.active === false && !includeDisabled) return false
  const since = filter?.updatedAt?.gte
  return since === undefined || Date.parse(thing.updatedAt) >= Date.parse(since)
}

/** Newest first. A cursor is the id of what the page before ended with. */
function pageOf(things: readonly LinearObject[], { first = 50, after, orderBy = "createdAt" }: ListArguments): object {
  if (first < 1 || first > firstMax)
    throw new GraphQLError(`Argument Validation Error: first is to be 1 to ${firstMax}`)
  const sorted = things.toSorted(
    (a, b) => Date.parse(b[orderBy] ?? 0) - Date.parse(a[orderBy] ?? 0) || (a.id < b.id ? 1 : -1),
  )
  const start = after === undefined || after === null ? 0 : sorted.findIndex(({ id }) => id === after) + 1
  if (after && start === 0) throw new GraphQLError(`Argument Validation Error: after is no cursor: ${after}`)
  const nodes = sorted.slice(start, start + first)
  const hasNextPage = start + nodes.length < sorted.length
  const pageInfo = { hasNextPage, hasPreviousPage: start > 0, startCursor: nodes[0]?.id, endCursor: nodes.at(-1)?.id }
  return { nodes, pageInfo }
}

// Lists within things are arrays in the tests' words, and connections in the answer.
for (const type of Object.values(linearSchema.getTypeMap())) {
  if (!isObjectType(type) || type.name === "Query" || type.name.endsWith("Connection")) continue
  for (const field of Object.values(type.getFields())) {
    if (!String(field.type).includes("Connection")) continue
    field.resolve = (source: LinearObject, given: ListArguments) => pageOf(source[field.name] ?? [], given)
  }
}
