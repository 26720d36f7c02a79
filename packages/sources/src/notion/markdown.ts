import { addressOf, idOf } from "./names.ts"
import { asPiece, asPieces, asText, markdownOf, type Piece, plainText } from "./rich-text.ts"

/** Deeper blocks than the API is asked for; a body that was made up must not exhaust the stack. */
const depthMax = 64

type Lines = readonly string[]

/** Notion's blocks as markdown that reads as the page does: same order, same structure, nothing drawn. */
export function blocksToMarkdown(blocks: unknown): string {
  return linesOf(asPieces(blocks), 0).join("\n").trim()
}

/** Blocks apart by an empty line, items of a list without. */
function linesOf(blocks: readonly Piece[], depth: number): string[] {
  const lines: string[] = []
  let before = ""
  let number = 0
  for (const block of blocks) {
    const type = asText(block.type)
    number = type === "numbered_list_item" ? number + 1 : 0
    const own = blockLines(block, type, number, depth)
    if (own.length === 0) continue
    if (lines.length > 0 && !(items.has(type) && items.has(before))) lines.push("")
    for (const line of own) lines.push(line)
    before = type
  }
  return lines
}

const items = new Set(["bulleted_list_item", "numbered_list_item", "to_do", "toggle"])

function blockLines(block: Piece, type: string, number: number, depth: number): Lines {
  const content = asPiece(block[type])
  const children = () => (depth < depthMax ? linesOf(asPieces(block.children), depth + 1) : [])
  const write = writers[type]
  if (write) return write({ block, content, number, children })
  const own = paragraph(markdownOf(content.rich_text))
  const below = children()
  return [...own, ...(own.length > 0 && below.length > 0 ? [""] : []), ...below]
}

interface Writing {
  readonly block: Piece
  readonly content: Piece
  /** Of a numbered item among its neighbours. */
  readonly number: number
  readonly children: () => Lines
}
type Writer = (writing: Writing) => Lines

const indented = (lines: Lines, by: string): string[] => lines.map((line) => (line === "" ? "" : by + line))
const quoted = (lines: Lines): string[] => lines.map((line) => (line === "" ? ">" : `> ${line}`))
/** Structure is Notion's to state: a line that only looks like a heading, a quote or an item is none. */
const paragraph = (text: string): string[] =>
  text.trim() === ""
    ? []
    : text.split("\n").map((line) => line.replace(/^(\s*)(#{1,6}\s|>|[-*+]\s|\d+[.)]\s|```|~~~)/, "$1\\$2"))

const nothing: Writer = () => []
const through: Writer = ({ children }) => children()

const heading =
  (level: number): Writer =>
  ({ content, children }) => {
    const title = markdownOf(content.rich_text).replaceAll("\n", " ").trim()
    const below = children()
    return [...(title ? [`${"#".repeat(level)} ${title}`] : []), ...(below.length > 0 ? ["", ...below] : [])]
  }

const item =
  (mark: (writing: Writing) => string): Writer =>
  (writing) => {
    const [first = "", ...rest] = markdownOf(writing.content.rich_text).split("\n")
    const below = [...rest, ...writing.children()]
    if (first.trim() === "" && below.length === 0) return []
    const lead = mark(writing)
    return [`${lead} ${first}`, ...indented(below, " ".repeat(lead.startsWith("-") ? 2 : lead.length + 1))]
  }

const quote: Writer = ({ content, children }) => {
  const icon = asText(asPiece(content.icon).emoji)
  const text = markdownOf(content.rich_text)
  const said = [icon, text].filter(Boolean).join(" ")
  const below = children()
  return quoted([...(said ? said.split("\n") : []), ...(said && below.length > 0 ? [""] : []), ...below])
}

const code: Writer = ({ content }) => {
  const text = plainText(content.rich_text)
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(({ 0: run }) => run.length))
  const fence = "`".repeat(longest + 1)
  const caption = markdownOf(content.caption)
  return [
    `${fence}${asText(content.language).replace("plain text", "").replaceAll(" ", "-")}`,
    ...text.split("\n"),
    fence,
    ...(caption ? ["", caption] : []),
  ]
}

const table: Writer = ({ block }) => {
  const rows = asPieces(block.children).map((row) =>
    (Array.isArray(asPiece(row.table_row).cells) ? (asPiece(row.table_row).cells as unknown[]) : []).map((cell) =>
      markdownOf(cell).replaceAll("|", "\\|").replaceAll("\n", " "),
    ),
  )
  const [head, ...body] = rows
  if (head === undefined) return []
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`
  return [line(head), line(head.map(() => "---")), ...body.map(line)]
}

/** Addresses of files that Notion keeps are signed and run out within the hour, so only their names are kept. */
const media: Writer = ({ block, content }) => {
  const type = asText(block.type)
  const caption = markdownOf(content.caption).replaceAll("\n", " ").trim()
  const name = caption || asText(content.name) || type
  const address = asText(asPiece(content.external).url) || asText(content.url)
  if (address !== "")
    return [type === "image" ? `![${name}](${address})` : name === type ? address : `[${name}](${address})`]
  return name === type ? [] : [`(${type}: ${name})`]
}

const child =
  (kind: string): Writer =>
  ({ block, content }) => {
    const id = idOf(asText(block.id))
    const title = asText(content.title) || `Untitled ${kind}`
    return [id === undefined ? title : `[${title}](${addressOf(id)})`]
  }

const linkToPage: Writer = ({ content }) => {
  const id = idOf(asText(content.page_id) || asText(content.database_id))
  return id === undefined ? [] : [addressOf(id)]
}

const equation: Writer = ({ content }) => ["$$", ...asText(content.expression).split("\n"), "$$"]

const meetingNotes: Writer = ({ content, children }) => {
  const title = plainText(content.title)
  return [...(title ? [`**${title}**`, ""] : []), ...children()]
}

/** Every type of block there is. One that Notion adds is read as a paragraph with children. */
const writers: { readonly [type: string]: Writer } = {
  heading_1: heading(1),
  heading_2: heading(2),
  heading_3: heading(3),
  heading_4: heading(4),
  bulleted_list_item: item(() => "-"),
  toggle: item(() => "-"),
  numbered_list_item: item(({ number }) => `${number}.`),
  to_do: item(({ content }) => (content.checked === true ? "- [x]" : "- [ ]")),
  quote,
  callout: quote,
  code,
  table,
  table_row: nothing,
  equation,
  divider: () => ["---"],
  breadcrumb: nothing,
  table_of_contents: nothing,
  unsupported: nothing,
  column_list: through,
  column: through,
  synced_block: through,
  tab: through,
  meeting_notes: meetingNotes,
  transcription: meetingNotes,
  child_page: child("page"),
  child_database: child("database"),
  link_to_page: linkToPage,
  image: media,
  video: media,
  audio: media,
  pdf: media,
  file: media,
  bookmark: media,
  embed: media,
  link_preview: media,
}
