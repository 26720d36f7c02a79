/** What a UTF-16 code unit is to the tokenizer. */
const LETTER = 1
/** Scripts written without spaces: each character is a word of its own, and word pairs give the context. */
const ALONE = 2

/** One byte per code unit. Surrogates count as letters: emoji and rare scripts form words of their own. */
const kinds: Uint8Array = (() => {
  const table = new Uint8Array(65_536)
  for (let code = 0; code < 65_536; code++) {
    const character = String.fromCharCode(code)
    if (/[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}]/u.test(character) && /\p{L}/u.test(character)) table[code] = ALONE
    else if (/[\p{L}\p{N}\p{M}\p{Cs}]/u.test(character)) table[code] = LETTER
  }
  return table
})()

/** FNV-1a over UTF-16 code units, continued from `hash`. */
export function fnv(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193)
}

/** Murmur3's finalizer: every input bit reaches every output bit, so any bits may choose bucket and sign. */
export function mix(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

export const WORD_SEED = 0x811c9dc5 | 0
const PAIR_SEED = 0x2545f491

/** English words that carry no topic. Part of the model: changing this list means a new model name. */
const stopWords = new Set(
  `a about after all also am an and any are as at be because been before being but by can could did do does doing
   for from had has have having he her here hers him his how i if in into is it its just me more most my no nor not
   of on once only or other our out over own s same she should so some such t than that the their them then there
   these they this those through to too under until up very was we were what when where which while who whom why
   will with would you your`
    .split(/\s+/)
    .map((word) => {
      let hash = WORD_SEED
      for (let i = 0; i < word.length; i++) hash = fnv(hash, word.charCodeAt(i))
      return hash
    }),
)

/**
 * The distinct words and word pairs of one text, in order of first appearance, with their counts. Words and pairs are
 * told apart by `length`: a pair has none. Reused between texts, so that a text costs no allocation.
 */
export class WordTable {
  size = 0
  hash = new Int32Array(1024)
  count = new Int32Array(1024)
  /** Where a word begins in the text, and its length in code units; length 0 marks a pair. */
  start = new Int32Array(1024)
  length = new Int32Array(1024)
  /** 1 for a word that carries a topic, less for others; a pair has the smaller of its two. */
  weight = new Float64Array(1024)
  #slots = new Int32Array(4096).fill(-1)
  #previousHash = 0
  #previousWeight = 0

  read(text: string): void {
    this.size = 0
    this.#slots.fill(-1)
    this.#previousWeight = 0
    let start = -1
    let hash = WORD_SEED
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      const kind = kinds[code]
      if (kind === LETTER) {
        if (start < 0) start = i
        hash = fnv(hash, code)
        continue
      }
      if (start >= 0) this.#word(hash, start, i - start)
      start = -1
      hash = WORD_SEED
      if (kind === ALONE) this.#word(fnv(WORD_SEED, code), i, 1)
    }
    if (start >= 0) this.#word(hash, start, text.length - start)
  }

  #word(hash: number, start: number, length: number): void {
    const index = this.#add(hash, start, length)
    if (this.count[index] === 1) this.weight[index] = stopWords.has(hash) ? 0.1 : 1
    const weight = this.weight[index]!
    if (this.#previousWeight > 0) {
      const pair = this.#add(mix(Math.imul(this.#previousHash, 31) ^ hash ^ PAIR_SEED), start, 0)
      this.weight[pair] = Math.min(weight, this.#previousWeight)
    }
    this.#previousHash = hash
    this.#previousWeight = weight
  }

  #add(hash: number, start: number, length: number): number {
    const mask = this.#slots.length - 1
    let slot = mix(hash) & mask
    for (let index = this.#slots[slot]!; index >= 0; index = this.#slots[slot]!) {
      if (this.hash[index] === hash) {
        this.count[index]!++
        return index
      }
      slot = (slot + 1) & mask
    }
    if (this.size === this.hash.length) {
      this.#grow()
      return this.#add(hash, start, length)
    }
    const index = this.size++
    this.#slots[slot] = index
    this.hash[index] = hash
    this.count[index] = 1
    this.start[index] = start
    this.length[index] = length
    return index
  }

  /** Slots stay four times the entries, so that probes are short. */
  #grow(): void {
    const entries = this.hash.length * 2
    const wider = (old: Int32Array) => {
      const next = new Int32Array(entries)
      next.set(old)
      return next
    }
    this.hash = wider(this.hash)
    this.count = wider(this.count)
    this.start = wider(this.start)
    this.length = wider(this.length)
    const weight = new Float64Array(entries)
    weight.set(this.weight)
    this.weight = weight

    this.#slots = new Int32Array(entries * 4).fill(-1)
    const mask = this.#slots.length - 1
    for (let index = 0; index < this.size; index++) {
      let slot = mix(this.hash[index]!) & mask
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask
      this.#slots[slot] = index
    }
  }
}
