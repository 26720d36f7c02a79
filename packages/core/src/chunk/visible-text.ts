import type { Block } from "./blocks.ts"

/** Tags that GitHub, Notion and Linear write. Anything else in angle brackets (`List<String>`, `<https://…>`) is text. */
const inlineTags =
  "a|abbr|b|bdo|cite|code|del|dfn|em|font|i|input|ins|kbd|label|mark|picture|q|s|samp|small|source|span|strike|strong|sub|sup|time|tt|u|var|wbr"
const breakTags =
  "article|aside|audio|blockquote|br|button|caption|center|dd|details|div|dl|dt|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|body|iframe|li|link|main|meta|nav|ol|p|pre|script|section|style|summary|table|tbody|td|textarea|tfoot|th|thead|tr|ul|video"
const tag = new RegExp(`<(?:(img)|/?(?:(${breakTags})|${inlineTags}))(?=[\\s/>])[^<>]{0,4000}>`, "gi")
const alt = /\balt\s*=\s*(?:"([^"]*)"|'([^']*)')/i

/** What a person reading the rendered page sees of a block: markdown stays, comments and tags go, an image leaves its alt text. */
export function visibleText(block: Block): string {
  if (block.kind === "rule") return ""
  if (block.kind === "code" || !block.text.includes("<")) return block.text
  if (block.kind === "html" && /^ {0,3}<(?:script|style)\b/i.test(block.text)) return ""
  const kept = outsideCode(block.text, (text) => withoutTags(withoutComments(text)))
  return kept === block.text ? kept : withoutBlankLines(kept, block.kind === "html")
}

/** Applies `clean` around code spans, which show their content as written. Linear: each run of backticks is paired once. */
function outsideCode(text: string, clean: (text: string) => string): string {
  if (!text.includes("`")) return clean(text)
  const runs = [...text.matchAll(/`+/g)]
  const closing = closingRuns(runs.map((run) => run[0].length))
  let out = ""
  let from = 0
  for (let at = 0; at < runs.length; at++) {
    const close = closing[at]!
    if (close < 0) continue
    const end = runs[close]!.index + runs[close]![0].length
    out += clean(text.slice(from, runs[at]!.index)) + text.slice(runs[at]!.index, end)
    from = end
    at = close
  }
  return out + clean(text.slice(from))
}

/** For each run of backticks the next one as long, or -1. */
function closingRuns(lengths: readonly number[]): number[] {
  const next = new Map<number, number>()
  const closing = new Array<number>(lengths.length)
  for (let at = lengths.length - 1; at >= 0; at--) {
    closing[at] = next.get(lengths[at]!) ?? -1
    next.set(lengths[at]!, at)
  }
  return closing
}

function withoutComments(text: string): string {
  let out = ""
  let from = 0
  for (let open = text.indexOf("<!--"); open >= 0; open = text.indexOf("<!--", from)) {
    const close = text.indexOf("-->", open + 4)
    if (close < 0) break
    out += text.slice(from, open)
    from = close + 3
  }
  return out + text.slice(from)
}

function withoutTags(text: string): string {
  return text.replace(tag, (whole, image?: string, breaks?: string) => {
    if (image) return altOf(whole)
    return breaks ? "\n" : ""
  })
}

function altOf(image: string): string {
  const found = alt.exec(image)
  return found?.[1] ?? found?.[2] ?? ""
}

function withoutBlankLines(text: string, indentsMeanNothing: boolean): string {
  const lines = text.split("\n").map((line) => (indentsMeanNothing ? line.trim() : line.trimEnd()))
  return lines.filter((line) => line !== "").join("\n")
}
