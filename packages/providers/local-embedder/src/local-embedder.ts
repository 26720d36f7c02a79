import { setImmediate } from "node:timers/promises"
import { Rejected } from "@engram/contracts/errors"
import type { Embedder } from "@engram/contracts/ports"
import { hashText } from "./hash-text.ts"
import { WordTable } from "./word-table.ts"

/** A text of 300 tokens takes about 0.1 ms, so the event loop is held for a few milliseconds at a time. */
const TEXTS_PER_TURN = 16

/**
 * An embedder that needs no account, no network and no model file. It is lexical: texts that share words, word pairs or
 * spellings are near; synonyms and other languages are not. Feature hashing of words, pairs and character n-grams (3 to
 * 5), unit length, the same values on every machine. Whatever changes the values needs a new model name.
 */
export function createLocalEmbedder({ dimension = 512 }: { dimension?: number } = {}): Embedder {
  if (!Number.isInteger(dimension) || dimension < 16 || dimension > 4096) {
    const words = `local-hash-v1 gives any whole number of dimensions from 16 to 4096, not ${dimension}`
    throw new Rejected("dimension_unsupported", words)
  }
  const table = new WordTable()
  return {
    model: { provider: "local", model: "local-hash-v1", dimension },
    textsMax: 96,

    async embed(texts) {
      const vectors: Float32Array[] = []
      for (const text of texts) {
        if (vectors.length > 0 && vectors.length % TEXTS_PER_TURN === 0) await setImmediate()
        vectors.push(hashText(text, dimension, table))
      }
      return vectors
    },

    async check() {},
  }
}
