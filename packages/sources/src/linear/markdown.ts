import { maskCode } from "../text/mask.ts"

/** A collapsible section opens with `+++ Title` and closes with `+++`, also inside quotes. */
const collapsible = /^([ \t]*(?:>[ \t]*)*)\+{3,}(?:[ \t]+(.*))?$/
/** Files that were dropped into a text; their addresses are signed and mean nothing to a reader. */
const upload = /(!?)\[([^[\]\n]{0,300})\]\(https?:\/\/(?:uploads|public)\.linear\.app\/[^)\s]{1,2000}\)/gi
const bareUpload = /(?<!\]\()<?https?:\/\/uploads\.linear\.app\/[^\s)>]{1,2000}>?/gi
/** A person mentioned by their profile: as a link, or as the bare address. */
const linkedProfile = /\[@?([^[\]\n]{1,200})\]\(https?:\/\/linear\.app\/[\w-]{1,100}\/profiles\/[^)\s]{1,200}\)/gi
const bareProfile = /(?<!\]\()<?https?:\/\/linear\.app\/[\w-]{1,100}\/profiles\/([\w.%+-]{1,100})>?/gi
/** An issue mentioned by its bare address, which the editor shows as its key. */
const bareIssue =
  /(?<!\]\()<?(https?:\/\/linear\.app\/[\w-]{1,100}\/issue\/([a-z][a-z\d]{0,9}-\d{1,9})(?:\/[\w-]{0,300})?)>?(?![\w/#?])/gi

/**
 * A description or comment as a person reads it in Linear's editor: collapsible sections open under their titles, mentions
 * are names, embedded files are their names. Code is left alone. Linear in the text.
 */
export function readable(markdown: string): string {
  if (!/\+\+\+|linear\.app/i.test(markdown)) return markdown
  const masked = maskCode(markdown)
  return replaceOutsideCode(openSections(markdown, masked))
}

function openSections(markdown: string, masked: string): string {
  if (!markdown.includes("+++")) return markdown
  const seen = masked.split("\n")
  return markdown
    .split("\n")
    .flatMap((line, at) => {
      const [whole, quote = "", title] = collapsible.exec((seen[at] ?? "").trimEnd()) ?? []
      if (whole === undefined) return [line]
      // The title is taken from the line itself: code in it is hidden in what was matched.
      const words = title === undefined ? "" : line.slice(line.indexOf("+++")).replace(/^\++[ \t]*/, "")
      const bare = words.replace(/^#{1,6}[ \t]+/, "").replace(/^[*_]+|[*_]+$/g, "")
      return bare.trim() === "" ? [quote.trimEnd()] : [`${quote}**${bare.trim()}**`, quote.trimEnd()]
    })
    .join("\n")
}

function replaceOutsideCode(markdown: string): string {
  if (!/linear\.app/i.test(markdown)) return markdown
  const seen = maskCode(markdown)
  const replace = (text: string, pattern: RegExp, words: (...groups: string[]) => string): string => {
    const masked = text === markdown ? seen : maskCode(text)
    return masked === text ? text.replace(pattern, words) : replaceMasked(text, masked, pattern, words)
  }
  let text = replace(markdown, upload, (_, image, name) => (image ? `(image: ${name || "unnamed"})` : name || "(file)"))
  text = replace(text, linkedProfile, (_, name) => `@${name}`)
  text = replace(text, bareProfile, (_, handle) => `@${handle}`)
  text = replace(text, bareIssue, (_, url, key) => `[${key!.toUpperCase()}](${url})`)
  return replace(text, bareUpload, () => "(file)")
}

/** Replaces what matches in the masked text, where code cannot match. */
function replaceMasked(text: string, masked: string, pattern: RegExp, words: (...groups: string[]) => string): string {
  const pieces: string[] = []
  let end = 0
  for (const match of masked.matchAll(pattern)) {
    pieces.push(text.slice(end, match.index), words(...(match as unknown as string[])))
    end = match.index + match[0].length
  }
  return pieces.join("") + text.slice(end)
}
