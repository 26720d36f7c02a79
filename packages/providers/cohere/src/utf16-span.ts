export interface Quoted {
  readonly start: number | undefined
  readonly end: number | undefined
  /** What the service says stands there. */
  readonly cited: string | undefined
}

/**
 * Where a quotation stands, in UTF-16. Cohere does not document what it counts, and Python counts code points, so what is quoted decides:
 * it must stand at one reading of the offsets. Undefined where it stands at neither; without a quotation code points are taken.
 */
export function utf16Span(text: string, { start, end, cited }: Quoted): { from: number; to: number } | undefined {
  if (start === undefined || end === undefined || !(start >= 0 && end > start)) return undefined
  if (cited !== undefined && text.slice(start, end) === cited) return { from: start, to: end }
  const points = [...text]
  if (end > points.length) return undefined
  const from = points.slice(0, start).join("").length
  const quoted = points.slice(start, end).join("")
  if (cited !== undefined && quoted !== cited) return undefined
  return { from, to: from + quoted.length }
}
