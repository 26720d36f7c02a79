import { expect, test } from "vitest"
import { notion } from "../src/notion/index.ts"
import { readProperties } from "../src/notion/properties.ts"
import { bullet, heading, mention, paragraph, text } from "./fixtures/notion/blocks.ts"
import { ids } from "./fixtures/notion/events.ts"
import { properties } from "./fixtures/notion/properties.ts"
import { deliver, draftsOf, fetchedPage, rendered } from "./notion-delivery.ts"

const asOf = Date.parse("2026-01-05T10:00:30.500Z")

test("a property of every type becomes metadata, a readable line, a state, labels and edges", () => {
  const read = readProperties(properties)
  expect(read.title).toBe("Use one queue")
  expect(read.state).toBe("Accepted")
  expect(read.labels).toEqual(["ADR", "queue", "redis"])
  expect(read.values).toEqual({
    Notes: "see docs",
    Points: 0,
    Kind: "ADR",
    Tags: ["queue", "redis"],
    Status: "Accepted",
    Due: "2026-02-01 to 2026-02-03",
    Owner: ["Ada"],
    Reviewers: [ids.person],
    Drawing: ["plan.pdf"],
    Urgent: true,
    Link: "https://x.org/rfc",
    Contact: "team@example.org",
    Phone: "+49 30 123",
    Score: 4.5,
    Due2: "2026-03-01",
    Related: [ids.other],
    "Blocked by": [ids.database],
    Sum: 12,
    Names: ["deep"],
    "Created at": "2026-01-05T09:00:00.000Z",
    "Created by": ids.person,
    "Edited at": "2026-01-05T10:00:00.000Z",
    "Edited by": "Ada",
    Number: "ADR-12",
    Verified: "verified",
    Place: "Berlin",
  })
  expect(read.lines).toContain("- Notes: see [docs](https://x.org)")
  expect(read.lines).toContain("- Urgent: yes")
  expect(read.lines.join("\n")).not.toMatch(/signed|Created|Related|Go/)
  expect(read.links.map(({ type, to }) => `${type} ${to.type} ${to.value}`)).toEqual([
    `ASSIGNED_TO notion:user ${ids.person}`,
    `REVIEWED_BY notion:user ${ids.person}`,
    `RELATES_TO notion:page ${ids.other}`,
    `BLOCKED_BY notion:page ${ids.database}`,
  ])
})

test("empty properties, and those of a type not known yet, say nothing", () => {
  const read = readProperties({
    A: { id: "a", type: "date", date: null },
    B: { id: "b", type: "select", select: null },
    C: { id: "c", type: "rich_text", rich_text: [] },
    D: { id: "d", type: "hologram", hologram: { x: 1 } },
    E: null,
    F: { id: "f", type: "formula", formula: { type: "unsupported" } },
  })
  expect(read).toMatchObject({ title: "", values: {}, lines: [], state: null, labels: [], links: [] })
})

test("a page's clock is when it was read, not the minute in which it was edited", () => {
  const at = (written: Parameters<typeof fetchedPage>[0]) => draftsOf(fetchedPage(written)).documents[0]!.parts[0]!.at
  expect(at({})).toBe(asOf)
  expect(at({ asOf: "2026-01-05T10:00:31.000Z" })).toBe(asOf + 500)
  // A clock of ours that is behind Notion's does not make news old.
  expect(at({ asOf: "2026-01-05T09:00:00.000Z" })).toBe(Date.parse("2026-01-05T10:00:00.000Z"))
})

test("a page in the trash is a removal, in the words of old and new versions of the API", () => {
  for (const page of [{ in_trash: true }, { archived: true }]) {
    const [document] = draftsOf(fetchedPage({ page, title: "Secret" })).documents
    expect(document!.parts).toEqual([
      { partId: "body", kind: "body", at: asOf, rank: 9, alive: false, fields: {}, links: {} },
    ])
  }
})

test("the page tree's top is the scope, and the way down is told", () => {
  const places = [
    { type: "data_source", id: ids.dataSource, title: "Decisions" },
    { type: "database", id: ids.database, title: "Decisions" },
    { type: "page", id: ids.other, title: "Engineering" },
  ]
  const drafts = draftsOf(
    fetchedPage({
      places,
      page: { parent: { type: "data_source_id", data_source_id: ids.dataSource, database_id: ids.database } },
    }),
  )
  expect(drafts.scopes).toEqual([
    { key: `page:${ids.other}`, kind: "page_tree", name: "Engineering", privacy: "org", at: asOf },
  ])
  expect(drafts.documents[0]!.parts[0]!.links.parent).toEqual([
    { type: "PART_OF", to: { type: "notion:data_source", value: ids.dataSource }, confidence: 1 },
  ])
  expect(rendered({ places })).toMatchObject({
    scope: `page:${ids.other}`,
    metadata: { place: "Engineering / Decisions" },
  })
  expect(draftsOf(fetchedPage({ title: "Top" })).scopes).toMatchObject([{ key: `page:${ids.page}`, name: "Top" }])
  // Within a column: the block's page is the first place on the way up.
  const inColumn = {
    places: [{ type: "page", id: ids.other, title: "Up" }],
    page: { parent: { type: "block_id", block_id: ids.block } },
  }
  expect(draftsOf(fetchedPage(inColumn)).documents[0]!.parts[0]!.links.parent).toMatchObject([
    { to: { value: ids.other } },
  ])
})

