import { hash } from "node:crypto"
import type { History, HistoryDelivery, HistoryPage } from "@engram/contracts/history"
import type { Json, JsonObject } from "@engram/contracts/json"
import { type Api, createApi, type NotionOptions } from "./api.ts"
import { failure, unseen } from "./notion-words.ts"

export interface NotionHistoryOptions {
  readonly since: Date | undefined
  /** Now, in ms. */
  readonly now?: () => number
}

const perPage = 100
/** Notion tells times of editing to the minute. In one that is long over nothing changes any more. */
const minuteMs = 60_000
const settledMs = 2 * minuteMs

/** Where a page begins: the members, or what the search finds. */
interface At {
  readonly stage: "users" | "search"
  readonly cursor?: string
}
interface Step {
  readonly deliveries: readonly HistoryDelivery[]
  readonly leftOut?: readonly string[]
  readonly next: At | undefined
}

/** A search's result, as far as it is read here. */
interface Found extends JsonObject {
  readonly object: "page" | "data_source"
  readonly id: string
  readonly last_edited_time: string
}

/** Opens the pasts of one integration's Notion. */
export function openNotionHistory(token: string, options: NotionOptions): (asked: NotionHistoryOptions) => History {
  const api = createApi(token, options)
  return (asked) => createNotionHistory(api, asked)
}

/**
 * What is shared with an integration: its members, and which pages, data sources and databases there are. Those are only named:
 * the hydrate stage reads each, as when an event names it, and one that it read since is not read again.
 */
function createNotionHistory(api: Api, { since, now = Date.now }: NotionHistoryOptions): History {
  return {
    page: async (cursor) => {
      const at = (cursor as unknown as At | undefined) ?? { stage: "users" }
      try {
        const {
          deliveries,
          leftOut = [],
          next,
        } = await (at.stage === "users" ? readUsers(api, at, now()) : search(api, at, since, now()))
        return { deliveries, leftOut, next: next as JsonObject | undefined } satisfies HistoryPage
      } catch (error) {
        throw failure(error)
      }
    },
  }
}

async function readUsers({ client }: Api, { cursor }: At, askedAt: number): Promise<Step> {
  const next: At = { stage: "search" }
  try {
    const answer = await client.users.list({ page_size: perPage, ...(cursor && { start_cursor: cursor }) })
    const deliveries = answer.results.map((user) => userDelivery(user as unknown as JsonObject, askedAt))
    const following = answer.has_more ? answer.next_cursor : null
    return { deliveries, next: following ? { stage: "users", cursor: following } : next }
  } catch (error) {
    const reason = unseen(error)
    if (reason === undefined) throw error
    return { deliveries: [], leftOut: [`members: ${reason}`], next }
  }
}

/**
 * From what was edited last: what is edited meanwhile moves to the front and pushes the others on, so that none slips out but
 * itself. That one is told by its event, or found by the next import, which asks since before this one began.
 */
async function search({ client }: Api, { cursor }: At, since: Date | undefined, askedAt: number): Promise<Step> {
  const answer = await client.search({
    sort: { timestamp: "last_edited_time", direction: "descending" },
    page_size: perPage,
    ...(cursor && { start_cursor: cursor }),
  })
  const found = answer.results as unknown as readonly Found[]
  const fresh = found.filter((thing) => since === undefined || editedBy(thing) >= since.getTime())
  const deliveries = fresh.flatMap((thing) => wanted(thing, askedAt))
  const following = answer.has_more && fresh.length === found.length ? answer.next_cursor : null
  return { deliveries, next: following ? { stage: "search", cursor: following } : undefined }
}

/** The last moment at which it may have been edited. */
const editedBy = ({ last_edited_time: edited }: Found): number => Date.parse(edited) + minuteMs - 1

/** The thing, and the database that a data source is in: the search does not find those by themselves. */
function wanted(thing: Found, askedAt: number): HistoryDelivery[] {
  const edited = Date.parse(thing.last_edited_time)
  const at = askedAt - edited > settledMs ? editedBy(thing) : edited
  const parent = thing.parent as { readonly database_id?: Json } | undefined
  const database = thing.object === "data_source" ? parent?.database_id : undefined
  return [
    wantedDelivery(thing.object, thing.id, at),
    ...(typeof database === "string" ? [wantedDelivery("database", database, at)] : []),
  ]
}

function wantedDelivery(kind: string, id: string, at: number): HistoryDelivery {
  const type = `import.${kind}`
  const said = { type, timestamp: new Date(at).toISOString(), entity: { id, type: kind } }
  return delivery(type, `import:${kind}:${id}:${at}`, said)
}

/** The time of asking is no part of the key: the same member asked for again is a repeat until something changed. */
function userDelivery({ avatar_url: _avatar, ...user }: JsonObject, askedAt: number): HistoryDelivery {
  const type = "import.user"
  const said = { type, as_of: new Date(askedAt).toISOString(), entity: { id: user.id, type: "user" } }
  const key = `import:user:${user.id}:${hash("sha256", JSON.stringify(user), "hex").slice(0, 32)}`
  return delivery(type, key, { ...said, data: { users: [user] } })
}

const delivery = (event: string, deliveryKey: string, body: object): HistoryDelivery => ({
  ...{ source: "notion", deliveryKey, event },
  headers: { "content-type": "application/json" },
  body: Buffer.from(JSON.stringify(body)),
})
