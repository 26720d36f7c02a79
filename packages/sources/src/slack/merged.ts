import type { MergedPart } from "@engram/contracts/draft"

export function textField(part: MergedPart | undefined, field: string): string {
  const value = part?.fields[field]
  return typeof value === "string" ? value : ""
}

/** Whole ms. */
export function createdAt(part: MergedPart): number {
  const value = part.fields.createdAt
  return Math.floor(typeof value === "number" ? value : part.at)
}
