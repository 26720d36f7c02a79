/** The first `charsMax` UTF-16 units of a text, or one less: a surrogate pair is not split, since Postgres refuses half of one. */
export const cutText = (text: string, charsMax: number): string =>
  text.slice(0, (text.codePointAt(charsMax - 1) ?? 0) > 0xffff ? charsMax - 1 : charsMax)
