import { fnv, mix, WORD_SEED, type WordTable } from "./word-table.ts"

const PAIR_SHARE = 0.3
/** All n-grams of a word together weigh this much beside the word itself: near spellings meet, exact words win. */
const GRAMS_SHARE = 0.6
const GRAM_SEED = 0x9747b28c | 0
/** Stands before and after a word, so that its beginning and end are n-grams of their own. */
const EDGE = 2
const GRAM_MIN = 3
const GRAM_MAX = 5

/** A vector of length 1 for any text, the same on every run. A text without a word gets one fixed direction. */
export function hashText(text: string, dimension: number, table: WordTable): Float32Array {
  const lower = text.normalize("NFKC").toLowerCase()
  table.read(lower)
  const sums = new Float64Array(dimension)
  for (let index = 0; index < table.size; index++) {
    // Sublinear, so that a word said ten times weighs three times, not ten.
    const weight = table.weight[index]! * (1 + Math.log(table.count[index]!))
    const hash = table.hash[index]!
    const length = table.length[index]!
    if (length === 0) {
      add(sums, hash, weight * PAIR_SHARE)
      continue
    }
    add(sums, mix(hash), weight)
    addGrams(sums, lower, table.start[index]!, length, weight * GRAMS_SHARE)
  }
  return unit(sums)
}

/** Signed hashing: one bucket from the hash, the sign from its top bit, so that collisions cancel instead of add up. */
function add(sums: Float64Array, hash: number, weight: number): void {
  sums[(hash >>> 0) % sums.length]! += hash < 0 ? -weight : weight
}

function addGrams(sums: Float64Array, text: string, start: number, length: number, weight: number): void {
  const padded = length + 2
  let grams = 0
  for (let n = GRAM_MIN; n <= Math.min(GRAM_MAX, padded); n++) grams += padded - n + 1
  const share = weight / Math.sqrt(grams)
  for (let from = 0; from + GRAM_MIN <= padded; from++) {
    let hash = GRAM_SEED
    const to = Math.min(from + GRAM_MAX, padded)
    for (let at = from; at < to; at++) {
      hash = fnv(hash, at === 0 || at === padded - 1 ? EDGE : text.charCodeAt(start + at - 1))
      if (at - from + 1 >= GRAM_MIN) add(sums, mix(hash), share)
    }
  }
}

function unit(sums: Float64Array): Float32Array {
  let squares = 0
  for (const value of sums) squares += value * value
  const values = new Float32Array(sums.length)
  if (squares === 0) {
    values[(mix(WORD_SEED) >>> 0) % sums.length] = 1
    return values
  }
  const length = Math.sqrt(squares)
  for (let i = 0; i < sums.length; i++) values[i] = sums[i]! / length
  return values
}
