import { cutText } from "@engram/contracts/cut-text"
import type { Section } from "@engram/contracts/draft"
import { textHash } from "../ids.ts"
import { kept } from "../kept.ts"
import { type Block, splitBlocks } from "./blocks.ts"
import { cut, type Piece } from "./cut.ts"
import { joinPieces, type Limits, sentences, splitOversized } from "./pieces.ts"
import { countTokens } from "./tokens.ts"

/** Tokens of cl100k. A chunk is at most `maxTokens` with its overlap; fewer than `minTokens` only where there is no more text. */
export interface ChunkLimits extends Limits {
  /** How much of the chunk before is repeated where a passage had to be cut. */
  readonly overlapTokens: number
}

export const chunkLimits: ChunkLimits = { minTokens: 200, maxTokens: 400, overlapTokens: 40 }

/** A passage of one part. `text` is exactly what is embedded. */
export interface ChunkDraft {
  readonly partId: string
  /** The section's label and the headings above the passage: `body › Setup › Linux`. */
  readonly sectionLabel: string
  readonly text: string
  readonly textHash: string
  /** At least as many as the text has, at most a few percent more. */
  readonly tokens: number
  /** ms */
  readonly occurredAt: number
}

/** A block with the headings right above it, which are never cut off it. */
interface Unit {
  readonly kind: Block["kind"]
  /** The headings; empty without any. */
  readonly head: string
  /** The block; empty for headings that nothing follows. */
  readonly body: string
  /** 7 less the depth of its highest heading; 0 without one. */
  readonly rank: number
  readonly path: readonly string[]
}

type MarkedPiece = Piece & { readonly unit: Unit }

/** Longer headings are shortened in labels (the text keeps them whole). Characters. */
const pathPartMax = 80

/**
 * A long passage that grows, as a thread does, is cut anew with each message; its blocks are counted once. Enough for two
 * threads of 5,000 messages; some 4 MB.
 */
const countBlock = kept(countTokens, 2_000_000)

/**
 * The document's passages in reading order. A chunk holds text of one part only; the title opens the body's first.
 * Every visible word is in some chunk. A changed paragraph changes the chunks that touch it, no matter how long the document.
 * Pure, and linear in the length of the text.
 */
export function chunkSections(title: string, sections: readonly Section[], limits: ChunkLimits): ChunkDraft[] {
  const titled = Math.max(
    0,
    sections.findIndex((section) => section.partId === "body"),
  )
  const known = sections.length > 0 ? sections : [{ partId: "body", label: "body", markdown: "", occurredAt: 0 }]
  return known.flatMap((section, at) => chunkSection(at === titled ? title.trim() : "", section, limits))
}

function chunkSection(title: string, section: Section, limits: ChunkLimits): ChunkDraft[] {
  // Room for the overlap is kept free in every chunk, so that where to cut never depends on the chunk before.
  const room = { minTokens: limits.minTokens, maxTokens: limits.maxTokens - limits.overlapTokens }
  const units = unitsOf(title, section.markdown)
  if (units.length === 0) return []
  const whole = wholeIfShort(units, limits.maxTokens)
  if (whole) return [draft(section, units[0]!, whole.text, whole.tokens)]
  const runs = cut(piecesOf(units, room), room.minTokens, room.maxTokens) as MarkedPiece[][]
  return runs.map((run, at) => {
    const overlap = at === 0 ? undefined : overlapOf(runs[at - 1]!, run[0]!, limits.overlapTokens)
    const text = joinPieces(run)
    const tokens = run.reduce((sum, piece) => sum + piece.tokens + 1, -1)
    if (!overlap) return draft(section, run[0]!.unit, text, tokens)
    return draft(section, run[0]!.unit, `${overlap.text}\n\n${text}`, overlap.tokens + tokens)
  })
}

function draft(section: Section, first: Unit, text: string, tokens: number): ChunkDraft {
  const sectionLabel = [section.label, ...first.path].join(" › ")
  const { partId, occurredAt } = section
  return { partId, sectionLabel, text, textHash: textHash(text), tokens, occurredAt }
}

