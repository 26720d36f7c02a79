import { type Loose, objectOf, objectsOf, textOf } from "./lenient.ts"
import { codeSpan, fenced, linked, literal, quoted } from "./markdown.ts"
import type { Mentions } from "./mentions.ts"

/** What somebody typed, as Slack's editor sends it. Kinds of element that Slack may add give the text they carry. */
export function richText(block: Loose, mentions: Mentions): string {
  const parts = objectsOf(block.elements).map((part) => ({
    list: part.type === "rich_text_list",
    markdown: richTextPart(part, mentions),
  }))
  return parts
    .filter(({ markdown }) => markdown !== "")
    .map(({ list, markdown }, at, all) => (at === 0 ? "" : list && all[at - 1]!.list ? "\n" : "\n\n") + markdown)
    .join("")
}

function richTextPart(part: Loose, mentions: Mentions): string {
  const elements = objectsOf(part.elements)
  if (part.type === "rich_text_list") return list(part, elements, mentions)
  if (part.type === "rich_text_preformatted") return code(elements)
  const markdown = inline(elements, mentions).replace(/^\n+/, "").trimEnd()
  return part.type === "rich_text_quote" && markdown !== "" ? quoted(markdown) : markdown
}

function list(part: Loose, items: readonly Loose[], mentions: Mentions): string {
  const margin = "  ".repeat(Math.min(8, count(part.indent)))
  return items
    .map((item, at) => {
      const mark = part.style === "ordered" ? `${count(part.offset) + at + 1}. ` : "- "
      const text = inline(objectsOf(item.elements), mentions).trim()
      return margin + mark + text.replaceAll("\n", `\n${margin}${" ".repeat(mark.length)}`)
    })
    .join("\n")
}

function code(elements: readonly Loose[]): string {
  const text = elements.map((element) => textOf(element.text) || textOf(element.url)).join("")
  return text.trim() === "" ? "" : fenced(text)
}

const inline = (elements: readonly Loose[], mentions: Mentions) =>
  elements.map((element) => styled(shown(element, mentions), element)).join("")

function shown(element: Loose, mentions: Mentions): string {
  const text = textOf(element.text)
  switch (element.type) {
    case "text":
      return objectOf(element.style).code === true ? text : literal(text)
    case "link":
      return linked(text, textOf(element.url))
    case "user":
      return mentions.user(textOf(element.user_id))
    case "channel":
      return mentions.channel(textOf(element.channel_id))
    case "usergroup":
      return mentions.group(textOf(element.usergroup_id))
    case "broadcast":
      return `@${textOf(element.range)}`
    case "emoji":
      return `:${textOf(element.name)}:`
    case "date":
      return textOf(element.fallback)
    case "color":
      return textOf(element.value)
    default:
      return literal(text)
  }
}

/** The marks go around the words, not around the blanks beside them, and end with the line. */
function styled(text: string, element: Loose): string {
  const { bold, italic, strike, code } = objectOf(element.style)
  if (!(bold || italic || strike || code) || text.trim() === "") return text
  return text
    .split("\n")
    .map((line) => {
      const words = line.trim()
      if (words === "") return line
      const [before, after] = [line.slice(0, line.indexOf(words)), line.slice(line.indexOf(words) + words.length)]
      let marked = code === true ? codeSpan(words) : words
      if (strike === true) marked = `~~${marked}~~`
      if (italic === true) marked = `_${marked}_`
      if (bold === true) marked = `**${marked}**`
      return before + marked + after
    })
    .join("\n")
}

const count = (value: unknown): number =>
  typeof value === "number" && value > 0 ? Math.min(Math.floor(value), 9_999) : 0
