import { type Loose, objectOf, objectsOf, textOf } from "./lenient.ts"
import { fenced, literal } from "./markdown.ts"
import type { Mentions } from "./mentions.ts"
import { mrkdwn } from "./mrkdwn.ts"
import { richText } from "./rich-text.ts"

/** Block Kit as markdown: what a reader of the message sees, without its buttons and menus. */
export function blocksText(blocks: unknown, mentions: Mentions): string {
  return objectsOf(blocks)
    .map((block) => blockText(block, mentions))
    .filter((text) => text.trim() !== "")
    .join("\n\n")
}

function blockText(block: Loose, mentions: Mentions): string {
  switch (block.type) {
    case "rich_text":
      return richText(block, mentions)
    case "header": {
      const title = composed(block.text, mentions).replace(/\s+/g, " ").trim()
      return title && `## ${title}`
    }
    case "markdown":
      return textOf(block.text)
    case "context":
      return texts(objectsOf(block.elements), mentions).join(" · ")
    case "image":
      return composed(block.title, mentions) || textOf(block.alt_text)
    case "table":
      return table(block.rows, mentions)
    case "actions":
    case "context_actions":
    case "divider":
    case "input":
      return ""
    default:
      // Sections, videos, and what Slack may add.
      return [
        ...texts([block.title, block.text, block.description], mentions),
        ...texts(Array.isArray(block.fields) ? block.fields : [], mentions),
      ].join("\n\n")
  }
}

const texts = (values: readonly unknown[], mentions: Mentions): string[] =>
  values.map((value) => composed(value, mentions)).filter((text) => text.trim() !== "")

/** A text object: Slack's markup, or plain. An image among them is its alternative text. */
function composed(value: unknown, mentions: Mentions): string {
  if (typeof value === "string") return mrkdwn(value, mentions)
  const { type, text, alt_text } = objectOf(value)
  if (type === "plain_text") return literal(textOf(text))
  return textOf(text) ? mrkdwn(textOf(text), mentions) : textOf(alt_text)
}

function table(rows: unknown, mentions: Mentions): string {
  if (!Array.isArray(rows)) return ""
  const lines = rows.map((row) => {
    const cells = objectsOf(row).map((cell) =>
      (cell.type === "rich_text" ? richText(cell, mentions) : literal(textOf(cell.text))).replaceAll("\n", " "),
    )
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`
  })
  const columns = objectsOf(rows[0]).length
  return columns === 0 ? "" : [lines[0], `|${" --- |".repeat(columns)}`, ...lines.slice(1)].join("\n")
}

/** The older way of apps to lay out a message. Previews of links are somebody else's words, perhaps of a private place. */
export function attachmentsText(attachments: unknown, mentions: Mentions): string {
  return objectsOf(attachments)
    .filter((attachment) => !isPreview(attachment))
    .map((attachment) => attachmentText(attachment, mentions))
    .filter((text) => text.trim() !== "")
    .join("\n\n")
}

const isPreview = (attachment: Loose) =>
  ["from_url", "original_url", "app_unfurl_url"].some((field) => textOf(attachment[field]) !== "") ||
  ["is_msg_unfurl", "is_app_unfurl", "is_share", "is_reply_unfurl"].some((field) => attachment[field] === true)

function attachmentText(attachment: Loose, mentions: Mentions): string {
  const blocks = blocksText(attachment.blocks, mentions)
  if (blocks !== "") return blocks
  const title = textOf(attachment.title)
  const address = textOf(attachment.title_link)
  const fields = objectsOf(attachment.fields).map((field) => {
    const name = textOf(field.title).trim()
    const value = mrkdwn(textOf(field.value), mentions)
    return name && value ? `**${literal(name)}:** ${value}` : literal(name) || value
  })
  const said = [
    mrkdwn(textOf(attachment.pretext), mentions),
    literal(textOf(attachment.author_name)),
    title && mrkdwn(address ? `<${address}|${title}>` : title, mentions),
    mrkdwn(textOf(attachment.text), mentions),
    fields.filter(Boolean).join("\n"),
    literal(textOf(attachment.footer)),
  ].filter((text) => text.trim() !== "")
  return said.length > 0 ? said.join("\n\n") : mrkdwn(textOf(attachment.fallback), mentions)
}

/** Names of files, and the beginning of a snippet, which Slack sends along. Their contents are not fetched. */
export function filesText(files: unknown): string {
  return objectsOf(files)
    .filter(({ mode }) => mode !== "tombstone" && mode !== "hidden_by_limit")
    .map((file) => {
      const name = textOf(file.name).trim()
      const title = textOf(file.title).trim()
      if (!(name || title)) return ""
      const called = title && name && title !== name ? `${literal(title)} (${literal(name)})` : literal(title || name)
      const preview = textOf(file.plain_text) || textOf(file.preview)
      const shows = preview.trim() !== "" && (file.mode === "snippet" || file.mode === "post" || file.mode === "email")
      return shows ? `File: ${called}\n\n${fenced(preview)}` : `File: ${called}`
    })
    .filter(Boolean)
    .join("\n\n")
}
