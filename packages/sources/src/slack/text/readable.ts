import { attachmentsText, blocksText, filesText } from "./blocks.ts"
import { tidy } from "./markdown.ts"
import { labelsIn, Mentions } from "./mentions.ts"
import { mrkdwn } from "./mrkdwn.ts"

/** The pieces of a message that carry words. */
export interface Said {
  readonly text?: string | null | undefined
  readonly blocks?: unknown
  readonly attachments?: unknown
  readonly files?: unknown
}

export interface Readable {
  /** `""` when there is nothing to read. */
  readonly markdown: string
  /** Ids of users, channels and user groups it mentions, in order. */
  readonly mentions: readonly string[]
}

/**
 * A message as a person reads it. Blocks are what Slack shows and its text is what stands in for them in notifications, so
 * blocks count, unless they say less than half of what the text says: then they are of a kind not known here.
 */
export function readable({ text, blocks, attachments, files }: Said): Readable {
  const labels = labelsIn(text ?? "")
  const [inBlocks, inText] = [new Mentions(labels), new Mentions(labels)]
  const fromBlocks = blocksText(blocks, inBlocks)
  const fromText = mrkdwn(text ?? "", inText)
  const poorer = fromBlocks.trim() === "" || letters(fromBlocks) * 2 < letters(fromText)
  const mentions = poorer ? inText : inBlocks
  const rest = [attachmentsText(attachments, mentions), filesText(files)]
  const markdown = [poorer ? fromText : fromBlocks, ...rest].filter((part) => part.trim() !== "").join("\n\n")
  return { markdown: tidy(markdown), mentions: mentions.ids }
}

const letters = (text: string) => (text.match(/[\p{L}\p{N}]/gu) ?? []).length
