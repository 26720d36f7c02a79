import { Rejected, reasonOf } from "@engram/contracts/errors"

/** Escapes that may put a NUL or half a surrogate pair into a string. Both are legal JSON, and Postgres refuses both. */
const suspicious = /\\u(?:0000|d[89a-f][0-9a-f]{2})/i

/** UTF-8 bytes as text. Throws `Rejected("payload_unreadable")` for anything that is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new Rejected("payload_unreadable", "The body is not valid UTF-8.", { cause })
  }
}

/**
 * JSON as a value whose strings Postgres takes: NULs removed, lone surrogates replaced. Texts without such escapes,
 * nearly all, are parsed and not walked. Throws `Rejected("payload_unreadable")`.
 */
export function parseJson(text: string): unknown {
  if (text.trim() === "") throw new Rejected("payload_unreadable", "The body is empty; a JSON object was expected.")
  try {
    const value: unknown = JSON.parse(text)
    return suspicious.test(text) ? wellFormed(value) : value
  } catch (cause) {
    throw new Rejected("payload_unreadable", `The body is not readable JSON: ${withoutExcerpt(reasonOf(cause))}`, {
      cause,
    })
  }
}

/** V8 quotes what stands around the mistake, which may be half a credential. */
const withoutExcerpt = (message: string): string => message.replace(/,?\s*(?:\.{3})?".*is not valid JSON$/s, "")

function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return clean(value)
  if (Array.isArray(value)) return value.map(wellFormed)
  if (value === null || typeof value !== "object") return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [clean(key), wellFormed(inner)]))
}

const clean = (text: string) => text.replaceAll("\0", "").toWellFormed()