/** Most deliveries: a text that fits is counted once, in one go. */
function wholeIfShort(units: readonly Unit[], maxTokens: number): { text: string; tokens: number } | undefined {
  const length = units.reduce((sum, unit) => sum + unit.head.length + unit.body.length + 4, 0)
  if (length > maxTokens * 8) return undefined
  const text = units.map(textOf).join("\n\n")
  const tokens = countTokens(text)
  return tokens <= maxTokens ? { text, tokens } : undefined
}

function unitsOf(title: string, markdown: string): Unit[] {
  const units: Unit[] = []
  const path: { depth: number; text: string }[] = []
  let pending: { text: string; depth: number } | undefined = title === "" ? undefined : { text: `# ${title}`, depth: 0 }
  const push = (kind: Block["kind"], body: string) => {
    const rank = pending ? 7 - pending.depth : 0
    units.push({ kind, head: pending?.text ?? "", body, rank, path: path.map((part) => part.text) })
    pending = undefined
  }
  for (const block of splitBlocks(markdown)) {
    const { text } = block
    if (block.kind === "heading") {
      while (path.length > 0 && path.at(-1)!.depth >= block.depth) path.pop()
      path.push({ depth: block.depth, text: cutText(block.title.split("\n")[0]!, pathPartMax) })
      pending = pending
        ? { text: `${pending.text}\n\n${text}`, depth: Math.min(pending.depth, block.depth) }
        : { text, depth: block.depth }
    } else push(block.kind, text)
  }
  if (pending) push("heading", "")
  return units
}

function textOf({ head, body }: Unit): string {
  return head !== "" && body !== "" ? `${head}\n\n${body}` : head + body
}

function piecesOf(units: readonly Unit[], room: Limits): MarkedPiece[] {
  return units.flatMap((unit) => {
    const text = textOf(unit)
    const whole = { text, tokens: countBlock(text) }
    const pieces = whole.tokens <= room.maxTokens ? [whole] : splitUnit(unit, room)
    return pieces.map((piece, at) => ({ ...piece, glue: "\n\n" as const, rank: at === 0 ? unit.rank : 0, unit }))
  })
}

/** Headings stay with the first piece of their block, unless they are absurdly long themselves. */
function splitUnit({ kind, head, body }: Unit, room: Limits): { text: string; tokens: number }[] {
  const headTokens = head === "" ? 0 : countTokens(head) + 1
  const fits = headTokens <= room.maxTokens / 2
  const left = fits ? room.maxTokens - headTokens : room.maxTokens
  const runs = body === "" ? [] : splitOversized(kind, body, { ...room, maxTokens: left })
  if (!fits) runs.unshift(...splitOversized("paragraph", head, room))
  else if (head !== "") runs[0] = runs[0] === undefined ? head : `${head}\n\n${runs[0]}`
  return runs.map((text) => ({ text, tokens: countTokens(text) }))
}

/** The last sentences of the passage before, unless a heading begins a new one or they are code or a table. */
function overlapOf(before: readonly MarkedPiece[], next: MarkedPiece, overlapTokens: number) {
  const last = before.at(-1)!
  if (next.rank > 0 || last.unit.kind === "code" || last.unit.kind === "table") return undefined
  // Eight characters a token are more than any prose needs; looking no further keeps this cheap for long passages.
  const tail = last.text.slice(-8 * overlapTokens)
  const candidates = tail.split("\n").flatMap(sentences)
  if (tail.length < last.text.length) candidates.shift()
  let text = ""
  let tokens = 0
  for (const sentence of candidates.reverse()) {
    const more = countBlock(sentence) + 1
    if (tokens + more + 1 > overlapTokens) break
    text = text === "" ? sentence : `${sentence} ${text}`
    tokens += more
  }
  return text.trim() === "" ? undefined : { text, tokens: tokens + 1 }
}
