import { cutText } from "@engram/contracts/cut-text"
import MarkdownIt, { type Token } from "markdown-it"
import { withoutTags } from "../chunk/visible-text.ts"

const parser = new MarkdownIt({ html: true })
/** Without any of these a text means what it says; nine texts in ten need no parser. */
const marked = /[`*_~[\]<>#|\\&=]|^[ \t]*(?:[-+]|\d+[.)])[ \t]|^\t|^ {4}/m
/** Control characters, and those that turn the direction of what follows, also of what is not theirs. */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu
const address = /(?:https?|ftp):\/\/[^\s<>()]+[^\s<>().,;:!?'"]/gi

/**
 * What a reader of the rendered markdown reads first, a line a block: prose and lists; headings and tables only where there is nothing else.
 * No code blocks, tags or images; a link leaves its words, a bare address `(link)`. At most the first `charsMax` characters are read.
 */
export function plainText(markdown: string, charsMax: number): string {
  const text = cutText(markdown, charsMax).toWellFormed().replace(/\r\n?/g, "\n")
  const lines = marked.test(text) ? rendered(text) : text.split("\n")
  return lines
    .map((line) => line.replace(address, "(link)").replace(unprintable, " ").replace(/\s+/g, " ").trim())
    .filter((line) => /[\p{L}\p{N}]/u.test(line.replaceAll("(link)", "")))
    .join("\n")
}

function rendered(markdown: string): string[] {
  const prose: string[] = []
  const rest: string[] = []
  let aside = 0
  for (const token of parser.parse(markdown, {})) {
    if (/^(?:heading|table)_/.test(token.type)) aside += token.nesting
    else if (token.type === "inline") (aside > 0 ? rest : prose).push(...inline(token.children ?? []).split("\n"))
    else if (token.type === "html_block") prose.push(...withoutTags(token.content).split("\n"))
  }
  return prose.some((line) => /[\p{L}\p{N}]/u.test(line)) ? prose : rest
}

function inline(tokens: readonly Token[]): string {
  let text = ""
  for (const { type, content } of tokens) {
    if (type === "text" || type === "code_inline" || type === "text_special") text += content
    else if (type === "softbreak") text += " "
    else if (type === "hardbreak") text += "\n"
  }
  return text.replace(/^\[[ xX]\]\s+/, "")
}
