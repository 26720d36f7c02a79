/**
 * The top-level blocks of a markdown text, by CommonMark's rules for lines with GitHub's tables.
 *
 * Why not a markdown library: micromark reads 0.05 million characters a second with GitHub's extensions, and some inputs
 * (nested quotes, tables) in worse than linear time; this scanner reads each line once and never looks inside a paragraph,
 * which is all that cutting needs. The tests hold it to the library's answer.
 */
export interface Block {
  readonly kind: "heading" | "paragraph" | "list" | "table" | "code" | "quote" | "html" | "rule"
  /** The lines as written, without the blank ones around them. */
  readonly text: string
  /** 1 to 6 for a heading, otherwise 0. */
  readonly depth: number
}

const blank = /^[ \t]*$/
const fence = /^ {0,3}(?:(`{3,})[^`]*|(~{3,}).*)$/
const heading = /^ {0,3}(#{1,6})(?:[ \t]|$)/
const underline = /^ {0,3}(?:(=+)|-+)[ \t]*$/
const rule = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/
const quote = /^ {0,3}>/
const item = /^( {0,3}(?:[-+*]|(\d{1,9})[.)]))([ \t]+|$)/
const indented = /^(?: {4}| {0,3}\t)/
const rawElement = /^ {0,3}<(script|pre|style|textarea)(?=[\s>]|$)/i
const comment = /^ {0,3}<!--/
const declaration = /^ {0,3}<[!?]/
const blockTags =
  "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul"
const blockTag = new RegExp(`^ {0,3}</?(?:${blockTags})(?=[\\s/>]|$)`, "i")
const loneTag = /^ {0,3}<\/?[a-z][a-z0-9-]*(?:\s[^<>]*)?>[ \t]*$/i
const delimiterRow = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/
/** Longer lines are not tried as delimiter rows: the pattern takes quadratic time on long runs of blanks. */
const delimiterRowMax = 1000
/** Markers looked through on one line. Deeper ones only make the guess about its paragraph worse. */
const nestingMax = 20

/** In order, nothing visible lost. Time linear in the length of the text, whatever it holds. */
export function splitBlocks(markdown: string): Block[] {
  const lines = (markdown.includes("\r") ? markdown.replace(/\r\n?/g, "\n") : markdown).split("\n")
  const blocks: Block[] = []
  let at = 0
  while (at < lines.length) {
    if (blank.test(lines[at]!)) {
      at++
      continue
    }
    const found = blockAt(lines, at)
    blocks.push({ kind: found.kind, depth: found.depth ?? 0, text: textOf(lines, at, found.end) })
    at = found.end
  }
  return blocks
}

interface Found {
  readonly kind: Block["kind"]
  readonly end: number
  readonly depth?: number
}

function blockAt(lines: readonly string[], at: number): Found {
  const line = lines[at]!
  if (indented.test(line)) return { kind: "code", end: endOfIndented(lines, at) }
  const hashes = heading.exec(line)
  if (hashes) return { kind: "heading", end: at + 1, depth: hashes[1]!.length }
  if (fence.test(line)) return { kind: "code", end: endOfFence(lines, at) }
  if (rule.test(line)) return { kind: "rule", end: at + 1 }
  if (quote.test(line)) return { kind: "quote", end: endOfQuote(lines, at) }
  if (item.test(line)) return { kind: "list", end: endOfList(lines, at) }
  if (opensHtml(line) || loneTag.test(line)) return { kind: "html", end: endOfHtml(lines, at) }
  if (opensTable(lines, at)) return { kind: "table", end: endOfTable(lines, at) }
  return paragraphAt(lines, at)
}

function textOf(lines: readonly string[], from: number, to: number): string {
  let end = to
  while (end > from && blank.test(lines[end - 1]!)) end--
  return lines.slice(from, end).join("\n")
}

function paragraphAt(lines: readonly string[], from: number): Found {
  let at = from + 1
  while (at < lines.length && !blank.test(lines[at]!)) {
    const bar = underline.exec(lines[at]!)
    if (bar) return { kind: "heading", end: at + 1, depth: bar[1] ? 1 : 2 }
    if (interruptsParagraph(lines[at]!) || opensTable(lines, at)) break
    at++
  }
  return { kind: "paragraph", end: at }
}

function interruptsParagraph(line: string): boolean {
  if (heading.test(line) || fence.test(line) || rule.test(line) || quote.test(line) || opensHtml(line)) return true
  const marker = item.exec(line)
  if (!marker || blank.test(line.slice(marker[0].length))) return false
  return marker[2] === undefined || Number(marker[2]) === 1
}

function opensHtml(line: string): boolean {
  return line.includes("<") && (rawElement.test(line) || declaration.test(line) || blockTag.test(line))
}

