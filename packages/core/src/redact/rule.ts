/** A stretch of a text, as offsets into it. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** One kind of credential. */
export interface CredentialRule {
  /** As the mark and the metric say it: `github-token`. */
  readonly name: string
  /**
   * Every text that `find` finds something in matches this, a regular expression that is quick to fail. Where `anyCase` is set
   * it is in lower case, and is asked of the text in lower case.
   */
  readonly gate: string
  readonly anyCase?: boolean
  find(text: string): Range[]
}

/** A gate for texts that hold one of these words. */
export const oneOf = (words: readonly string[]): string =>
  words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")

/** A rule that is one global regular expression, whose whole match is the credential. */
export function patternRule(
  name: string,
  gate: string,
  pattern: RegExp,
  options: { readonly anyCase?: boolean; readonly isCredential?: (match: string) => boolean } = {},
): CredentialRule {
  const { anyCase = false, isCredential = () => true } = options
  return {
    name,
    gate,
    anyCase,
    find: (text) =>
      [...text.matchAll(pattern)]
        .filter(({ 0: match }) => isCredential(match))
        .map(({ 0: match, index }) => ({ start: index, end: index + match.length })),
  }
}
