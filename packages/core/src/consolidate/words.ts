/**
 * A word, or a number with its points (`1.2.1`); `C++` and `C#` are not `C`. Scripts that put no spaces between words count each character.
 */
const word =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]|[\p{L}\p{M}\p{N}]+(?:\.\p{N}+)*[+#]*/gu
const articles: ReadonlySet<string> = new Set(["a", "an", "the"])

/** The words of a text in order, without regard to case, width and articles. */
export function wordsOf(text: string): string[] {
  return (text.normalize("NFKC").toLowerCase().match(word) ?? []).filter((each) => !articles.has(each))
}

/**
 * Equal for texts that differ in case, width, punctuation and articles only. Whoever looks for more likeness merges `approved` with
 * `not approved`, and one observation would be cited for what another says. `""` for a text without words.
 */
export function wordKey(text: string): string {
  return wordsOf(text).join(" ")
}
