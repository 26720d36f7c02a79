import { cut, type Piece } from "./cut.ts"
import { countTokens } from "./tokens.ts"

export interface Limits {
  readonly minTokens: number
  readonly maxTokens: number
}

/** A text that is too long, as pieces that fit: code and tables keep their fence or header row, the rest is cut by lines, sentences, words. */
export function splitOversized(kind: string, text: string, limits: Limits): string[] {
  const frame = frameOf(kind, text)
  const room = limits.maxTokens - (frame ? countTokens(frame.open) + countTokens(frame.close) + 2 : 0)
  if (!frame || room < limits.maxTokens / 2) return runsOf(linesOf(text, limits.maxTokens), limits)
  const runs = runsOf(linesOf(frame.inner, room), { minTokens: Math.min(limits.minTokens, room / 2), maxTokens: room })
  return runs.map((run) => `${frame.open}${run}${frame.close}`)
}

function runsOf(pieces: readonly Piece[], { minTokens, maxTokens }: Limits): string[] {
  return cut(pieces, minTokens, maxTokens).map(joinPieces)
}

export function joinPieces(pieces: readonly Piece[]): string {
  return pieces.reduce((text, piece, at) => text + (at === 0 ? "" : piece.glue) + piece.text, "")
}

interface Frame {
  readonly open: string
  readonly inner: string
  readonly close: string
}

/** What is repeated around every run of a block, when the block has such a thing. */
function frameOf(kind: string, text: string): Frame | undefined {
  const first = text.indexOf("\n")
  if (first < 0) return undefined
  if (kind === "table") {
    const second = text.indexOf("\n", first + 1)
    return second < 0 ? undefined : { open: text.slice(0, second + 1), inner: text.slice(second + 1), close: "" }
  }
  const marks = kind === "code" ? /^ {0,3}(`{3,}|~{3,})/.exec(text) : null
  if (!marks) return undefined
  const last = text.lastIndexOf("\n")
  const end = text.slice(last).trim()
  const ends = last > first && end.startsWith(marks[1]!) && end === end[0]!.repeat(end.length)
  return {
    open: text.slice(0, first + 1),
    inner: text.slice(first + 1, ends ? last : undefined),
    close: `\n${marks[1]!}`,
  }
}

/** A line that begins at the margin is a better place to cut than one inside an item or a function. */
function linesOf(text: string, maxTokens: number): Piece[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .flatMap((line) => {
      const tokens = countTokens(line)
      const rank = /^[ \t}\])]/.test(line) ? 0 : 1
      return tokens <= maxTokens ? [{ text: line, tokens, glue: "\n" as const, rank }] : sentencesOf(line, maxTokens)
    })
}

function sentencesOf(line: string, maxTokens: number): Piece[] {
  return sentences(line).flatMap((sentence, at) => {
    const tokens = countTokens(sentence)
    const glue = at === 0 ? "\n" : " "
    return tokens <= maxTokens ? [{ text: sentence, tokens, glue, rank: 1 } as const] : wordsOf(sentence, glue)
  })
}

/** After a full stop and a blank, or after an ideographic full stop. */
export function sentences(text: string): string[] {
  return text.split(/(?<=[.!?])\s+|(?<=[。！？])/).filter((sentence) => sentence !== "")
}

/** The longest stretch without a blank that stays whole, in characters: at most 400 tokens in any script. */
const wordMax = 96

function wordsOf(sentence: string, firstGlue: Piece["glue"]): Piece[] {
  const pieces: Piece[] = []
  for (const word of sentence.split(/\s+/)) {
    for (let at = 0; at < word.length; ) {
      const end = endOfSlice(word, at)
      const text = word.slice(at, end)
      const glue = pieces.length === 0 ? firstGlue : at === 0 ? " " : ""
      pieces.push({ text, tokens: countTokens(` ${text}`), glue, rank: at === 0 ? 1 : 0 })
      at = end
    }
  }
  return pieces
}

/** Never between the halves of a surrogate pair. */
function endOfSlice(word: string, from: number): number {
  const end = Math.min(word.length, from + wordMax)
  const last = word.charCodeAt(end - 1)
  return end < word.length && last >= 0xd800 && last < 0xdc00 ? end - 1 : end
}
