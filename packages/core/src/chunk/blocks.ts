import MarkdownIt, { type Token } from "markdown-it"
import { kept } from "../kept.ts"
import { withoutTags } from "./visible-text.ts"

/** A top-level block of a markdown text. */
export interface Block {
  readonly kind: "heading" | "paragraph" | "list" | "table" | "code" | "quote" | "html" | "rule"
  /** The lines as written, as far as a reader of the rendered page sees them: no comments, no tags. */
  readonly text: string
  /** Of a heading, its text without the marks. */
  readonly title: string
  /** 1 to 6 for a heading, otherwise 0. */
  readonly depth: number
}

const kinds: { readonly [token: string]: Block["kind"] } = {
  heading_open: "heading",
  paragraph_open: "paragraph",
  bullet_list_open: "list",
  ordered_list_open: "list",
  table_open: "table",
  fence: "code",
  code_block: "code",
  blockquote_open: "quote",
  html_block: "html",
  hr: "rule",
}

// Blocks only, because inside a paragraph the text stays as written. A link definition counts as a paragraph.
const parser = new MarkdownIt({ html: true })
parser.core.ruler.enableOnly(["normalize", "block"])
parser.block.ruler.disable("reference")

/**
 * Characters parsed at once: more than any text that GitHub takes (65,536), and few enough that the parser's tokens need
 * 40 MB at most. A longer block is cut after so many, and a longer line is a paragraph, whatever it begins with.
 */
const windowMax = 100_000

/** In order, nothing visible lost. Time linear in the length of the text. */
export function splitBlocks(markdown: string): Block[] {
  const text = markdown.replace(/\r\n?/g, "\n")
  const blocks: Block[] = []
  for (let from = 0; from < text.length; ) {
    const to = windowEnd(text, from)
    const isLast = to === text.length
    const found = read(text.slice(from, to), isLast)
    // The last block may go on behind the window, so it is read again from its start.
    const last = !isLast && found.length > 1 ? found.at(-1) : undefined
    for (const { block } of last ? found.slice(0, -1) : found) if (block.text.trim() !== "") blocks.push(block)
    from = last ? from + last.offset : to
  }
  return blocks
}

function windowEnd(text: string, from: number): number {
  if (text.length - from <= windowMax) return text.length
  const end = text.lastIndexOf("\n", from + windowMax - 1) + 1
  return end > from ? end : text.indexOf("\n", from) + 1 || text.length
}

interface Found {
  readonly block: Block
  /** Characters of the window before the block. */
  readonly offset: number
}

function read(window: string, isLast: boolean): readonly Found[] {
  if (window.length > windowMax) return [longLine(window)]
  return isLast ? parse(window) : parseAgain(window)
}

/** Of a text that grows by its end, all windows but the last read as they did. */
const parseAgain = kept(parse, 20 * windowMax)

function longLine(text: string): Found {
  return { block: { kind: "paragraph", text: text.trim(), title: "", depth: 0 }, offset: 0 }
}

/** A block reaches to where the next one starts, so that nothing falls between them. */
function parse(window: string): readonly Found[] {
  const lines = [0, ...Array.from(window.matchAll(/\n/g), ({ index }) => index + 1), window.length]
  const tokens = parser.parse(window, {})
  const starts = tokens.flatMap((token, at) => (token.level === 0 && token.nesting >= 0 ? [at] : []))
  return starts.map((start, at) => {
    const next = starts[at + 1] ?? tokens.length
    const end = tokens[next]?.map?.[0] ?? lines.length - 1
    const block = blockOf(tokens.slice(start, next), end, (from, to) => window.slice(lines[from], lines[to]))
    return { block, offset: lines[tokens[start]!.map![0]]! }
  })
}

type Slice = (fromLine: number, toLine: number) => string

function blockOf(tokens: readonly Token[], end: number, slice: Slice): Block {
  const open = tokens[0]!
  const kind = kinds[open.type]!
  const text = kind === "rule" ? "" : textOf(kind, tokens, end, slice).trimEnd()
  if (kind === "heading") return { kind, text, title: withoutTags(tokens[1]!.content), depth: Number(open.tag[1]) }
  return { kind, text, title: "", depth: 0 }
}

function textOf(kind: Block["kind"], tokens: readonly Token[], end: number, slice: Slice): string {
  let at = tokens[0]!.map![0]
  const whole = slice(at, end)
  if (!whole.includes("<")) return whole
  if (kind === "html" && /^ {0,3}<(?:script|style)\b/i.test(whole)) return ""
  const clean = (from: number, to: number) => {
    const lines = slice(from, to)
    const shown = withoutTags(lines)
    // Lines that tags leave empty go, and in HTML so does the indentation.
    return shown === lines ? lines : shown.replace(kind === "html" ? /^\s+/gm : /^[ \t]*\n/gm, "")
  }
  let text = ""
  for (const { type, map } of tokens) {
    if (type !== "fence" && type !== "code_block") continue
    // Code shows its tags, also inside a list or a quote.
    text += clean(at, map![0]) + slice(...map!)
    at = map![1]
  }
  return text + clean(at, end)
}
