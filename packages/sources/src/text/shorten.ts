import { cutText } from "@engram/contracts/cut-text"

/** At most `maxChars` characters, cut between words and marked with `…`. One line: white space is folded. */
export function shorten(text: string, maxChars: number): string {
  // Folding a megabyte to keep a line would be waste: four times the limit leaves room for white space.
  const line = cutText(text, maxChars * 4)
    .replace(/\s+/g, " ")
    .trim()
  return line.length <= maxChars && text.length <= maxChars * 4 ? line : `${cut(line, maxChars - 1).trimEnd()}…`
}

/** At most `maxChars` characters, cut between words and marked with `…`. Lines are kept. */
export function shortenText(text: string, maxChars: number): string {
  const trimmed = text.trim()
  return trimmed.length <= maxChars ? trimmed : `${cut(trimmed, maxChars - 1).trimEnd()}…`
}

/** The first sentences of a text, at most three and at most `maxChars` characters. */
export function sentences(text: string, maxChars: number): string {
  const line = shorten(text, maxChars)
  const ends = [...line.matchAll(/[.!?](?=\s)/g)]
  const third = ends[2]
  return third ? line.slice(0, third.index + 1) : line
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const head = cutText(text, maxChars)
  const space = text.charAt(maxChars).trim() === "" ? maxChars : Math.max(head.lastIndexOf(" "), head.lastIndexOf("\n"))
  // A word longer than half the limit is cut inside.
  return space > maxChars / 2 ? head.slice(0, space) : head
}
