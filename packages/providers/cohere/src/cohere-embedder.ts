import type { BreakerState } from "@engram/contracts/breakers"
import { Rejected } from "@engram/contracts/errors"
import type { Embedder } from "@engram/contracts/ports"
import { checkDimension, failure, takesDimension } from "./cohere-words.ts"
import { type CohereOptions, connect } from "./connect.ts"

/** Cohere's limit for one call. */
const TEXTS_MAX = 96

export interface CohereEmbedderOptions extends CohereOptions {
  readonly model: string
  readonly dimension: number
}

/**
 * Embeddings by Cohere. A text too long for the model is refused, never cut: `Rejected("text_refused")`. Busy, failing
 * and silent answers are asked again a few times and are then `RetryLater`. More than 96 texts become several calls,
 * one after another.
 */
export function createCohereEmbedder(options: CohereEmbedderOptions): Embedder & { breakerState(): BreakerState } {
  const { model, dimension } = options
  checkDimension(model, dimension)
  const cohere = connect(options)
  const failed = (error: unknown) => {
    throw failure(error, { model, setting: "EMBEDDING_MODEL", refusal: "text_refused" })
  }

  const call = async (texts: string[], inputType: "search_document" | "search_query"): Promise<Float32Array[]> => {
    const answer = await cohere.client
      .embed({
        model,
        texts,
        inputType,
        embeddingTypes: ["float"],
        truncate: "NONE",
        ...(takesDimension(model) ? { outputDimension: dimension } : {}),
      })
      .catch(failed)
    const vectors = answer.embeddings.float ?? []
    if (vectors.length !== texts.length)
      throw new Error(`Cohere gave ${vectors.length} vectors for ${texts.length} texts`)
    return vectors.map((values) => unit(values, dimension, model))
  }

  return {
    model: { provider: "cohere", model, dimension },
    textsMax: TEXTS_MAX,

    async embed(texts, use) {
      const vectors: Float32Array[] = []
      for (let from = 0; from < texts.length; from += TEXTS_MAX) {
        // A lone surrogate cannot be written as UTF-8; it becomes U+FFFD, which changes nothing that a person reads.
        const part = texts.slice(from, from + TEXTS_MAX).map((text) => text.toWellFormed())
        vectors.push(...(await call(part, use)))
      }
      return vectors
    },

    async check() {
      await cohere.ask(model).catch(failed)
    },

    breakerState: cohere.breakerState,
  }
}

/** Cohere does not promise length 1. */
function unit(values: readonly number[], dimension: number, model: string): Float32Array {
  if (values.length !== dimension) {
    const message = `${model} gave ${values.length} dimensions, not the ${dimension} asked of it; ask for ${values.length}`
    throw new Rejected("dimension_unsupported", message)
  }
  let squares = 0
  for (const value of values) squares += value * value
  const length = Math.sqrt(squares)
  if (!(length > 0 && length < Number.POSITIVE_INFINITY)) throw new Error(`Cohere gave a vector of length ${length}`)
  return Float32Array.from(values, (value) => value / length)
}
