/** Tags by what labels and titles say. The words are few on purpose: a tag that is often wrong is worse than none. */
const words: { readonly [tag: string]: RegExp } = {
  bug: /\bbug\b/i,
  incident: /\b(?:incident|outage|sev-?[012]|post-?mortem|hotfix)\b/i,
  "incident-fix": /\b(?:hotfix|incident[- ]fix|fix(?:es)? (?:the )?(?:incident|outage))\b/i,
  "breaking-change": /\bbreaking[- ]?changes?\b|^\w+(?:\([^)]*\))?!:/i,
  refactor: /\brefactor(?:s|ed|ing)?\b/i,
  release: /^release\b|\brelease[ds]?$|\bchangelog\b/i,
  rfc: /\brfc\b/i,
  decision: /\bdecisions?\b|\badr\b/i,
}

const tagsOfKind: { readonly [kind: string]: readonly string[] } = {
  issue: ["bug", "incident", "decision", "rfc"],
  discussion: ["bug", "incident", "decision", "rfc"],
  pull_request: ["release", "refactor", "incident-fix", "breaking-change"],
  push: ["refactor", "incident-fix", "breaking-change"],
}

/** The tags of a thing of this kind, in a fixed order. */
export function tagsOf(kind: string, title: string, labels: readonly string[]): string[] {
  return (tagsOfKind[kind] ?? []).filter((tag) => [title, ...labels].some((text) => words[tag]?.test(text)))
}
