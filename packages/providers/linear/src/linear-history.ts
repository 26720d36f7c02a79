import { hash } from "node:crypto"
import type { History, HistoryDelivery } from "@engram/contracts/history"
import type { JsonObject } from "@engram/contracts/json"
import { type Asked, asks, type InnerList, type LinearKind, linearKinds, listQuery, restQuery } from "./kinds.ts"
import type { LinearClient } from "./linear-client.ts"
import { asInWebhook, asRemoved, type Found, nodesOf, objectOf } from "./shapes.ts"

export interface LinearHistoryOptions {
  readonly client: LinearClient
  readonly kinds: readonly LinearKind[]
  readonly since: Date | undefined
}

/** Where a page begins: a kind, and after which of its things. */
interface At {
  readonly kind: LinearKind
  readonly after?: string
}

interface Connection<Node> {
  readonly nodes: readonly Node[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

interface Organization {
  readonly id: string
  readonly urlKey: string
}

/** A workspace's past by Linear's API, kind after kind, each from the thing made last. */
export function createLinearHistory({ client, kinds: wanted, since }: LinearHistoryOptions): History {
  const kinds = linearKinds.filter((kind) => wanted.includes(kind))
  let known: Promise<Organization> | undefined
  return {
    page: async (cursor) => {
      known ??= client
        .ask<{ organization: Organization }>("workspace", "{ organization { id urlKey } }")
        .then(({ organization }) => organization)
      const organization = await known.catch((error: unknown) => {
        known = undefined
        throw error
      })
      const at = (cursor as unknown as At | undefined) ?? { kind: kinds[0] ?? "teams" }
      const { nodes, pageInfo } = await readList(client, at, since)
      const deliveries = nodes
        .filter((thing) => since === undefined || Date.parse(thing.updatedAt) >= since.getTime())
        .flatMap((thing) => deliveriesOf(organization, asks[at.kind], thing))
      return { deliveries, leftOut: [], next: following(kinds, at, pageInfo) as JsonObject | undefined }
    },
  }
}

function following(
  kinds: readonly LinearKind[],
  { kind }: At,
  { hasNextPage, endCursor }: Connection<Found>["pageInfo"],
): At | undefined {
  if (hasNextPage && endCursor !== null) return { kind, after: endCursor }
  const next = kinds[kinds.indexOf(kind) + 1]
  return next && { kind: next }
}

async function readList(client: LinearClient, at: At, since: Date | undefined): Promise<Connection<Found>> {
  const asked = asks[at.kind]
  const words = at.kind.replace("_", " ")
  const variables = {
    ...{ first: asked.first, after: at.after ?? null },
    ...(asked.filter && since ? { filter: { updatedAt: { gte: since.toISOString() } } } : {}),
  }
  const answer = await client.ask<{ [field: string]: Connection<Found> }>(words, listQuery(asked), variables)
  const { nodes, pageInfo } = answer[asked.field]!
  const whole: Found[] = []
  for (const thing of nodes) whole.push(await completed(client, words, asked, thing))
  return { nodes: whole, pageInfo }
}

/** The thing with all of its lists. */
async function completed(client: LinearClient, words: string, { lists = {} }: Asked, thing: Found): Promise<Found> {
  const whole: { [name: string]: JsonObject } = {}
  for (const [name, list] of Object.entries(lists)) {
    const begun = thing[name] as unknown as Connection<JsonObject>
    if (begun.pageInfo.hasNextPage) whole[name] = { nodes: await readRest(client, words, list, thing.id, begun) }
  }
  return { ...thing, ...whole }
}

async function readRest(
  client: LinearClient,
  words: string,
  list: InnerList,
  id: string,
  begun: Connection<JsonObject>,
): Promise<JsonObject[]> {
  const nodes = [...begun.nodes]
  for (let { pageInfo } = begun; pageInfo.hasNextPage; ) {
    type Answer = { [one: string]: { readonly rest: Connection<JsonObject> } }
    const answer = await client.ask<Answer>(words, restQuery(list), { id, after: pageInfo.endCursor })
    const { rest } = answer[list.one]!
    nodes.push(...rest.nodes)
    pageInfo = rest.pageInfo
  }
  return nodes
}

/** The thing itself, and the reactions to it. */
function deliveriesOf(organization: Organization, asked: Asked, thing: Found): HistoryDelivery[] {
  const { type } = asked
  if (thing.trashed === true) return [delivery(organization, type, thing, asRemoved(type, thing))]
  if (wasDeleted(asked, thing)) return []
  const data = asInWebhook(type, thing)
  const reactions = nodesOf(thing.reactions).map((reaction) =>
    delivery(organization, "Reaction", reaction as Found, {
      ...asInWebhook("Reaction", { ...(reaction as Found), ...about(type, thing) }),
    }),
  )
  return [delivery(organization, type, thing, data), ...reactions]
}

/** A reaction names what it is to, as its webhook does. */
function about(type: string, thing: Found): { readonly [name: string]: JsonObject } {
  if (type === "Issue") {
    const { id, title, identifier, url, team } = thing
    return { issue: { id, title: title!, identifier: identifier!, url: url!, team: team! } }
  }
  if (type === "ProjectUpdate") return { projectUpdate: { id: thing.id, project: thing.project! } }
  return { initiativeUpdate: { id: thing.id, initiative: thing.initiative! } }
}

/** What hangs on an issue is archived with it; by itself it is archived when somebody deletes it. */
function wasDeleted({ keepsArchived }: Asked, { archivedAt, issue, relatedIssue }: Found): boolean {
  if (!archivedAt || keepsArchived) return false
  return ![issue, relatedIssue].some((each) => Boolean(objectOf(each)?.archivedAt))
}

function delivery(organization: Organization, type: string, thing: Found, data: JsonObject): HistoryDelivery {
  const { id, createdAt, updatedAt, archivedAt, url } = thing
  // Times of change stand still when something is thrown away.
  const at = thing.trashed === true && typeof archivedAt === "string" ? archivedAt : updatedAt
  const said = { type, action: "import", createdAt: at ?? createdAt, organizationId: organization.id, data }
  const shown = typeof url === "string" && type !== "Attachment" ? url : `https://linear.app/${organization.urlKey}/`
  const body = JSON.stringify({ ...said, ...(type === "Cycle" ? {} : { url: shown }) })
  const event = `import.${type.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase()}`
  return {
    source: "linear",
    deliveryKey: `import:${type}:${id}:${at}:${hash("sha256", body, "hex").slice(0, 32)}`,
    event,
    headers: { "content-type": "application/json", "linear-event": type },
    body: Buffer.from(body),
  }
}
