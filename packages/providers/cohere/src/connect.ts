import type { BreakerState } from "@engram/contracts/breakers"
import { createHastyFetch, createPatientFetch } from "@engram/patient-fetch/patient-fetch"
import { CohereClientV2 } from "cohere-ai"

/** The SDK's own clock must not cut off our retries: four requests and the waits between them. */
const SDK_TIMEOUT_SECONDS = 3_600

export interface CohereOptions {
  readonly apiKey: string
  readonly baseUrl?: string
  /** For one request. */
  readonly timeoutMs: number
  readonly retryBaseMs?: number
  /** How long Cohere is left alone after failing many times in a row. */
  readonly restMs?: number
}

export interface Cohere {
  readonly client: CohereClientV2
  /** Whether the service knows the model, asked once. Rejects as the SDK does. */
  ask(model: string): Promise<void>
  breakerState(): BreakerState
}

/** The SDK's client with our patience in place of its own. */
export function connect(options: CohereOptions): Cohere {
  const { apiKey, baseUrl } = options
  const through = (fetch: typeof globalThis.fetch) => {
    const where = baseUrl ? { baseUrl } : {}
    return new CohereClientV2({ token: apiKey, fetch, ...where, maxRetries: 0, timeoutInSeconds: SDK_TIMEOUT_SECONDS })
  }
  const patience = { ...options, service: "Cohere" }
  const patient = createPatientFetch(patience)
  const checker = through(createHastyFetch(patience))
  return {
    client: through(patient.fetch),
    async ask(model) {
      await checker.models.get(model)
    },
    breakerState: patient.breakerState,
  }
}
