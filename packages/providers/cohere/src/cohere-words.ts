import { Rejected } from "@engram/contracts/errors"
import { retryLaterIn } from "@engram/patient-fetch/patient-fetch"
import { CohereError } from "cohere-ai"

/** Dimensions by model, from Cohere's documentation. A model not listed here is taken at its word. */
const dimensions: Record<string, readonly number[]> = {
  "embed-v4.0": [256, 512, 1024, 1536],
  "embed-english-v3.0": [1024],
  "embed-multilingual-v3.0": [1024],
  "embed-english-light-v3.0": [384],
  "embed-multilingual-light-v3.0": [384],
}

/** Throws, in words for whoever set them, when the model cannot give the dimension. */
export function checkDimension(model: string, dimension: number): void {
  const known = dimensions[model]
  if (!known || known.includes(dimension)) return
  throw new Error(`EMBEDDING_DIMENSION is ${dimension}, but ${model} gives ${known.join(", ")}; set one of those`)
}

/** Only v4 and newer let the caller choose; the older ones refuse the parameter. */
export function takesDimension(model: string): boolean {
  return !/-v[23]\.\d/.test(model)
}

export interface Asked {
  readonly model: string
  /** Where a person would change the model. */
  readonly setting: "EMBEDDING_MODEL" | "SUMMARY_MODEL"
  /** What it means when Cohere takes the key and the model, but not the request. */
  readonly refusal: "text_refused" | "question_refused"
}

/** Cohere's answers in our three words: later, never, or a bug. What may pass was already found by the patient fetch. */
export function failure(cause: unknown, { model, setting, refusal }: Asked): unknown {
  const later = retryLaterIn(cause)
  if (later) return later
  if (!(cause instanceof CohereError)) return cause
  const said = messageIn(cause.body) ?? cause.message
  switch (cause.statusCode) {
    case 401:
    case 403:
    case 498: {
      const message = `Cohere refused the key (${cause.statusCode}: ${said}); check COHERE_API_KEY`
      return new Rejected("credentials_refused", message, { cause })
    }
    case 404:
      return new Rejected("model_unknown", `Cohere does not know ${model} (${said}); check ${setting}`, { cause })
    case 400:
    case 422:
      if (refusal === "question_refused") {
        return new Rejected(refusal, `Cohere refused the question: ${said}`, { cause })
      }
      // Callers look for the one bad text by bisection, so what is wrong with every request must have another name.
      if (/output_dimension|input_type|embedding_types|\bmodel\b/.test(said) && !/\btexts?\b/.test(said)) {
        return new Rejected("request_refused", `Cohere refused the request: ${said}`, { cause })
      }
      return new Rejected(refusal, `Cohere refused a text: ${said}`, { cause, path: "texts" })
    default:
      return cause
  }
}

function messageIn(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || !("message" in body)) return undefined
  return typeof body.message === "string" ? body.message : undefined
}
