/** How numbers, times and texts read to a person. */

const english = new Intl.NumberFormat("en")

export const count = (n: number, one: string, many = `${one}s`): string =>
  `${english.format(n)} ${n === 1 ? one : many}`

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`
}

export const ago = (time: Date): string => `${duration(Math.max(0, Date.now() - time.getTime()))} ago`

export function bytes(n: number): string {
  if (n < 1_024) return `${n} B`
  return n < 1_048_576 ? `${(n / 1_024).toFixed(1)} KB` : `${(n / 1_048_576).toFixed(1)} MB`
}

/** `{a: 3, b: 1}` as "3 a, 1 b", the most first. */
export const tally = (counts: { readonly [name: string]: number }): string =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, n]) => `${english.format(n)} ${name}`)
    .join(", ") || "none"

export const sum = (counts: { readonly [name: string]: number }): number =>
  Object.values(counts).reduce((total, n) => total + n, 0)

/** One line, cut at a word where it is too long. */
export function cut(text: string, charsMax: number): string {
  const line = text.replace(/\s+/g, " ").trim()
  if (line.length <= charsMax) return line
  const head = line.slice(0, charsMax - 1)
  return `${head.replace(/\s+\S{0,20}$/, "")}…`
}

/** The part of a text where the question's words first meet it. */
export function excerpt(text: string, query: string, charsMax: number): string {
  const line = text.replace(/\s+/g, " ").trim()
  const words = wordsOf(query)
  const found = words.length === 0 ? -1 : line.search(new RegExp(`\\b(?:${words.join("|")})`, "i"))
  if (line.length <= charsMax || found < charsMax / 2) return cut(line, charsMax)
  const start = line.indexOf(" ", found - Math.floor(charsMax / 3)) + 1
  return `…${cut(line.slice(start), charsMax - 1)}`
}

/** The words of a question worth pointing at, ready for a regular expression. */
export const wordsOf = (query: string): string[] =>
  (query.match(/[\p{L}\p{N}]{3,}/gu) ?? []).filter(
    (word) => !/^(?:the|and|for|why|how|did|does|was|what|who|with|our)$/i.test(word),
  )

/** Breaks lines at spaces into `width` characters; later lines begin with `indent`, which is not counted. */
export function wrap(text: string, width: number, indent: string): string {
  const lines: string[] = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${indent}`)
}
