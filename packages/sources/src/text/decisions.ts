import { headingOf, isListItem, visibleLines } from "./passages.ts"

const label = /^(?:\*\*|__)?(?:decision|resolution)(?:\*\*|__)?[ \t]*[:：][ \t]*(?:\*\*|__)?[ \t]*/i
const labelHeading = /^(?:decision|resolution)$/i

/** Most decisions taken from one text. */
const decisionsMax = 50

/**
 * What a text decides: lines that begin with `Decision:` or `Resolution:`, also bold, in a list or as a heading, with the
 * lines that continue them. Quoted and coded lines are somebody else's words and do not count.
 */
export function decisions(markdown: string): string[] {
  if (!/decision|resolution/i.test(markdown)) return []
  const lines = visibleLines(markdown)
  const found: string[] = []
  for (const [at, { text, seen }] of lines.entries()) {
    if (found.length === decisionsMax) break
    const said = saidOn(text, seen)
    if (said === undefined) continue
    const decision = [said, ...continuation(lines, at + 1, said === "")].join("\n").trim()
    if (decision !== "") found.push(decision)
  }
  return [...new Set(found)]
}

/** What follows the label on its own line: `""` when the decision stands below, undefined when there is no label. */
function saidOn(text: string, seen: string): string | undefined {
  if (labelHeading.test(headingOf(seen) ?? "")) return ""
  const bare = (line: string) =>
    line
      .trim()
      .replace(/^#{1,6}[ \t]+/, "")
      .replace(/^(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?/, "")
  return label.test(bare(seen))
    ? bare(text)
        .replace(label, "")
        .replace(/^[*_]+$/, "")
    : undefined
}

/** The rest of the paragraph; below a bare label, the first paragraph or list. */
function continuation(
  lines: readonly { readonly text: string; readonly seen: string }[],
  from: number,
  below: boolean,
): string[] {
  const taken: string[] = []
  for (const { text, seen } of lines.slice(from, from + 40)) {
    if (seen === "" && below && taken.length === 0) continue
    if (seen === "" || seen.startsWith(">") || headingOf(seen) !== undefined || saidOn(text, seen) !== undefined) break
    if (!below && isListItem(seen)) break
    taken.push(text)
  }
  return taken
}
