import type { IncomingMessage } from "node:http"
import type { BodyBudget } from "./body-budget.ts"

/** A body that cannot be had: too large (413), or broken off (400). */
export class BodyRefused extends Error {
  override readonly name = "BodyRefused"
  readonly status: 400 | 413
  readonly code: "body_too_large" | "body_incomplete"

  constructor(status: 400 | 413, code: BodyRefused["code"], message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export interface HeldBody {
  readonly bytes: Buffer
  /** Gives its share of the budget back; call it when the bytes are no longer needed. */
  release(): void
}

/**
 * The whole body, untouched. Its memory is taken from the budget before the first byte is read: the announced length or, where
 * none is announced, the most it may be; `memoryPerByte` times that where it is also parsed. Refuses with 413 above `bytesMax` and with 400 when the sender goes away.
 */
export async function readBody(
  request: IncomingMessage,
  options: { readonly bytesMax: number; readonly budget: BodyBudget; readonly memoryPerByte?: number },
): Promise<HeldBody> {
  const { bytesMax, budget, memoryPerByte = 1 } = options
  const announced = announcedLength(request)
  if (announced !== undefined && announced > bytesMax) throw tooLarge(bytesMax)

  const release = await budget.take((announced ?? bytesMax) * memoryPerByte)
  try {
    return { bytes: await collect(request, announced, bytesMax), release }
  } catch (error) {
    release()
    throw error
  }
}

/** Node's parser has made sure that the length is a number, and that the body keeps to it. */
function announcedLength({ headers }: IncomingMessage): number | undefined {
  if (headers["transfer-encoding"] !== undefined) return undefined
  return Number(headers["content-length"] ?? 0)
}

function collect(request: IncomingMessage, announced: number | undefined, bytesMax: number): Promise<Buffer> {
  // Also where all of it had come: what is destroyed gives none of it any more.
  if (request.destroyed) return Promise.reject(wentAway())
  return new Promise((resolve, reject) => {
    let whole: Buffer | undefined
    const chunks: Buffer[] = []
    let length = 0

    const onData = (chunk: Buffer): void => {
      if (announced === undefined) chunks.push(chunk)
      // Most bodies come in one piece, which needs no copy unless it lies in a larger buffer of the socket's.
      else if (chunk.length === announced && chunk.buffer.byteLength === announced) whole = chunk
      else {
        whole ??= Buffer.allocUnsafe(announced)
        chunk.copy(whole, length)
      }
      length += chunk.length
      if (length > bytesMax) stop(() => reject(tooLarge(bytesMax)))
    }
    const onEnd = (): void => stop(() => resolve(whole ?? Buffer.concat(chunks, length)))
    const onGone = (): void => stop(() => reject(wentAway()))
    const stop = (settle: () => void): void => {
      request.off("data", onData).off("end", onEnd).off("close", onGone).off("error", onGone)
      request.on("error", () => {})
      // The rest of a body that is too large is read past, so that the sender gets to read the answer.
      request.resume()
      settle()
    }
    request.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone)
  })
}

const tooLarge = (bytesMax: number): BodyRefused =>
  new BodyRefused(413, "body_too_large", `a body may have ${bytesMax} bytes and no more`)

const wentAway = (): BodyRefused =>
  new BodyRefused(400, "body_incomplete", "the connection closed before the body was complete")
