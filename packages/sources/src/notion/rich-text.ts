import type { AliasRef, Link } from "@engram/contracts/graph"
import { addressOf, documentKinds, idOf, thingAlias, userAlias } from "./names.ts"

/** Any JSON that should be an object; members are read as they come. */
export type Piece = { readonly [name: string]: unknown }

export const asPiece = (value: unknown): Piece =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Piece) : {}
export const asPieces = (value: unknown): Piece[] => (Array.isArray(value) ? value.map(asPiece) : [])
export const asText = (value: unknown): string => (typeof value === "string" ? value : "")

/** The words alone. */
export const plainText = (richText: unknown): string =>
  asPieces(richText)
    .map(({ plain_text }) => asText(plain_text))
    .join("")

/** Rich text as markdown on one or several lines. Words stay as they were written: they are read and searched, not drawn. */
export function markdownOf(richText: unknown): string {
  const spans = asPieces(richText).map((item) => ({ marks: marksOf(item), text: textOf(item), link: linkOf(item) }))
  const merged: typeof spans = []
  for (const span of spans) {
    const last = merged.at(-1)
    // Notion cuts a word in two where somebody edited it; so does not a reader.
    if (last && last.marks === span.marks && last.link === span.link) last.text += span.text
    else merged.push({ ...span })
  }
  return merged.map(({ marks, text, link }) => linked(marked(text, marks), link)).join("")
}

function textOf(item: Piece): string {
  if (item.type === "equation") return `$${asText(asPiece(item.equation).expression)}$`
  const words = asText(item.plain_text)
  const mention = asPiece(item.mention)
  if (item.type !== "mention") return words
  if (mention.type === "user") return words.startsWith("@") ? words : `@${words || "somebody"}`
  return words || "Untitled"
}

function linkOf(item: Piece): string {
  const mention = asPiece(item.mention)
  for (const kind of ["page", "database", "data_source"]) {
    const id = idOf(asText(asPiece(mention[kind]).id))
    if (id !== undefined) return addressOf(id)
  }
  const href = asText(item.href)
  // Within Notion, links are paths.
  return href.startsWith("/") ? `https://www.notion.so${href}` : href
}

const codes: readonly (readonly [string, string])[] = [
  ["bold", "**"],
  ["italic", "_"],
  ["strikethrough", "~~"],
]

function marksOf(item: Piece): string {
  const annotations = asPiece(item.annotations)
  if (annotations.code === true) return "`"
  return codes.map(([name, code]) => (annotations[name] === true ? code : "")).join("")
}

function marked(text: string, marks: string): string {
  if (marks === "" || text.trim() === "") return text
  if (marks === "`") {
    const ticks = text.includes("`") ? "``" : "`"
    return `${ticks}${text}${ticks}`
  }
  // Marks must touch the words, so white space stays outside.
  const core = text.trim()
  const [before, after] = [text.slice(0, text.indexOf(core)), text.slice(text.indexOf(core) + core.length)]
  const closing = marks.replace(/(\*\*)?(_)?(~~)?/, (_, bold = "", italic = "", strike = "") => strike + italic + bold)
  return `${before}${marks}${core}${closing}${after}`
}

const linked = (text: string, link: string): string =>
  link === "" || text.trim() === "" || text === link ? text : `[${text.replace(/[[\]]/g, "\\$&")}](${link})`

/** People, pages and databases that are mentioned, wherever in the content. Iterative, since blocks lie within blocks. */
export function mentionsIn(content: unknown): Link[] {
  const found = new Map<string, Link>()
  const waiting = [content]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== "object" || value === null) continue
    const { mention, link_to_page } = value as Piece
    for (const to of targetsOf({ ...asPiece(mention), ...asPiece(link_to_page) }))
      found.set(`${to.type} ${to.value}`, { type: "REFERENCES", to, confidence: 1 })
    for (const member of Object.values(value)) if (typeof member === "object") waiting.push(member)
  }
  return [...found.values()]
}

/** `{ page: { id } }` of a mention, `{ page_id }` of a link to a page. */
const targetsOf = (named: Piece): AliasRef[] =>
  Object.entries(named).flatMap(([key, target]) => {
    const id = idOf(asText(target) || asText(asPiece(target).id))
    const kind = key.replace(/_id$/, "")
    if (id === undefined) return []
    if (kind === "user") return userAlias(id)
    const known = documentKinds.find((each) => each === kind)
    return known ? thingAlias(known, id) : []
  })
