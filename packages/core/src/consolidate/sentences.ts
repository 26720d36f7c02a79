import { shortenAtWord } from "./shorten-at-word.ts"

/** Fixed, so that every machine splits alike. */
const splitter = new Intl.Segmenter("en", { granularity: "sentence" })

/** Behind these a full stop ends no sentence; the segmenter does not know them. Also a single capital: `J. Doe`. */
const abbreviation = /(?:^|[\s([])(?:e\.g|i\.e|vs|cf|approx|resp|incl|no|nr|fig|Dr|Mr|Mrs|Ms|St|\p{Lu})\.$/u
const readable = /[\p{L}\p{N}]/u
const end = /[.!?…。！？｡؟۔।॥]["'”’»)\]」』]*$/u

export interface Sentence {
  readonly text: string
  /** Where it stands, UTF-16; `to` is not included. */
  readonly from: number
  readonly to: number
}

/** In order, trimmed. Lines are sentences, however they end; what holds neither letter nor digit belongs to what follows or precedes. */
export function splitSentences(text: string): Sentence[] {
  const found: { from: number; to: number }[] = []
  let open: number | undefined
  for (const { segment, index } of splitter.segment(text)) {
    const from = open ?? index
    const to = index + segment.length
    const said = text.slice(from, to).trim()
    const goesOn = !/[\n\r\u2028\u2029]$/.test(segment) && abbreviation.test(said)
    if (goesOn || !isSentence(said)) {
      open = from
      continue
    }
    found.push({ from, to })
    open = undefined
  }
  const last = found.at(-1)
  if (open !== undefined && last) last.to = text.length
  else if (open !== undefined) found.push({ from: open, to: text.length })
  return found.map((each) => trimmed(text, each)).filter(({ text }) => readable.test(text))
}

/** Not a list's number alone (`2.`), nor a mark. */
const isSentence = (said: string): boolean => readable.test(said) && !/^\(?\d{1,3}[.)]$/.test(said)

function trimmed(text: string, { from, to }: { from: number; to: number }): Sentence {
  const said = text.slice(from, to)
  const start = from + said.length - said.trimStart().length
  const line = said.trim()
  return { text: line.replace(/\s+/g, " "), from: start, to: start + line.length }
}

/** The first sentence and, while it is short, those after it: of at most `charsMax` characters, ending as a sentence does. `""` where there is none. */
export function firstSentences(
  text: string,
  { charsEnough, charsMax }: { charsEnough: number; charsMax: number },
): string {
  let said = ""
  for (const { text: next } of splitSentences(text)) {
    const space = said === "" || /[。！？]$/.test(said) ? "" : " "
    const longer = `${said}${space}${finished(next)}`
    if (said !== "" && longer.length > charsMax) break
    said = longer
    if (said.length >= charsEnough) break
  }
  return said.length > charsMax ? shortenAtWord(said, charsMax) : said
}

function finished(sentence: string): string {
  if (end.test(sentence)) return sentence
  const full = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]["'”’»)\]」』]*$/u.test(sentence) ? "。" : "."
  return `${sentence.replace(/[\s:;,、，–—-]+$/u, "")}${full}`
}
