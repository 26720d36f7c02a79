import { readdirSync, readFileSync } from "node:fs"
import type { Drafts, Normalized } from "@engram/contracts/draft"
import type { StoredRequest } from "@engram/contracts/source"
import { slack } from "../src/slack/index.ts"

interface Recorded {
  /** Where the shape comes from. */
  readonly from: string
  readonly about: string
  readonly payload: Record<string, unknown>
}

const directory = new URL("fixtures/slack/", import.meta.url)

/** Events as Slack words them, by file and in the order in which they stand there. */
export const recorded = readdirSync(directory)
  .sort()
  .flatMap((file) =>
    (JSON.parse(readFileSync(new URL(file, directory), "utf8")) as Recorded[]).map((event, index) => ({
      ...event,
      name: file.replace(".json", ""),
      index,
    })),
  )

export function payloadOf(name: string, index = 0): Record<string, unknown> {
  const found = recorded.find((event) => event.name === name && event.index === index)
  if (!found) throw new Error(`There is no recorded ${name}[${index}].`)
  return structuredClone(found.payload)
}

export const request = (body: string | Uint8Array): StoredRequest => ({
  headers: { "content-type": "application/json" },
  body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  receivedAt: Date.UTC(2026, 0, 2),
})

export const deliver = (payload: unknown): Normalized => slack.normalize(request(JSON.stringify(payload)))

export function draftsOf(payload: unknown): Drafts {
  const normalized = deliver(payload)
  if (normalized.outcome === "skipped") throw new Error(`It was skipped: ${normalized.reason}`)
  return normalized.drafts
}

export interface Wrote {
  readonly user?: string
  readonly bot?: string
  readonly ts?: string
  readonly thread?: string
  readonly channel?: string
}

let sent = 0

/** A message event with these words. */
export function message(text: string, { user, bot, ts, thread, channel = "C123ABC456" }: Wrote = {}) {
  const at = ts ?? `${1_700_010_000 + ++sent}.000100`
  return {
    type: "event_callback",
    team_id: "T123ABC456",
    event_id: `Ev${at}`,
    event: {
      type: "message",
      ...(bot ? { subtype: "bot_message", bot_id: bot } : { user: user ?? "U0ADA00001" }),
      text,
      ts: at,
      ...(thread && { thread_ts: thread }),
      channel,
      channel_type: "channel",
      event_ts: at,
    },
  }
}
