import { Rejected } from "@engram/contracts/errors"
import type { FetchAnswer, Hydrator } from "@engram/contracts/fetches"
import type { JsonObject } from "@engram/contracts/json"
import { LRUCache } from "lru-cache"
import { type Api, createApi, type NotionOptions } from "./api.ts"
import { type BlockLimits, readBlocks } from "./blocks.ts"
import { failure, unseen } from "./notion-words.ts"
import { placesAbove } from "./places.ts"
import { completeProperties } from "./properties.ts"
import { usersIn } from "./users.ts"

/** Of one page; 1,000 in all. */
const commentPagesMax = 10

type Thing = Parameters<Hydrator["fetch"]>[0]

/**
 * Notion's pages, databases, data sources and comments, by its API. Requests of one token share its pace in this process; what
 * other processes ask is noticed by their 429, whose Retry-After the whole connection honours.
 */
export function createNotionHydrator(options: NotionOptions & { readonly blockLimits?: BlockLimits }): Hydrator {
  const apis = new LRUCache<string, Api>({ max: 1_000 })
  const apiOf = ({ token }: { readonly [name: string]: string }): Api => {
    if (!token)
      throw new Rejected("credentials_missing", "no API token: give it with `engram connect notion … --token ntn_…`")
    const api = apis.get(token) ?? createApi(token, options)
    apis.set(token, api)
    return api
  }
  return {
    fetch: async (thing, credentials) => {
      const api = apiOf(credentials)
      try {
        return { outcome: "found", content: await read(api, thing, options.blockLimits) }
      } catch (error) {
        const reason = unseen(error)
        if (reason === undefined) throw failure(error)
        return { outcome: "missing", reason } satisfies FetchAnswer
      }
    },
  }
}

function read(api: Api, thing: Thing, limits: BlockLimits | undefined): Promise<JsonObject> {
  if (thing.kind === "page") return readPage(api, thing.id, limits)
  if (thing.kind === "database") return readDatabase(api, thing.id)
  if (thing.kind === "data_source") return readDataSource(api, thing.id)
  if (thing.kind === "comment") return readComment(api, thing.id)
  throw new Rejected("kind_unknown", `Notion has no ${thing.kind} to ask for`)
}

async function readPage(api: Api, id: string, limits: BlockLimits | undefined): Promise<JsonObject> {
  const page = await api.client.pages.retrieve({ page_id: id })
  // What lies in the trash has nothing more to say.
  if (("in_trash" in page && page.in_trash) || ("archived" in page && page.archived)) return plain({ page })
  await completeProperties(api, page)
  const blocks = await readBlocks(api, id, limits)
  const comments = await readComments(api, id)
  const places = await placesAbove(api, "parent" in page ? page.parent : undefined)
  return plain({ page, ...blocks, comments, places, users: await usersIn(api, { page, blocks, comments }) })
}

/** The open comments on the page itself; null where the integration may not read comments. */
async function readComments(api: Api, id: string): Promise<object[] | null> {
  if (api.lacks.has("comments")) return null
  const found: object[] = []
  try {
    for (let n = 0, cursor: string | null | undefined; n < commentPagesMax && cursor !== null; n++) {
      const answer = await api.client.comments.list({
        block_id: id,
        page_size: 100,
        ...(cursor && { start_cursor: cursor }),
      })
      found.push(...answer.results)
      cursor = answer.has_more ? answer.next_cursor : null
    }
    return found
  } catch (error) {
    if (!unseen(error)?.includes("403")) throw error
    api.lacks.set("comments", true)
    return null
  }
}

async function readDatabase(api: Api, id: string): Promise<JsonObject> {
  const database = await api.client.databases.retrieve({ database_id: id })
  const places = await placesAbove(api, "parent" in database ? database.parent : undefined)
  return plain({ database, places, users: await usersIn(api, database) })
}

async function readDataSource(api: Api, id: string): Promise<JsonObject> {
  const source = await api.client.dataSources.retrieve({ data_source_id: id })
  const places = await placesAbove(api, "parent" in source ? source.parent : undefined)
  return plain({ data_source: source, places, users: await usersIn(api, source) })
}

async function readComment(api: Api, id: string): Promise<JsonObject> {
  const comment = await api.client.comments.retrieve({ comment_id: id })
  return plain({ comment, users: await usersIn(api, comment) })
}

/** The SDK's answers are parsed JSON, which its types do not say. */
const plain = (content: object): JsonObject => content as JsonObject
