import type {
  BlockObjectResponse,
  CommentObjectResponse,
  DatabaseObjectResponse,
  DataSourceObjectResponse,
  PageObjectResponse,
  RichTextItemResponse,
  UserObjectResponse,
} from "@notionhq/client"

/** A block as tests write it: its type's content, and the blocks within. Everything else is filled in. */
export interface WrittenBlock {
  readonly type: BlockObjectResponse["type"]
  readonly content?: object
  readonly children?: readonly WrittenBlock[]
  /** What the block holds is not shared with the integration. */
  readonly unshared?: boolean
}

export interface WrittenPage {
  readonly id: string
  readonly title?: string
  /** Further properties, as the API words them. */
  readonly properties?: { readonly [name: string]: object }
  readonly parent?: object
  readonly blocks?: readonly WrittenBlock[]
  /** So many paragraphs instead, made as they are asked for. */
  readonly paragraphs?: number
  readonly createdBy?: string
  /** ISO; Notion rounds it down to the minute. */
  readonly createdAt?: string
  readonly editedAt?: string
}

/** The `n`th id there is, dashed, as Notion writes ids. */
export const notionId = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`

/** Plain words as rich text. */
export function richText(text: string, more: object = {}): RichTextItemResponse[] {
  const annotations = {
    bold: false,
    italic: false,
    strikethrough: false,
    underline: false,
    code: false,
    color: "default" as const,
  }
  const item = { type: "text", text: { content: text, link: null }, plain_text: text, href: null, annotations, ...more }
  return [item as RichTextItemResponse]
}

/** A block of words: a paragraph, a heading, an item. */
export const said = (type: WrittenBlock["type"], text: string, more: Partial<WrittenBlock> = {}): WrittenBlock => ({
  type,
  content: { rich_text: richText(text), ...more.content },
  ...(more.children && { children: more.children }),
})

/** What one Notion workspace holds. Tests change it as people would; the server answers from it. */
export class NotionWorkspace {
  readonly pages = new Map<string, PageObjectResponse>()
  readonly databases = new Map<string, DatabaseObjectResponse>()
  readonly dataSources = new Map<string, DataSourceObjectResponse>()
  readonly users = new Map<string, UserObjectResponse>()
  readonly comments = new Map<string, CommentObjectResponse>()
  readonly blocks = new Map<string, BlockObjectResponse>()
  /** Ids that the integration may not see, and what it is told. */
  readonly unseen = new Map<string, 403 | 404>()
  readonly #children = new Map<string, readonly string[]>()
  readonly #paragraphs = new Map<string, number>()
  #made = 0x100000

  /** Writes a page, or all of it anew. */
  write(page: WrittenPage): void {
    const { id, title = "", properties = {}, parent = { type: "workspace", workspace: true } } = page
    const { createdBy = notionId(1), createdAt = "2026-01-05T09:00:00.000Z", editedAt = createdAt } = page
    this.pages.set(id, {
      object: "page",
      id,
      created_time: minute(createdAt),
      last_edited_time: minute(editedAt),
      created_by: { object: "user", id: createdBy },
      last_edited_by: { object: "user", id: createdBy },
      in_trash: false,
      archived: false,
      is_archived: false,
      is_locked: false,
      url: `https://www.notion.so/${title.replace(/\W+/g, "-")}-${id.replaceAll("-", "")}`,
      public_url: null,
      parent: parent as PageObjectResponse["parent"],
      properties: {
        title: { id: "title", type: "title", title: richText(title) },
        ...properties,
      } as unknown as PageObjectResponse["properties"],
      icon: null,
      cover: null,
    })
    this.#children.set(id, this.#place(page.blocks ?? [], { type: "page_id", page_id: id }))
    if (page.paragraphs === undefined) this.#paragraphs.delete(id)
    else this.#paragraphs.set(id, page.paragraphs)
  }

  trash(id: string, isTrash = true): void {
    const page = this.pages.get(id)
    if (page) this.pages.set(id, { ...page, in_trash: isTrash, archived: isTrash })
  }

  user(id: string, name: string, email?: string): void {
    const person = { type: "person" as const, person: email === undefined ? {} : { email } }
    this.users.set(id, { object: "user", id, name, avatar_url: null, ...person })
  }

  bot(id: string, name: string): void {
    this.users.set(id, { object: "user", id, name, avatar_url: null, type: "bot", bot: {} })
  }

  comment(comment: { id: string; on: string; by: string; text: string; at: string; block?: boolean }): void {
    const { id, on, by, text, at, block = false } = comment
    this.comments.set(id, {
      object: "comment",
      id,
      parent: block ? { type: "block_id", block_id: on } : { type: "page_id", page_id: on },
      discussion_id: notionId(0xd15c),
      created_time: minute(at),
      last_edited_time: minute(at),
      created_by: { object: "user", id: by },
      rich_text: richText(text),
      display_name: { type: "user", resolved_name: this.users.get(by)?.name ?? null },
    })
  }

  database(id: string, title: string, dataSource: { id: string; properties?: object }, parent?: object): void {
    const times = { created_time: minute("2026-01-02T08:00:00Z"), last_edited_time: minute("2026-01-02T08:00:00Z") }
    const state = { in_trash: false, archived: false, is_inline: false, icon: null, cover: null, public_url: null }
    const by = { object: "user" as const, id: notionId(1) }
    const above = (parent ?? { type: "workspace", workspace: true }) as DatabaseObjectResponse["parent"]
    this.databases.set(id, {
      object: "database",
      id,
      title: richText(title),
      description: [],
      parent: above,
      is_locked: false,
      data_sources: [{ id: dataSource.id, name: title }],
      url: `https://www.notion.so/${id.replaceAll("-", "")}`,
      ...times,
      ...state,
    })
    this.dataSources.set(dataSource.id, {
      object: "data_source",
      id: dataSource.id,
      title: richText(title),
      description: [],
      parent: { type: "database_id", database_id: id },
      database_parent: above,
      created_by: by,
      last_edited_by: by,
      properties: (dataSource.properties ?? {}) as DataSourceObjectResponse["properties"],
      url: `https://www.notion.so/${id.replaceAll("-", "")}`,
      ...times,
      ...state,
    })
  }

  childCount(id: string): number {
    return this.#paragraphs.get(id) ?? this.#children.get(id)?.length ?? 0
  }

  child(id: string, n: number): BlockObjectResponse {
    if (!this.#paragraphs.has(id)) return this.blocks.get(this.#children.get(id)![n]!)!
    const block = { type: "paragraph", content: { rich_text: richText(`Line ${n} of a very long page.`) } } as const
    return blockOf(notionId(0x9000000 + n), block, { type: "page_id", page_id: id })
  }

  #place(blocks: readonly WrittenBlock[], parent: object): string[] {
    return blocks.map((written) => {
      const id = notionId(this.#made++)
      this.blocks.set(id, blockOf(id, written, parent))
      this.#children.set(id, this.#place(written.children ?? [], { type: "block_id", block_id: id }))
      if (written.unshared) this.unseen.set(id, 404)
      return id
    })
  }
}

function blockOf(id: string, { type, content = {}, children = [], unshared }: WrittenBlock, parent: object) {
  return {
    object: "block",
    id,
    parent,
    type,
    [type]: content,
    created_time: minute("2026-01-05T09:00:00Z"),
    last_edited_time: minute("2026-01-05T09:00:00Z"),
    created_by: { object: "user", id: notionId(1) },
    last_edited_by: { object: "user", id: notionId(1) },
    has_children: children.length > 0 || unshared === true,
    in_trash: false,
    archived: false,
  } as unknown as BlockObjectResponse
}

/** Notion tells times of editing to the minute. */
const minute = (time: string): string => `${new Date(time).toISOString().slice(0, 16)}:00.000Z`
