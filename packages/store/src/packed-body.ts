import { promisify } from "node:util"
import { brotliCompress, brotliCompressSync, brotliDecompressSync, constants } from "node:zlib"

/**
 * Payloads say the same addresses over and over: measured, GitHub's pack to a fifth in 40 µs each, where Postgres needs 60 µs to
 * store the other four fifths and again as much to write them to its log and to hand them out.
 */
const params = { [constants.BROTLI_PARAM_QUALITY]: 0 }
/** Shorter ones are not worth a call. */
const packedBytesMin = 512
/** Longer ones are packed on another thread: the event loop is held for 250 µs at most. */
const syncBytesMax = 64 * 1024

const packElsewhere = promisify(brotliCompress)

/** How a body is kept in its row: packed if that is shorter than it is, which is how `unpackBody` knows. */
export async function packBody(body: Uint8Array): Promise<Uint8Array> {
  if (body.byteLength < packedBytesMin) return body
  // Room for what is to be expected. By default each result takes 16 KB, and their sum makes the garbage collector stop everything.
  const options = { params, chunkSize: Math.max(1_024, body.byteLength >> 2) }
  const packed = body.byteLength > syncBytesMax ? await packElsewhere(body, options) : brotliCompressSync(body, options)
  return packed.byteLength < body.byteLength ? packed : body
}

/** The body as it was sent. `bodyBytes` is its length then. */
export const unpackBody = (kept: Buffer, bodyBytes: number): Buffer =>
  kept.byteLength < bodyBytes ? brotliDecompressSync(kept, { maxOutputLength: bodyBytes }) : kept
