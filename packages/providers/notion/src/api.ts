import { createPatientFetch } from "@engram/patient-fetch/patient-fetch"
import { Client, LogLevel } from "@notionhq/client"
import { LRUCache } from "lru-cache"
import { createPace } from "./pace.ts"

export interface NotionOptions {
  /** Another address than Notion's own. */
  readonly baseUrl?: string
  /** For one request. */
  readonly timeoutMs: number
  /** Notion allows three on average (developers.notion.com/reference/request-limits). */
  readonly requestsPerSecond?: number
  readonly retryBaseMs?: number
  /** How long Notion is left alone after failing many times in a row. */
  readonly restMs?: number
}

/** What is remembered of one token's Notion. */
export interface Api {
  readonly client: Client
  /** Users by id; null for those that Notion does not show. */
  readonly users: LRUCache<string, { readonly user: object | null }>
  /** Pages and databases that others are in, by id. */
  readonly places: LRUCache<string, PlaceFound>
  /** Capabilities that the integration turned out to lack. */
  readonly lacks: LRUCache<"users" | "comments", true>
}

/** A page or database on the way up from a thing. */
export interface Place {
  readonly type: "page" | "database" | "data_source"
  readonly id: string
  readonly title: string | null
}

/** The places between a thing's parent and the next place above, and where that is. */
export interface PlaceFound {
  readonly places: readonly Place[]
  readonly parent: unknown
}

/** The API this package was written for; a newer one may word things differently. */
const notionVersion = "2025-09-03"
/** The SDK's own clock must not cut off our retries. */
const sdkTimeoutMs = 3_600_000
/** A renamed user, and a parent that was moved, are noticed after these. */
const usersKeptMs = 3_600_000
const placesKeptMs = 600_000

/** One token's client, with what it remembers. Requests share the token's pace, which is Notion's unit of limiting. */
export function createApi(token: string, options: NotionOptions): Api {
  const { baseUrl, requestsPerSecond = 3, ...patience } = options
  const patient = createPatientFetch({
    service: "Notion",
    ...patience,
    turn: createPace(requestsPerSecond),
  })
  return {
    client: new Client({
      auth: token,
      notionVersion,
      fetch: (url, init) => patient.fetch(url, init as RequestInit),
      retry: false,
      timeoutMs: sdkTimeoutMs,
      logLevel: LogLevel.ERROR,
      ...(baseUrl !== undefined && { baseUrl }),
    }),
    users: new LRUCache({ max: 5_000, ttl: usersKeptMs }),
    places: new LRUCache({ max: 5_000, ttl: placesKeptMs }),
    lacks: new LRUCache({ max: 2, ttl: usersKeptMs }),
  }
}
