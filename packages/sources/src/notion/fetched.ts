import type { Drafts, MomentDraft, Normalized, PartDraft, ScopeDraft } from "@engram/contracts/draft"
import type { EntityDraft, Link } from "@engram/contracts/graph"
import type { Json } from "@engram/contracts/json"
import { blocksToMarkdown } from "./markdown.ts"
import {
  addressOf,
  commentPartId,
  type DocumentKind,
  documentId,
  emailAlias,
  thingAlias,
  userAlias,
  workspaceScope,
} from "./names.ts"
import { readProperties, schemaLines } from "./properties.ts"
import { markdownOf, mentionsIn, plainText } from "./rich-text.ts"
import type { Comment, Cut, Database, DataSource, Fetched, Page, Place, User } from "./schemas.ts"

const fetchedRank = 2

/**
 * What was fetched says all there is to know of its thing, as of the moment it was asked. That moment is the clock of every
 * field: Notion's own `last_edited_time` counts in minutes, in which a page may change many times.
 */
export function readFetched(fetched: Fetched): Normalized {
  const { data, entity } = fetched
  if (data.page) return page(fetched, data.page)
  if (data.database) return database(fetched, data.database)
  if (data.data_source) return dataSource(fetched, data.data_source)
  if (entity.type === "user") return drafts(fetched, fetched.as_of, {})
  if (data.comment && fetched.within) return comment(fetched, data.comment, fetched.within)
  return { outcome: "skipped", reason: `Nothing was found of the ${entity.type}.` }
}

function page(fetched: Fetched, page: Page): Normalized {
  const properties = readProperties(page.properties)
  const { blocks, cut, comments } = fetched.data
  const markdown = blocksToMarkdown(blocks)
  return thing(fetched, "page", page, {
    title: properties.title,
    text: [markdown, cutNotice(cut)].filter(Boolean).join("\n\n"),
    fields: carried({
      properties: properties.values,
      propertyText: properties.lines.join("\n"),
      state: properties.state,
      labels: properties.labels,
      related: relatedRows(properties.links),
      locked: page.is_locked ?? undefined,
      cut: cut ? { limit: cut.limit, blocks: cut.blocks } : null,
    }),
    links: { properties: properties.links, mentions: mentionsIn([page.properties, blocks]) },
    parts: (comments ?? []).map((each) => commentPart(each, atOf(fetched, each.last_edited_time), fetched.data.users)),
  })
}

/** Rows that relations name, as far as a reader can take them in. */
const relatedRows = (links: readonly Link[]): string[] =>
  links.flatMap(({ to }) => (to.type === "notion:page" ? [to.value] : [])).slice(0, 20)

function database(fetched: Fetched, database: Database): Normalized {
  const sources = (database.data_sources ?? [])
    .map(({ name }) => name)
    .filter((name) => typeof name === "string" && name)
  return thing(fetched, "database", database, {
    title: plainText(database.title).trim(),
    text: [markdownOf(database.description), sources.length > 1 ? `Data sources: ${sources.join(", ")}` : ""]
      .filter(Boolean)
      .join("\n\n"),
    fields: {},
    links: { mentions: mentionsIn(database.description) },
    parts: [],
  })
}

function dataSource(fetched: Fetched, source: DataSource): Normalized {
  return thing(fetched, "data_source", source, {
    title: plainText(source.title).trim(),
    text: [markdownOf(source.description), schemaLines(source.properties).join("\n")].filter(Boolean).join("\n\n"),
    fields: {},
    links: { mentions: mentionsIn(source.description) },
    parts: [],
  })
}

interface Said {
  readonly title: string
  readonly text: string
  readonly fields: { readonly [name: string]: Json }
  readonly links: { readonly [name: string]: readonly Link[] }
  readonly parts: readonly PartDraft[]
}

function thing(fetched: Fetched, kind: DocumentKind, thing: Page | Database | DataSource, said: Said): Normalized {
  const at = atOf(fetched, thing.last_edited_time)
  const alias = thingAlias(kind, thing.id)
  const draft = (parts: readonly PartDraft[]) => ({ sourceId: documentId(kind, thing.id), alias, parts })
  const body = { partId: "body", kind: "body", at, rank: fetchedRank }
  // What lies in the trash is removed with its text, as by its own event.
  if (thing.in_trash || thing.archived)
    return drafts(fetched, at, { documents: [draft([{ ...body, rank: 9, alive: false, fields: {}, links: {} }])] })

  const places = fetched.data.places ?? []
  const root = places.at(-1) ?? { type: kind, id: thing.id, title: said.title }
  const scope = {
    key: documentId(root.type, root.id),
    kind: "page_tree",
    name: root.title || "Untitled",
    privacy: "org",
    at,
  } as const
  const above = nearest(thing, places)
  const fields = carried({
    ...said.fields,
    title: said.title,
    text: said.text,
    url: thing.url ?? addressOf(thing.id),
    createdAt: thing.created_time ?? undefined,
    editedAt: thing.last_edited_time ?? undefined,
    ...authorFields(thing.created_by?.id, fetched.data.users),
    editorId: thing.last_edited_by?.id,
    places: wayDown(places),
    scope: scope.key,
  })
  const links = {
    ...said.links,
    author: thing.created_by ? [link("AUTHORED_BY", userAlias(thing.created_by.id))] : [],
    parent: above ? [link("PART_OF", above)] : [],
  }
  return drafts(fetched, at, {
    documents: [draft([{ ...body, alive: true, fields, links }, ...said.parts])],
    entities: [
      // A database is linked to by an address that looks like a page's.
      {
        kind: "thing",
        alias,
        aliases: kind === "page" ? [] : [thingAlias("page", thing.id)],
        fields: { title: said.title || "Untitled", url: thing.url ?? addressOf(thing.id) },
        at,
      },
      ...places.flatMap((place) => placeEntity(place, at)),
    ],
    scopes: [scope],
  })
}

