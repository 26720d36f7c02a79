import { setTimeout as delay } from "node:timers/promises"
import { Rejected, RetryLater, reasonOf } from "@engram/contracts/errors"
import { z } from "zod"
import type { NamespaceKind } from "./namespace-tree.ts"
import { type Answer, createRequester } from "./requester.ts"

const Failure = z.object({ code: z.string(), message: z.string() })
const Health = z.object({ status: z.string(), version: z.string(), capabilities: z.array(z.string()) })
const Written = z.object({ id: z.string() })
const FoundMemory = z.object({ id: z.string(), namespace: z.string(), content: z.string() })
const Found = z.object({ memories: z.array(FoundMemory) })
export type FoundMemory = z.infer<typeof FoundMemory>

/** As many as the contract lets a search return. */
export const searchLimitMax = 100

export interface NewMemory {
  readonly id: string
  readonly content: string
  readonly kind: "fact"
  readonly source: "agent"
}

/**
 * A client of the memory-plugin contract, version 1. What may be tried again is (429, 5xx, no answer), with backoff and jitter
 * and never sooner than Retry-After says, until `patienceMs` have gone by since the first failure; then it is `RetryLater`.
 * A refusal is `Rejected`, with the plugin's words.
 */
export interface MemoryPlugin {
  /** Also when it is degraded; what it says is for a person. */
  health(): Promise<z.infer<typeof Health>>
  putNamespace(name: string, kind: NamespaceKind): Promise<void>
  /** False when there is no such namespace. */
  write(namespace: string, memory: NewMemory): Promise<boolean>
  search(request: { namespace: string; query?: string }): Promise<FoundMemory[]>
  /** Requests sent again so far. */
  retries(): number
  close(): void
}

export interface PluginOptions {
  /** `http://…`, `https://…`, or `unix:/path/to/socket`. */
  readonly url: string
  /** Requests at a time; each has a connection, which is kept. */
  readonly connectionsMax: number
  readonly signal: AbortSignal
  readonly timeoutMs?: number
  readonly patienceMs?: number
  readonly retryBaseMs?: number
  readonly retryMaxMs?: number
  /** Milliseconds from any beginning. */
  readonly now?: () => number
}

export function createMemoryPlugin(options: PluginOptions): MemoryPlugin {
  const { url, signal, patienceMs = 60_000, retryBaseMs = 200, retryMaxMs = 5_000 } = options
  const { now = () => performance.now() } = options
  const requester = createRequester(options)
  let retries = 0

  async function ask(method: string, path: string, body?: object): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const startedAt = now()
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted()
      const answer = await requester.ask(method, path, text).catch((error: Error) => error)
      if (!(answer instanceof Error) && answer.status !== 429 && answer.status < 500) return answer
      signal.throwIfAborted()
      const waitMs = waitBefore(answer, Math.min(retryBaseMs * 2 ** attempt, retryMaxMs), retryBaseMs)
      if (now() - startedAt + waitMs > patienceMs) {
        const words = `the memory plugin at ${url} was of no use for ${Math.round(patienceMs / 1_000)} s: ${inWords(answer)}`
        throw new RetryLater(words, { afterMs: waitMs, cause: answer })
      }
      retries++
      await delay(waitMs, undefined, { signal })
    }
  }

  return {
    async health() {
      const answer = await requester.ask("GET", "/v1/health").catch((cause: Error) => {
        throw new RetryLater(`the memory plugin at ${url} does not answer: ${reasonOf(cause)}`, { afterMs: 0, cause })
      })
      return read(Health, answer, 200, 503)
    },
    async putNamespace(name, kind) {
      read(z.unknown(), await ask("PUT", `/v1/namespaces/${encodeURIComponent(name)}`, { kind }), 200)
    },
    async write(namespace, memory) {
      const answer = await ask("POST", `/v1/namespaces/${encodeURIComponent(namespace)}/memories`, memory)
      if (answer.status === 404) return false
      const { id } = read(Written, answer, 201)
      if (id.toLowerCase() !== memory.id) {
        throw new Error(
          `the memory plugin stored ${memory.id} as ${id}: it does not keep ids, so a second run would double rows`,
        )
      }
      return true
    },
    async search({ namespace, query }) {
      const request = { namespaces: [namespace], ...(query !== undefined && { query }), limit: searchLimitMax }
      return read(Found, await ask("POST", "/v1/search", request), 200).memories
    },
    retries: () => retries,
    close: requester.close,
  }
}

/** All lanes may be told the same time to wait; the jitter on top keeps them from coming back as one. */
function waitBefore(answer: Answer | Error, backoffMs: number, jitterMs: number): number {
  const askedMs = answer instanceof Error ? 0 : retryAfterMs(answer.retryAfter)
  return askedMs > 0 ? askedMs + jitterMs * Math.random() : backoffMs * (0.5 + Math.random() / 2)
}

const inWords = (answer: Answer | Error): string =>
  answer instanceof Error ? reasonOf(answer) : `it answered ${refusalOf(answer).message}`

/** The body in the shape the contract gives it, or the refusal. */
function read<T>(schema: z.ZodType<T>, answer: Answer, ...expected: number[]): T {
  if (!expected.includes(answer.status)) throw refusalOf(answer)
  const parsed = schema.safeParse(jsonOf(answer.body))
  if (parsed.success) return parsed.data
  const where = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the body"}: ${message}`).join("; ")
  throw new Error(`the memory plugin answered ${answer.status} with a body that is not the contract's (${where})`)
}

function refusalOf({ status, body }: Answer): Rejected {
  const failure = Failure.safeParse(jsonOf(body))
  const { code, message } = failure.success ? failure.data : { code: "unknown", message: body.slice(0, 200) }
  return new Rejected(code, `${status} ${code}: ${message}`)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Seconds or a date, by RFC 9110; 0 when there is none. */
function retryAfterMs(header: string | undefined): number {
  if (!header) return 0
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}
