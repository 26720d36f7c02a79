import type { MergedPart } from "@engram/contracts/draft"
import { createdAt as createdAtOf, textOf } from "../merged-part.ts"

export const textField = (part: MergedPart | undefined, field: string): string => textOf(part, field) ?? ""

/** Whole ms. */
export const createdAt = (part: MergedPart): number => Math.floor(createdAtOf(part))