function comment(fetched: Fetched, comment: Comment, pageId: string): Normalized {
  const at = atOf(fetched, comment.last_edited_time)
  const parts = [commentPart(comment, at, fetched.data.users)]
  return drafts(fetched, at, {
    documents: [{ sourceId: documentId("page", pageId), alias: thingAlias("page", pageId), parts }],
    scopes: [{ key: workspaceScope, kind: "workspace", name: "Notion", privacy: "org", at: 0 }],
  })
}

function commentPart(comment: Comment, at: number, users: readonly User[] | null | undefined): PartDraft {
  const name = comment.display_name?.resolved_name
  return {
    partId: commentPartId(comment.id),
    kind: "comment",
    at,
    rank: fetchedRank,
    alive: true,
    fields: carried({
      ...(name && { author: name }),
      ...authorFields(comment.created_by?.id, users),
      text: markdownOf(comment.rich_text),
      createdAt: comment.created_time,
      discussion: comment.discussion_id ?? undefined,
    }),
    links: { mentions: mentionsIn(comment.rich_text) },
  }
}

/** Not before the thing was last edited, whatever the clock of the database said when it was asked for. */
const atOf = (fetched: Fetched, editedAt: number | null | undefined) => Math.max(fetched.as_of, editedAt ?? 0)

function cutNotice(cut: Cut): string {
  if (!cut) return ""
  const why = cut.limit === "depth" ? "deeper blocks were left out" : `the rest was not read (limit of ${cut.limit})`
  return `_This page is longer than what was read of it: ${cut.blocks} blocks; ${why}._`
}

/** Titles from the top; a database and its only data source are called the same. */
const wayDown = (places: readonly Place[]): string[] =>
  places
    .map(({ title }) => title || "Untitled")
    .filter((title, n, all) => title !== all[n + 1])
    .toReversed()

/** The page or database right above: named by the parent or, where that is a block, by the way up. */
function nearest({ parent }: Page, places: readonly Place[]) {
  if (parent?.data_source_id) return thingAlias("data_source", parent.data_source_id)
  if (parent?.page_id) return thingAlias("page", parent.page_id)
  if (parent?.database_id) return thingAlias("database", parent.database_id)
  const place = places[0]
  return place && thingAlias(place.type, place.id)
}

function authorFields(id: string | null | undefined, users: readonly User[] | null | undefined) {
  if (!id) return {}
  const user = users?.find((each) => each.id === id)
  return {
    authorId: id,
    ...(user?.name && { author: user.name }),
    ...(user?.type && { authorBot: user.type === "bot" }),
  }
}

const link = (type: Link["type"], to: Link["to"]): Link => ({ type, to, confidence: 1 })

const placeEntity = ({ type, id, title }: Place, at: number): EntityDraft[] =>
  title ? [{ kind: "thing", alias: thingAlias(type, id), aliases: [], fields: { title }, at }] : []

/** Notion lets people in by their email address, so an account's address is verified. */
function account({ id, name, type, person }: User, at: number): EntityDraft {
  const email = person?.email?.trim()
  return {
    kind: "account",
    alias: userAlias(id),
    aliases: email ? [emailAlias(email)] : [],
    fields: carried({
      name: name ?? undefined,
      bot: type ? type === "bot" : undefined,
      email: email?.toLowerCase(),
      emailVerified: email ? true : undefined,
    }),
    at,
  }
}

function drafts(fetched: Fetched, at: number, given: Partial<Drafts>): Normalized {
  const accounts = (fetched.data.users ?? []).map((user) => account(user, at))
  const moments: MomentDraft[] = []
  const scopes: readonly ScopeDraft[] = given.scopes ?? []
  return {
    outcome: "drafts",
    drafts: { documents: given.documents ?? [], moments, entities: [...(given.entities ?? []), ...accounts], scopes },
  }
}

/** What was carried: keys without a value are left out, null is kept. */
function carried(fields: { readonly [name: string]: Json | undefined }): { readonly [name: string]: Json } {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined))
}
