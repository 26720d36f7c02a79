import { compareText } from "../compare-text.ts"

/** A name's words in one order, without accents, case and what is in brackets: "Lisa, Mona (she/her)" is "Mona Lisa". */
export function nameWords(name: string | null): string[] {
  const plain = name
    ?.replaceAll(/\([^()]*\)|\[[^[\]]*\]/g, " ")
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
  return (plain?.match(/[\p{L}\p{N}]+/gu) ?? []).sort(compareText)
}

/**
 * Whether two full names are of two people as far as names tell: neither says all that the other one does. One word is no full
 * name, a letter stands for any word that begins with it, and names in different scripts are not compared.
 */
export function namesDiffer(a: readonly string[], b: readonly string[]): boolean {
  if (a.length < 2 || b.length < 2 || isLatin(a) !== isLatin(b)) return false
  const [fewer, more] = a.length <= b.length ? [a, b] : [b, a]
  return !fewer.every((word) => more.some((other) => isSame(word, other)))
}

const isLatin = (words: readonly string[]): boolean => /\p{Script=Latin}/u.test(words.join(""))

const isSame = (a: string, b: string): boolean =>
  a === b || (a.length === 1 && b.startsWith(a)) || (b.length === 1 && a.startsWith(b))
