/** Reads what Slack lets apps compose freely: whatever is not as expected is not there, and nothing throws. */

export type Loose = { readonly [field: string]: unknown }

export const objectOf = (value: unknown): Loose =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Loose) : {}

export const objectsOf = (value: unknown): Loose[] => (Array.isArray(value) ? value.map(objectOf) : [])

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "")
