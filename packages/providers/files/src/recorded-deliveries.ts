import { createHash, hash } from "node:crypto"
import { type FileHandle, open } from "node:fs/promises"
import { Rejected } from "@engram/contracts/errors"
import type { History, HistoryDelivery, HistoryPage } from "@engram/contracts/history"
import type { JsonObject } from "@engram/contracts/json"
import type { Source } from "@engram/contracts/source"
import { z } from "zod"

/** One line: a request as it was recorded. `body` is its text or, of JSON, the value; `bodyBase64` its bytes. */
const Line = z
  .strictObject({
    source: z.string(),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.union([z.string(), z.record(z.string(), z.json()), z.array(z.json())]).optional(),
    bodyBase64: z.base64().optional(),
    receivedAt: z.iso.datetime({ offset: true }).optional(),
  })
  .refine(
    ({ body, bodyBase64 }) => (body === undefined) !== (bodyBase64 === undefined),
    "give one of body and bodyBase64",
  )

interface At {
  readonly offset: number
  readonly line: number
  /** Of the first bytes of the file, as far as there were any: another file of the same name is not gone on with. */
  readonly head: { readonly bytes: number; readonly hash: string }
}

const linesPerPage = 200
const bytesPerPage = 8_000_000
/** As much as a webhook may bring, in base64, and its headers. */
const lineBytesMax = 36_000_000
const headBytesMax = 65_536
const keyCharsMax = 255

/**
 * Recorded deliveries as a history: NDJSON, one request a line, which nobody's signature vouches for but whoever imports
 * it. A line that cannot be read is left out with its number; the others count.
 */
export function createRecordedDeliveries(options: {
  readonly path: string
  readonly sources: Readonly<Record<string, Source>>
}): History {
  const { path, sources } = options
  return {
    page: async (cursor) => {
      const file = await openFile(path)
      try {
        return await readPage(file, path, sources, cursor as unknown as At | undefined)
      } finally {
        await file.close()
      }
    },
  }
}

/** Rejects where the first page would, for want of a file. */
export async function requireFile(path: string): Promise<void> {
  const file = await openFile(path)
  await file.close()
}

async function openFile(path: string): Promise<FileHandle> {
  const file = await open(path).catch((error) => {
    throw new Rejected("file_unreadable", `${path} cannot be read: ${error.message}`, { cause: error })
  })
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new Rejected("file_unreadable", `${path} is no file`)
}

async function readPage(
  file: FileHandle,
  path: string,
  sources: Readonly<Record<string, Source>>,
  cursor: At | undefined,
): Promise<HistoryPage> {
  const { size } = await file.stat()
  const bytes = cursor?.head.bytes ?? Math.min(size, headBytesMax)
  const head = { bytes, hash: await hashOfHead(file, bytes) }
  if (cursor && (cursor.offset > size || head.hash !== cursor.head.hash)) {
    throw new Rejected("file_changed", `${path} is not the file that this import began with; --restart begins anew`)
  }
  const at = cursor ?? { offset: 0, line: 0, head }
  const { lines, consumed, ended } = await readLines(file, at.offset)
  const deliveries: HistoryDelivery[] = []
  const leftOut: string[] = []
  for (const [index, line] of lines.entries()) {
    if (line?.trim() === "") continue
    const read = line === undefined ? `it has more than ${lineBytesMax} bytes` : readLine(line, sources)
    if (typeof read === "string") leftOut.push(`line ${at.line + index + 1}: ${read}`)
    else deliveries.push(read)
  }
  const next = { head, offset: at.offset + consumed, line: at.line + lines.length }
  return { deliveries, leftOut, next: ended ? undefined : (next satisfies At as unknown as JsonObject) }
}

async function hashOfHead(file: FileHandle, bytes: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0)
  return createHash("sha256").update(buffer.subarray(0, bytesRead)).digest("hex")
}

/** Whole lines from an offset, up to a page of them; undefined for one that is too long to be held. */
async function readLines(
  file: FileHandle,
  offset: number,
): Promise<{ lines: readonly (string | undefined)[]; consumed: number; ended: boolean }> {
  const chunk = Buffer.alloc(1_048_576)
  const page = createPage()
  for (let position = offset; ; ) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
    if (bytesRead === 0) return { lines: page.lastLine(), consumed: page.consumed(), ended: true }
    if (page.fill(chunk.subarray(0, bytesRead))) return { lines: page.lines, consumed: page.consumed(), ended: false }
    position += bytesRead
  }
}

/** Gathers lines out of chunks of bytes that end anywhere. */
function createPage() {
  const lines: (string | undefined)[] = []
  let pieces: Buffer[] = []
  let held = 0
  let consumed = 0
  const add = (bytes: Buffer): void => {
    held += bytes.byteLength
    // Of a line that is too long nothing is kept but its length.
    if (held <= lineBytesMax) pieces.push(Buffer.from(bytes))
    else pieces = []
  }
  const end = (): void => {
    lines.push(held > lineBytesMax ? undefined : Buffer.concat(pieces).toString("utf8"))
    consumed += held + 1
    pieces = []
    held = 0
  }
  return {
    lines,
    /** Bytes of the lines there are, with their ends. */
    consumed: () => consumed,
    /** Whether the page is full. */
    fill: (bytes: Buffer): boolean => {
      let start = 0
      for (let stop = bytes.indexOf(10); stop >= 0; stop = bytes.indexOf(10, start)) {
        add(bytes.subarray(start, stop))
        end()
        start = stop + 1
        if (lines.length === linesPerPage || consumed >= bytesPerPage) return true
      }
      add(bytes.subarray(start))
      return false
    },
    /** The lines, with what follows the last line's end. */
    lastLine: () => {
      if (held > 0) end()
      return lines
    },
  }
}

/** The delivery, or what is wrong with the line. */
function readLine(text: string, sources: Readonly<Record<string, Source>>): HistoryDelivery | string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return `it is not JSON: ${(error as Error).message}`
  }
  const parsed = Line.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return [issue?.path.join("."), issue?.message].filter(Boolean).join(": ")
  }
  const { source: name, receivedAt } = parsed.data
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined
  if (!source) return `no source is called "${name}"; there are ${Object.keys(sources).join(", ")}`
  const body = bodyOf(parsed.data)
  if (body.byteLength === 0) return "its body is empty"
  const headers = headersOf(source, parsed.data.headers)
  const deliveryKey = source.deliveryKey({ headers, body }) ?? `recorded:${hash("sha256", body, "hex")}`
  if (deliveryKey.length > keyCharsMax) return `its delivery id has more than ${keyCharsMax} characters`
  if (![deliveryKey, ...Object.values(headers)].every(isStorable))
    return "its delivery id or headers hold NUL or half a character"
  return {
    ...{ source: name, deliveryKey, event: source.eventName({ headers, body }), headers, body },
    ...(receivedAt && { receivedAt: new Date(receivedAt) }),
  }
}

function bodyOf({ body, bodyBase64 }: z.infer<typeof Line>): Buffer {
  if (bodyBase64 !== undefined) return Buffer.from(bodyBase64, "base64")
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body))
}

function headersOf(source: Source, given: { readonly [name: string]: string }): { [name: string]: string } {
  const lower = Object.entries(given).map(([name, value]) => [name.toLowerCase(), value] as const)
  return {
    "content-type": "application/json",
    ...Object.fromEntries(lower.filter(([name]) => source.keptHeaders.includes(name))),
  }
}

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\0")
