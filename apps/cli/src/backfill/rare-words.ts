/** Where words meet in one place they count as one: a wrong count costs a question, never a finding. 4 MB. */
const places = 1 << 20

/** In how many texts a word stands, as far as it was told them. */
export interface RareWords {
  add(text: string): void
  /** The words of this text that the fewest texts have, those first. */
  of(text: string, max: number): string[]
}

export function createRareWords(): RareWords {
  const counts = new Uint32Array(places)
  return {
    add(text) {
      for (const word of wordsOf(text)) counts[placeOf(word)]!++
    },
    of: (text, max) =>
      [...wordsOf(text)]
        .filter((word) => !/["|!<>()]/.test(word))
        .map((word) => ({ word, texts: counts[placeOf(word)]! }))
        .sort((a, b) => a.texts - b.texts || b.word.length - a.word.length)
        .slice(0, max)
        .map(({ word }) => word),
  }
}

/** What stands between white space, without what is no letter or digit around it. */
export const wordsOf = (text: string): Set<string> =>
  new Set(
    text
      .normalize("NFC")
      .toLowerCase()
      .split(/\s+/)
      .map((word) => word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ""))
      .filter(Boolean),
  )

/** FNV-1a. */
function placeOf(word: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % places
}
