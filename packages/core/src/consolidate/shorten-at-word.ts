const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" })

/** At most `charsMax` UTF-16 characters, ending in `…` where something was cut: between words, or between graphemes of one long word. */
export function shortenAtWord(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text
  const space = text.lastIndexOf(" ", charsMax - 1)
  const end = space > charsMax / 2 ? space : lastBoundary(text, charsMax - 1)
  return `${text.slice(0, end).replace(/[\s,;:、，–—-]+$/u, "")}…`
}

/** The last place at or before `at` that cuts no grapheme. One longer than 64 characters is cut all the same, not inside a surrogate pair. */
function lastBoundary(text: string, at: number): number {
  const from = Math.max(0, at - 64)
  const start = from > 0 && /[\udc00-\udfff]/.test(text.charAt(from)) ? from + 1 : from
  let boundary = start
  for (const { index, segment } of graphemes.segment(text.slice(start, at + 64))) {
    if (start + index + segment.length > at) break
    boundary = start + index + segment.length
  }
  if (boundary > start) return boundary
  return /[\udc00-\udfff]/.test(text.charAt(at)) ? at - 1 : at
}
