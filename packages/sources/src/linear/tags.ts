/** Tags by what titles and labels say. The words are few on purpose: a tag that is often wrong is worse than none. */
const words: { readonly [tag: string]: RegExp } = {
  bug: /\b(?:bug|defect|regression)s?\b/i,
  incident: /\b(?:incident|outage|sev-?[012]|post-?mortem|hotfix)s?\b/i,
  blocked: /\bblocked\b/i,
  dependency: /\b(?:dependenc(?:y|ies)|blocked by|depends on)\b/i,
  decision: /\b(?:decisions?|adr)\b/i,
  rfc: /\brfcs?\b/i,
  objective: /\b(?:objectives?|okrs?|goals?|key results?)\b/i,
}

/** The tags of a thing of this kind, in a fixed order. */
export function tagsOf(kind: string, texts: readonly string[]): string[] {
  const said = Object.keys(words).filter((tag) => texts.some((text) => words[tag]!.test(text.slice(0, 500))))
  return kind.startsWith("initiative") ? [...said, "initiative"] : said
}
