import MarkdownIt from "markdown-it"

/** Tags that GitHub, Notion and Linear write. Anything else in angle brackets (`List<String>`) is text. */
const inlineTags = new Set(
  "a abbr b bdo cite code del dfn em font i input ins kbd label mark picture q s samp small source span strike strong sub sup time tt u var wbr".split(
    " ",
  ),
)
const breakTags = new Set(
  "article aside audio blockquote body br button caption center dd details div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html iframe li link main meta nav ol p pre script section style summary table tbody td textarea tfoot th thead tr ul video".split(
    " ",
  ),
)
const alt = /\balt\s*=\s*(?:"([^"]*)"|'([^']*)')/i

// Only what tells a tag from text that looks like one.
const parser = new MarkdownIt({ html: true })
parser.core.ruler.enableOnly(["block", "inline"])
parser.inline.ruler.enableOnly(["text", "escape", "backticks", "html_inline"])
parser.inline.ruler2.enableOnly([])

/** The text as written, as far as a reader of the rendered page sees it: comments and tags go, an image leaves its alt text. */
export function withoutTags(markdown: string): string {
  if (!markdown.includes("<")) return markdown
  return (parser.parseInline(markdown, {})[0]?.children ?? [])
    .map(({ type, content, markup }) => {
      if (type === "html_inline") return shownOf(content)
      if (type === "code_inline")
        return content.includes("`") ? `${markup} ${content} ${markup}` : markup + content + markup
      if (type === "hardbreak") return "\\\n"
      return type === "text_special" ? markup : content
    })
    .join("")
}

function shownOf(html: string): string {
  const name = /^<\/?([a-z][a-z0-9]*)/i.exec(html)?.[1]?.toLowerCase()
  if (name === undefined || inlineTags.has(name)) return ""
  if (name === "img") return altOf(html)
  return breakTags.has(name) ? "\n" : html
}

function altOf(image: string): string {
  const found = alt.exec(image)
  return found?.[1] ?? found?.[2] ?? ""
}
