import type { BreakerState } from "@engram/contracts/breakers"
import { RetryLater, unreached } from "@engram/contracts/errors"
import { traced } from "@engram/contracts/spans"
import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
  type IRetryBackoffContext,
  retry,
  wrap,
} from "cockatiel"
import { stateOf, tellBreaker } from "./tell-breaker.ts"

/** A service that asks to be left alone for longer is not waited for here: the work goes back to its lane. */
const WAIT_MAX_MS = 10_000
const BACKOFF_MAX_MS = 5_000
const CHECK_TIMEOUT_MS = 5_000

export interface Patience {
  /** Names the service in messages. */
  readonly service: string
  /** For one request and its whole answer. */
  readonly timeoutMs: number
  /** Requests after the first one. 0 asks once. */
  readonly retriesMax?: number
  /** The first wait; each next one is up to twice as long, and each is between half and all of that. */
  readonly retryBaseMs?: number
  /** So many failures one after another, from any callers, and the service is left alone … */
  readonly breakAfter?: number
  /** … for so long. Then one request finds out whether it is back, while the others wait for what it finds. */
  readonly restMs?: number
  /** Awaited before each request, retries too, where a service limits how often it may be asked; what it gives is called after the answer. */
  readonly turn?: () => Promise<() => void>
  /** Whether metrics show this breaker as the service's; false for one that only serves health checks. */
  readonly told?: boolean
  /** An answer of 429 or 5xx that trying again will not change. */
  readonly isFinal?: (status: number, body: string) => boolean
}

/**
 * A `fetch` for requests that may be sent twice. It resolves with what is final, body included, and rejects with
 * `RetryLater` when the service is busy (429), failing (5xx), silent, unreachable, or breaks off in its answer.
 */
export function createPatientFetch(patience: Patience): { fetch: typeof fetch; breakerState(): BreakerState } {
  const { service, retriesMax = 3, retryBaseMs = 250, breakAfter = 8, restMs = 10_000 } = patience
  const breaker = circuitBreaker(
    handleWhen((error) => error instanceof RetryLater),
    { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(breakAfter) },
  )
  if (patience.told ?? true) tellBreaker(service, breaker)
  const again = retry(
    handleWhen((error) => error instanceof RetryLater && error.afterMs <= WAIT_MAX_MS),
    { maxAttempts: retriesMax, backoff: new DelegateBackoff((context) => waitMs(context, retryBaseMs)) },
  )
  const policy = wrap(again, breaker)

  return {
    async fetch(input, init) {
      try {
        return await policy.execute(() => ask(patience, input, init))
      } catch (error) {
        if (error instanceof BrokenCircuitError) {
          const message = `${service} failed ${breakAfter} times in a row and is left alone for ${restMs} ms`
          throw new RetryLater(message, { afterMs: restMs, cause: breaker.lastFailure })
        }
        if (error instanceof RetryLater && error.afterMs < BACKOFF_MAX_MS) {
          throw new RetryLater(error.message, { afterMs: BACKOFF_MAX_MS, cause: error.cause })
        }
        throw error
      }
    },
    breakerState: () => stateOf(breaker),
  }
}

/** The same for health checks: each answers for this moment, so it asks once and waits no longer than 5 seconds. */
export function createHastyFetch(patience: Patience): typeof fetch {
  const timeoutMs = Math.min(patience.timeoutMs, CHECK_TIMEOUT_MS)
  return createPatientFetch({ ...patience, timeoutMs, retriesMax: 0, told: false }).fetch
}

/** What the service asks for, or exponential backoff with jitter, whichever is longer. */
function waitMs({ attempt, result }: IRetryBackoffContext<unknown>, retryBaseMs: number): number {
  const asked = "error" in result && result.error instanceof RetryLater ? result.error.afterMs : 0
  const backoff = Math.min(retryBaseMs * 2 ** (attempt - 1), BACKOFF_MAX_MS)
  return Math.max(asked, backoff * (0.5 + Math.random() / 2))
}

async function ask(patience: Patience, input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  const done = await patience.turn?.()
  try {
    return await askTraced(patience, input, init)
  } finally {
    done?.()
  }
}

/** Retries are spans of their own. */
function askTraced(patience: Patience, input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  const { hostname } = new URL(input instanceof Request ? input.url : input)
  const method = init?.method ?? (input instanceof Request ? input.method : "GET")
  const attributes = { "http.request.method": method, "server.address": hostname }
  return traced({ name: patience.service, kind: "client", attributes }, () => askNow(patience, input, init))
}

async function askNow(
  patience: Patience,
  input: Parameters<typeof fetch>[0],
  init: RequestInit = {},
): Promise<Response> {
  const { service, timeoutMs, isFinal } = patience
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout
  let response: Response
  let body: ArrayBuffer
  try {
    response = await fetch(input, { ...init, signal })
    // Read here, so that an answer that breaks off is seen by the retry and not by the SDK's parser.
    body = await response.arrayBuffer()
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    if (timeout.aborted) throw new RetryLater(`${service} did not answer within ${timeoutMs} ms`, { afterMs: 0, cause })
    throw unreached(service, new URL(input instanceof Request ? input.url : input).host, cause)
  }
  const { status, statusText, headers } = response
  if ((status === 429 || status >= 500) && !isFinal?.(status, new TextDecoder().decode(body))) {
    throw new RetryLater(`${service} answered ${status}`, { afterMs: retryAfterMs(headers.get("retry-after")) })
  }
  return new Response(body.byteLength > 0 ? body : null, { status, statusText, headers })
}

/** Seconds or a date, by RFC 9110. 0 when the service names no time. */
function retryAfterMs(header: string | null): number {
  if (!header) return 0
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, Math.ceil(ms)) : 0
}

/** The `RetryLater` that an SDK wrapped in an error of its own, if that is why it failed. */
export function retryLaterIn(error: unknown): RetryLater | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof RetryLater) return at
  return undefined
}
