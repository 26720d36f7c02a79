import { z } from "zod"
import { idOf } from "./names.ts"

/**
 * What Engram reads of Notion's events and of its API's answers. Fields that are not named here pass unread, text is never
 * refused for its length, and only what a draft cannot do without is required.
 */

export const Time = z.string().transform((value, context) => {
  const ms = Date.parse(value)
  if (Number.isFinite(ms)) return ms
  context.addIssue({ code: "custom", message: `${JSON.stringify(value)} is not a time` })
  return z.NEVER
})

export const Id = z.string().transform((value, context) => {
  const id = idOf(value)
  if (id !== undefined) return id
  context.addIssue({ code: "custom", message: `${JSON.stringify(value.slice(0, 60))} is not an id` })
  return z.NEVER
})

const text = z.string().nullish()
const flag = z.boolean().nullish()

const Author = z.object({ id: Id, type: text })

/** What all events share. */
export const Event = z.object({
  type: z.string(),
  timestamp: Time,
  entity: z.object({ id: Id, type: text }),
  authors: z.array(Author).nullish().catch(null),
  data: z
    .object({
      page_id: Id.nullish(),
      target: z.object({ id: Id, type: text }).nullish(),
      updated_blocks: z.array(z.object({ id: Id, type: text })).nullish(),
    })
    .nullish(),
})
export type Event = z.infer<typeof Event>

export const PartialUser = z.object({ id: Id }).nullish()

export const User = z.object({
  id: Id,
  name: text,
  type: text,
  person: z.object({ email: text }).nullish().catch(null),
})
export type User = z.infer<typeof User>

export const Parent = z
  .object({
    type: text,
    page_id: Id.nullish(),
    database_id: Id.nullish(),
    data_source_id: Id.nullish(),
    block_id: Id.nullish(),
  })
  .nullish()

export const Place = z.object({ type: z.enum(["page", "database", "data_source"]), id: Id, title: text })
export type Place = z.infer<typeof Place>

/** Rich text, blocks and properties are read piece by piece: one that Notion adds must not cost the page. */
export const pieces = z.array(z.unknown()).nullish()

const Thing = z.object({
  id: Id,
  created_time: Time.nullish(),
  last_edited_time: Time.nullish(),
  created_by: PartialUser.catch(null),
  last_edited_by: PartialUser.catch(null),
  in_trash: flag,
  archived: flag,
  is_locked: flag,
  url: text,
  parent: Parent.catch(null),
})

export const Page = Thing.extend({ properties: z.record(z.string(), z.unknown()).nullish() })
export type Page = z.infer<typeof Page>

export const Database = Thing.extend({
  title: pieces,
  description: pieces,
  data_sources: z
    .array(z.object({ id: Id, name: text }))
    .nullish()
    .catch(null),
})
export type Database = z.infer<typeof Database>

export const DataSource = Thing.extend({
  title: pieces,
  description: pieces,
  properties: z.record(z.string(), z.unknown()).nullish(),
})
export type DataSource = z.infer<typeof DataSource>

export const Comment = z.object({
  id: Id,
  discussion_id: text,
  created_time: Time,
  last_edited_time: Time.nullish(),
  created_by: PartialUser.catch(null),
  display_name: z.object({ resolved_name: text }).nullish().catch(null),
  rich_text: pieces,
})
export type Comment = z.infer<typeof Comment>

/** A limit that ended the reading of a page's blocks, and how many had been read. */
export const Cut = z.object({ limit: z.string(), blocks: z.number(), tooDeep: z.number().nullish() }).nullish()
export type Cut = z.infer<typeof Cut>

/** What the hydrate stage accepts: what the API said of one thing, and the time it speaks for. */
export const Fetched = z.object({
  as_of: Time,
  entity: z.object({ id: Id, type: z.string() }),
  within: Id.nullish(),
  data: z.object({
    page: Page.nullish(),
    blocks: pieces,
    cut: Cut,
    comments: z.array(Comment).nullish(),
    database: Database.nullish(),
    data_source: DataSource.nullish(),
    comment: Comment.nullish(),
    places: z.array(Place).nullish(),
    users: z.array(User).nullish(),
  }),
})
export type Fetched = z.infer<typeof Fetched>