function endOfHtml(lines: readonly string[], from: number): number {
  const first = lines[from]!
  const raw = rawElement.exec(first)
  if (raw) return endWhere(lines, from, (line) => line.toLowerCase().includes(`</${raw[1]!.toLowerCase()}>`))
  if (comment.test(first)) return endWhere(lines, from, (line) => line.includes("-->"))
  if (declaration.test(first)) return endWhere(lines, from, (line) => line.includes(">"))
  return endBefore(lines, from + 1, (line) => blank.test(line))
}

function endOfFence(lines: readonly string[], from: number): number {
  const open = fence.exec(lines[from]!)!
  const marks = (open[1] ?? open[2])!
  return endWhere(lines, from + 1, (line) => closesFence(line, marks))
}

function closesFence(line: string, marks: string): boolean {
  const bare = line.trim()
  return !indented.test(line) && bare.length >= marks.length && bare === marks[0]!.repeat(bare.length)
}

function endOfIndented(lines: readonly string[], from: number): number {
  return endBefore(lines, from + 1, (line) => !indented.test(line) && !blank.test(line))
}

/** A quote goes on while lines are quoted, and over unquoted lines that can only continue its last paragraph. */
function endOfQuote(lines: readonly string[], from: number): number {
  let openParagraph = endsInParagraph(lines[from]!)
  return endBefore(lines, from + 1, (line) => {
    if (quote.test(line)) openParagraph = endsInParagraph(line)
    else if (blank.test(line) || startsAnew(line) || !openParagraph) return true
    return false
  })
}

/** Whether what stands behind the markers of a line is a paragraph, which a line without markers then continues. */
function endsInParagraph(line: string): boolean {
  let rest = line
  for (let nesting = 0; nesting < nestingMax; nesting++) {
    const marker = /^ {0,3}> ?/.exec(rest) ?? (rule.test(rest) ? null : item.exec(rest))
    if (!marker) break
    rest = rest.slice(marker[0].length)
  }
  return !blank.test(rest) && !interruptsParagraph(rest) && !underline.test(rest)
}

function startsAnew(line: string): boolean {
  return interruptsParagraph(line) || item.test(line)
}

/** A list goes on over items of the same marker, indented lines, and unindented ones that can only continue a paragraph. */
function endOfList(lines: readonly string[], from: number): number {
  const marker = markerOf(lines[from]!)
  let offset = contentOffset(lines[from]!)
  let openParagraph = endsInParagraph(lines[from]!)
  return endBefore(lines, from + 1, (line) => {
    if (blank.test(line) || indentOf(line) >= offset) {
      openParagraph = endsInParagraph(line.trimStart())
      return false
    }
    if (!item.test(line) || rule.test(line)) return !openParagraph || startsAnew(line)
    if (markerOf(line) !== marker) return true
    offset = contentOffset(line)
    openParagraph = endsInParagraph(line)
    return false
  })
}

/** The bullet, or the delimiter after the number: what tells two neighbouring lists apart. */
function markerOf(line: string): string {
  return item.exec(line)![1]!.at(-1)!
}

/** How far a line must be indented to belong to the item that begins here. */
function contentOffset(line: string): number {
  const [, marker, , gap] = item.exec(line)!
  const width = gap!.includes("\t") || gap!.length > 4 ? 1 : gap!.length
  return marker!.length + Math.max(1, width)
}

function indentOf(line: string): number {
  let columns = 0
  for (const character of line) {
    if (character === " ") columns++
    else if (character === "\t") columns += 4 - (columns % 4)
    else break
  }
  return columns
}

function opensTable(lines: readonly string[], at: number): boolean {
  const head = lines[at]!
  const row = lines[at + 1]
  if (row === undefined || row.length > delimiterRowMax || !/[|:]/.test(row) || !head.includes("|")) return false
  return delimiterRow.test(row) && cellsIn(head) === cellsIn(row)
}

function cellsIn(row: string): number {
  const inner = row
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "")
  return inner.split(/(?<!\\)\|/).length
}

function endOfTable(lines: readonly string[], from: number): number {
  return endBefore(lines, from + 2, (line) => blank.test(line) || indented.test(line) || startsAnew(line))
}

/** The index after the first line that fits, or the end: what is never closed goes on to the end. */
function endWhere(lines: readonly string[], from: number, fits: (line: string) => boolean): number {
  return Math.min(lines.length, endBefore(lines, from, fits) + 1)
}

function endBefore(lines: readonly string[], from: number, fits: (line: string) => boolean): number {
  let at = from
  while (at < lines.length && !fits(lines[at]!)) at++
  return at
}
