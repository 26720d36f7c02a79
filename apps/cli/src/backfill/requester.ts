import { errors, Pool } from "undici"

export interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: string
}

/** HTTP over so many connections, which are kept. */
export interface Requester {
  /** Rejects when nothing comes for the time. */
  ask(method: string, path: string, body?: string): Promise<Answer>
  close(): void
}

/** undici's own client: `fetch` cannot speak to a unix socket, and it and node:http cost twice the time of a core per request. */
export function createRequester(options: {
  readonly url: string
  readonly connectionsMax: number
  readonly signal: AbortSignal
  readonly timeoutMs?: number
}): Requester {
  const { url, connectionsMax, signal, timeoutMs = 30_000 } = options
  const socketPath = url.startsWith("unix:") ? url.slice("unix:".length) : undefined
  const base = new URL(socketPath === undefined ? url : "http://localhost")
  const prefix = base.pathname.replace(/\/$/, "")
  const pool = new Pool(base.origin, {
    connections: connectionsMax,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    ...(socketPath !== undefined && { socketPath }),
  })

  const ask = async (method: string, path: string, body?: string): Promise<Answer> => {
    const headers = body === undefined ? {} : { "content-type": "application/json" }
    const answer = await pool.request({ method, path: `${prefix}${path}`, headers, body: body ?? null, signal })
    const retryAfter = answer.headers["retry-after"]
    return { status: answer.statusCode, retryAfter: retryAfter?.toString(), body: await answer.body.text() }
  }

  return {
    ask: (...asked) =>
      ask(...asked).catch((cause) => {
        throw isSilence(cause) ? new Error(`no answer within ${timeoutMs} ms`, { cause }) : cause
      }),
    close: () => void pool.destroy(),
  }
}

const isSilence = (error: unknown): boolean =>
  error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError
