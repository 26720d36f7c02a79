/** A text as it was typed, where markdown would take an angle bracket for a tag or a comment: `List\<Foo>`. */
export const literal = (text: string) => text.replaceAll("<!", "\\<\\!").replace(/<(?=[a-z/?])/gi, "\\<")

/** A span of code, whatever backticks are in it. */
export function codeSpan(code: string): string {
  if (code.trim() === "") return code
  const fence = "`".repeat(longestRun(code) + 1)
  const pad = code.startsWith("`") || code.endsWith("`") ? " " : ""
  return `${fence}${pad}${code}${pad}${fence}`
}

/** A block of code, whatever backticks are in it. */
export function fenced(code: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(code) + 1))
  return `${fence}\n${code.replace(/^\n+/, "").trimEnd()}\n${fence}`
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0)
}

export const quoted = (markdown: string) => markdown.replace(/^/gm, "> ")

/** A link with its label, or the bare address where the label says no more. */
export function linked(label: string, address: string): string {
  const bare = address.replace(/^(?:https?:\/\/|mailto:|tel:)/i, "")
  const said = label.replace(/\s+/g, " ").trim()
  if (said === "" || said === address || said === bare || `${said}/` === bare) {
    return /^(?:mailto|tel):/i.test(address) ? bare : address
  }
  if (!/^https?:\/\/[^\s<>]+$/i.test(address)) return literal(said)
  return `[${literal(said).replace(/[[\]]/g, "\\$&")}](${address.replaceAll("(", "%28").replaceAll(")", "%29")})`
}

/** Blank lines folded, ends trimmed, and a fence that was left open closed, so that nothing runs into what follows. */
export function tidy(markdown: string): string {
  const lines = markdown.split("\n").map((line) => line.trimEnd())
  const text = lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .replace(/^\n+/, "")
    .trimEnd()
  const open = openFence(text)
  return open === undefined ? text : `${text}\n${open}`
}

function openFence(text: string): string | undefined {
  if (!text.includes("```") && !text.includes("~~~")) return undefined
  let open: string | undefined
  for (const line of text.split("\n")) {
    const mark = /^[ >]{0,12}(`{3,}|~{3,})/.exec(line)?.[1]
    if (mark === undefined) continue
    if (open === undefined) open = mark
    else if (mark.startsWith(open) && line.trimEnd().endsWith(mark)) open = undefined
  }
  return open
}
