import type { IncomingMessage } from "node:http"
import type { BodyBudget, BodyShare } from "./body-budget.ts"
import { Refusal } from "./refusal.ts"

export interface HeldBody {
  readonly bytes: Buffer
  /** Gives its share of the budget back; call it when the bytes are no longer needed. */
  release(): void
}

/**
 * The whole body, untouched. It holds as many bytes of the budget as have come, and at most as many again (`memoryPerByte` times
 * that where it is also parsed): before more is read than there is memory for, that memory doubles. Refuses with 413 above
 * `bytesMax`, unread where that is announced, and with 400 when the sender goes away, also while it waits for memory.
 */
export async function readBody(
  request: IncomingMessage,
  options: { readonly bytesMax: number; readonly budget: BodyBudget; readonly memoryPerByte?: number },
): Promise<HeldBody> {
  const { bytesMax, budget, memoryPerByte = 1 } = options
  const announced = announcedLength(request)
  if (announced !== undefined && announced > bytesMax) throw tooLarge(bytesMax)

  const share = budget.open((announced ?? bytesMax) * memoryPerByte)
  try {
    const bytes = await collect(request, announced ?? bytesMax, (more, go) => share.take(more * memoryPerByte, go))
    share.settle(bytes.length * memoryPerByte)
    return { bytes, release: share.release }
  } catch (error) {
    share.release()
    throw error
  }
}

/** Node's parser has made sure that the length is a number, and that the body keeps to it. */
function announcedLength({ headers }: IncomingMessage): number | undefined {
  if (headers["transfer-encoding"] !== undefined) return undefined
  return Number(headers["content-length"] ?? 0)
}

function collect(request: IncomingMessage, bytesMax: number, take: BodyShare["take"]): Promise<Buffer> {
  // Also where all of it had come: what is destroyed gives none of it any more.
  if (request.destroyed) return Promise.reject(wentAway())
  return new Promise((resolve, reject) => {
    let memory = Buffer.alloc(0)
    let length = 0

    const onData = (chunk: Buffer): void => {
      const arrived = length + chunk.length
      if (arrived > bytesMax) stop(() => reject(tooLarge(bytesMax)))
      else if (arrived > memory.length) grow(Math.min(bytesMax, Math.max(arrived, 2 * memory.length)), chunk)
      else add(chunk)
    }
    const add = (chunk: Buffer): void => {
      length += chunk.copy(memory, length)
    }
    // The socket is not read on until there is memory for the bytes, and the end is not reached.
    const grow = (bytes: number, chunk: Buffer): void => {
      let isThere = false
      take(bytes - memory.length, () => {
        isThere = true
        const larger = Buffer.allocUnsafe(bytes)
        memory.copy(larger)
        memory = larger
        add(chunk)
        if (request.isPaused()) request.resume()
      })
      if (!isThere) request.pause()
    }
    const onEnd = (): void =>
      stop(() => resolve(length === memory.length ? memory : Buffer.from(memory.subarray(0, length))))
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

const tooLarge = (bytesMax: number): Refusal =>
  new Refusal(413, "body_too_large", `a body may have ${bytesMax} bytes and no more`)

const wentAway = (): Refusal =>
  new Refusal(400, "body_incomplete", "the connection closed before the body was complete")
