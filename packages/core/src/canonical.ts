import { hash } from "node:crypto"
import type { Json, JsonObject } from "@engram/contracts/json"

/** JSON with object keys sorted by UTF-16 code unit: equal values give equal text, whatever order Postgres `jsonb` returns keys in. */
export function canonicalJson(value: Json | object): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  let text = ""
  if (isList(value)) {
    for (const item of value) text += `${text && ","}${canonicalJson(item)}`
    return `[${text}]`
  }
  for (const key of Object.keys(value).sort()) {
    text += `${text && ","}${JSON.stringify(key)}:${canonicalJson((value as JsonObject)[key]!)}`
  }
  return `{${text}}`
}

/** 128 bits of SHA-256 in hex: enough that two values never share one by accident, half the size in every stored clock. */
export function shortHash(text: string): string {
  return hash("sha256", text, "hex").slice(0, 32)
}

/**
 * The value as `jsonb` can hold and return it: U+0000 and lone surrogates, which Postgres refuses, become U+FFFD;
 * -0 becomes 0; what JSON cannot say (NaN, undefined members) becomes null or is left out.
 */
export function storable(value: Json): Json {
  if (typeof value === "string") return storableText(value)
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : null
  if (typeof value !== "object" || value === null) return value
  if (isList(value)) return value.map(storable)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.map(([key, member]) => [storableText(key), storable(member)]))
}

/** Strings that Postgres takes as they are (nearly all) are returned without a copy. */
export function storableText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed()
  return wellFormed.includes("\0") ? wellFormed.replaceAll("\0", "\uFFFD") : wellFormed
}

const isList = (value: object): value is readonly Json[] => Array.isArray(value)
