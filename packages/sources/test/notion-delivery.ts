import type { Drafts, Normalized, Rendered } from "@engram/contracts/draft"
import { notion } from "../src/notion/index.ts"
import type { Block } from "./fixtures/notion/blocks.ts"
import { text } from "./fixtures/notion/blocks.ts"
import { ids } from "./fixtures/notion/events.ts"

export const deliver = (payload: unknown): Normalized =>
  notion.normalize({
    headers: { "content-type": "application/json" },
    body: new TextEncoder().encode(typeof payload === "string" ? payload : JSON.stringify(payload)),
    receivedAt: Date.UTC(2026, 0, 6),
  })

export function draftsOf(payload: unknown): Drafts {
  const normalized = deliver(payload)
  if (normalized.outcome === "skipped") throw new Error(normalized.reason)
  return normalized.drafts
}

export interface WrittenPage {
  readonly title?: string
  readonly blocks?: readonly Block[]
  readonly properties?: { readonly [name: string]: object }
  readonly places?: readonly { readonly type: string; readonly id: string; readonly title: string | null }[]
  readonly comments?: readonly object[]
  readonly users?: readonly object[]
  readonly page?: object
  readonly asOf?: string
}

/** A page as the hydrate stage brings it: what Notion's API answered, in an envelope like its events'. */
export function fetchedPage(written: WrittenPage): object {
  const { title = "Plans", blocks = [], properties = {}, places = [], comments = [], users = [] } = written
  const page = {
    object: "page",
    id: ids.page,
    created_time: "2026-01-05T09:00:00.000Z",
    last_edited_time: "2026-01-05T10:00:00.000Z",
    created_by: { object: "user", id: ids.person },
    last_edited_by: { object: "user", id: ids.person },
    in_trash: false,
    archived: false,
    is_locked: false,
    url: `https://www.notion.so/Plans-${ids.page.replaceAll("-", "")}`,
    parent: { type: "workspace", workspace: true },
    properties: { Name: { id: "title", type: "title", title: [text(title)] }, ...properties },
    ...written.page,
  }
  return {
    type: "page.fetched",
    as_of: written.asOf ?? "2026-01-05T10:00:30.500Z",
    entity: { id: ids.page, type: "page" },
    data: { page, blocks, cut: null, comments, places, users },
  }
}

/** The document that one reading of a page makes. */
export function rendered(written: WrittenPage): Rendered {
  const [document] = draftsOf(fetchedPage(written)).documents
  const parts = document!.parts.map(({ partId, kind, fields, at }) => ({ partId, kind, fields, at }))
  return notion.render({ sourceId: document!.sourceId, parts })
}
