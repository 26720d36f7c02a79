/** Tags by what titles, labels and the place of a page say. The words are few on purpose: a tag that is often wrong is worse than none. */
const words: { readonly [tag: string]: RegExp } = {
  rfc: /\brfcs?\b|\brequest for comments\b|\bdesign (?:doc|proposal)s?\b/i,
  decision: /\bdecisions?\b|\badrs?\b/i,
  goal: /\bgoals?\b|\bokrs?\b|\bobjectives?\b|\bkey results?\b/i,
  policy: /\bpolic(?:y|ies)\b|\bcode of conduct\b/i,
  incident: /\bpost-?mortems?\b|\bincidents?\b|\boutages?\b/i,
}

/** In a fixed order. */
export const tagsOf = (texts: readonly string[]): string[] =>
  Object.keys(words).filter((tag) => texts.some((text) => words[tag]!.test(text)))
