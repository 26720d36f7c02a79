import type { MergedPart } from "@engram/contracts/draft"
import type { Json } from "@engram/contracts/json"

/** A text that the part carries, if it does. */
export function textOf(part: MergedPart | undefined, field: string): string | undefined {
  const value = part?.fields[field]
  return typeof value === "string" ? value : undefined
}

/** The texts of a list, and nothing of anything else. */
export const strings = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : []

/** When the part came to be, in ms, if it says so. */
export function occurredAt(part: MergedPart | undefined): number | undefined {
  const at = part?.fields.createdAt
  return typeof at === "number" ? at : undefined
}

/** The same, or else its newest word's time. */
export const createdAt = (part: MergedPart): number => occurredAt(part) ?? part.at

export const earliest = (parts: readonly MergedPart[]): number =>
  parts.reduce((least, part) => Math.min(least, createdAt(part)), parts[0]?.at ?? 0)