test("people are accounts with their name and verified address; bots are marked", () => {
  const users = [
    { object: "user", id: ids.person, name: "Ada", type: "person", person: { email: "Ada@Example.org" } },
    { object: "user", id: ids.bot, name: "Importer", type: "bot", bot: {} },
  ]
  const accounts = draftsOf(fetchedPage({ users })).entities.filter(({ kind }) => kind === "account")
  expect(accounts).toMatchObject([
    {
      alias: { type: "notion:user", value: ids.person },
      aliases: [{ type: "email:address", value: "ada@example.org" }],
      fields: { name: "Ada", bot: false, email: "ada@example.org", emailVerified: true },
    },
    { alias: { value: ids.bot }, aliases: [], fields: { name: "Importer", bot: true } },
  ])
  expect(rendered({ users }).author).toEqual({ type: "notion:user", value: ids.person })
})

test("comments are parts, each with its author, in the order they were made", () => {
  const comment = (id: string, at: string, words: string) => ({
    object: "comment",
    id,
    parent: { type: "page_id", page_id: ids.page },
    discussion_id: ids.block,
    created_time: at,
    last_edited_time: at,
    created_by: { object: "user", id: ids.person },
    display_name: { type: "user", resolved_name: "Ada" },
    rich_text: [text(words)],
  })
  const comments = [comment(ids.comment, "2026-01-05T09:30:00.000Z", "Decision: ship it.")]
  const document = rendered({ comments, blocks: [paragraph(text("We plan."))] })
  expect(document.sections.map(({ label, markdown }) => [label, markdown])).toEqual([
    ["body", "We plan."],
    ["comment by Ada", "Decision: ship it."],
  ])
  expect(document.statements.map(({ kind, text }) => [kind, text])).toEqual([
    ["summary", "We plan."],
    ["decision", "ship it."],
  ])
})

test("a comment alone is a part of the page that its event named", () => {
  const comment = {
    id: ids.comment,
    created_time: "2026-01-05T09:30:00.000Z",
    rich_text: [text("Hello")],
    created_by: { id: ids.person },
  }
  const drafts = draftsOf({
    type: "comment.fetched",
    as_of: "2026-01-05T10:00:00.000Z",
    entity: { id: ids.comment, type: "comment" },
    within: ids.page,
    data: { comment },
  })
  expect(drafts.documents).toMatchObject([
    { sourceId: `page:${ids.page}`, parts: [{ partId: `comment:${ids.comment}`, alive: true }] },
  ])
  expect(drafts.scopes).toMatchObject([{ key: "workspace", privacy: "org" }])
})

test("databases and data sources are documents: what they are for, and their columns", () => {
  const common = { as_of: "2026-01-05T10:00:00.000Z" }
  const thing = (kind: string, id: string, data: object) => {
    const [document] = draftsOf({ ...common, type: `${kind}.fetched`, entity: { id, type: kind }, data }).documents
    return notion.render({ sourceId: document!.sourceId, parts: document!.parts.map((part) => ({ ...part })) })
  }
  const options = { options: [{ name: "Open" }, { name: "Done" }] }
  const title = [text("Decisions")]
  expect(
    thing("data_source", ids.dataSource, {
      data_source: {
        id: ids.dataSource,
        title,
        description: [text("What we decided.")],
        properties: {
          Status: { id: "s", type: "status", status: options },
          Name: { id: "title", type: "title", title: {} },
        },
      },
    }),
  ).toMatchObject({
    kind: "data_source",
    title: "Decisions",
    sections: [{ markdown: "What we decided.\n\n- Name (title)\n- Status (status): Open, Done" }],
  })
  expect(
    thing("database", ids.database, {
      database: { id: ids.database, title, description: [], data_sources: [{ id: ids.dataSource, name: "Decisions" }] },
    }),
  ).toMatchObject({ kind: "database", title: "Decisions", sections: [{ markdown: "Decisions" }] })
})

test("mentions and links to pages are references, and what a list no longer names has ended", () => {
  const blocks = [
    paragraph(mention({ type: "page", page: { id: ids.other } }, "The plan")),
    bullet(`see https://www.notion.so/acme/Post-mortem-${ids.database.replaceAll("-", "")}?pvs=4#abc.`),
  ]
  expect(draftsOf(fetchedPage({ blocks })).documents[0]!.parts[0]!.links.mentions).toMatchObject([
    { to: { value: ids.other } },
  ])
  expect(rendered({ blocks }).links.map(({ to }) => to.value)).toEqual([ids.other, ids.database])
})

test("a page that was cut says so, to readers and in its metadata", () => {
  const fetched = fetchedPage({ blocks: [heading(1, "A"), paragraph(text("b"))] }) as { data: { cut: object } }
  fetched.data.cut = { limit: "blocks", blocks: 10_000 }
  const [document] = draftsOf(fetched).documents
  const page = notion.render({ sourceId: document!.sourceId, parts: document!.parts.map((part) => ({ ...part })) })
  expect(page.sections.at(-1)!.markdown).toMatch(/longer than what was read of it: 10000 blocks/)
  expect(page.metadata.cut).toEqual({ limit: "blocks", blocks: 10_000 })
})

test("what cannot be read names its field; what is odd but harmless is read around", () => {
  const unreadable = (page: object) => () => deliver(fetchedPage({ page }))
  expect(unreadable({ id: "nobody" })).toThrow(
    expect.objectContaining({ code: "payload_unreadable", path: "data.page.id" }),
  )
  expect(unreadable({ last_edited_time: 5 })).toThrow(expect.objectContaining({ path: "data.page.last_edited_time" }))
  const odd = { parent: 7, created_by: "me", properties: { Name: 5, Other: { type: "title", title: "x" } } }
  expect(draftsOf(fetchedPage({ page: odd, blocks: [null, 5, {}] as never })).documents).toHaveLength(1)
  expect(rendered({ blocks: [{ type: "paragraph", paragraph: null }] as never }).title).toBe("Plans")
})
