import { masked } from "../../text/mask.ts"
import { remarked } from "./emphasis.ts"
import { codeSpan, fenced, linked, literal, tidy } from "./markdown.ts"
import type { Mentions } from "./mentions.ts"

/**
 * Slack's markup as markdown. In it every `<`, `>` and `&` that somebody typed is escaped, so what stands in angle brackets is
 * a reference: `<@U…>`, `<#C…|name>`, `<!here>`, `<!subteam^S…>`, `<!date^…|fallback>`, `<https://…|label>`.
 * Linear in the text: a megabyte takes a fraction of a second, whatever it is made of.
 */
export function mrkdwn(text: string, mentions: Mentions): string {
  const kept: string[] = []
  // What is finished stands as one character, so that nothing is read in it or across its edges.
  const keep = (markdown: string) => {
    kept.push(markdown)
    return masked
  }
  const flat = withoutFinished(text.replaceAll("\r\n", "\n").replaceAll(masked, " "), mentions, keep)
  let at = 0
  const lines = withQuotes(flat.split("\n")).map(({ line, quote }) => {
    const marked = remarked(remarked(bulleted(line), "*", "**"), "~", "~~")
    const whole = literal(unescaped(marked)).replaceAll(masked, () => kept[at++] ?? "")
    return quote ? `> ${whole.replaceAll("\n", "\n> ")}` : whole
  })
  return tidy(lines.join("\n"))
}

const codeOrReference = /`([^`\n]+)`|<([^<>\n]+)>/g

/** Code and references, kept in the order in which they stand. A mark that is never closed is text. */
function withoutFinished(text: string, mentions: Mentions, keep: (markdown: string) => string): string {
  const pieces = text.split("```")
  const prose = (piece: string) =>
    piece.replace(codeOrReference, (_, code, inside) =>
      keep(code === undefined ? reference(inside, mentions) : codeSpan(plain(code, mentions))),
    )
  return pieces
    .map((piece, at) => {
      if (at % 2 === 0) return prose(at === 0 ? piece : piece.trimStart())
      if (at === pieces.length - 1) return `\`\`\`${prose(piece)}`
      return piece.trim() === "" ? "" : `\n${keep(fenced(plain(piece, mentions)))}\n`
    })
    .join("")
}

/** References in code stand for what they show. */
const plain = (code: string, mentions: Mentions) =>
  unescaped(code.replace(/<([^<>\n]+)>/g, (_, inside) => reference(inside, mentions, true)))

const unescaped = (text: string) =>
  text.replace(/&(amp|lt|gt);/g, (_, name) => (name === "amp" ? "&" : name === "lt" ? "<" : ">"))

/** What a pair of angle brackets stands for. */
function reference(inside: string, mentions: Mentions, bare = false): string {
  const bar = inside.indexOf("|")
  const target = bar < 0 ? inside : inside.slice(0, bar)
  const label = bar < 0 ? "" : unescaped(inside.slice(bar + 1))
  const id = target.slice(1)
  if (target.startsWith("@")) return mentions.user(id)
  if (target.startsWith("#")) return mentions.channel(id, label)
  if (target.startsWith("!")) return special(id, label, mentions)
  const address = unescaped(target)
  return bare ? label || address : linked(label, address)
}

function special(command: string, label: string, mentions: Mentions): string {
  const [name = "", id = ""] = command.split("^", 2)
  if (name === "subteam") return mentions.group(id, label)
  if (name === "date") return label
  return label || `@${name}`
}

/** `&gt;` quotes its line, `&gt;&gt;&gt;` all that follow. */
function withQuotes(lines: readonly string[]): { readonly line: string; readonly quote: boolean }[] {
  let rest = false
  return lines.map((line) => {
    if (rest) return { line, quote: true }
    rest = line.startsWith("&gt;&gt;&gt;")
    if (rest) return { line: line.slice(12).trimStart(), quote: true }
    return line.startsWith("&gt;") ? { line: line.slice(4).trimStart(), quote: true } : { line, quote: false }
  })
}

/** Slack writes lists as text, with a bullet for each depth. */
const bulleted = (line: string) => line.replace(/^(\s*)[•◦▪▫‣][ \t]+/u, "$1- ")
