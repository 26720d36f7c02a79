/** The direction of a vector, of length 1. Divided by its largest number first, so that no square overflows. */
export function unitLength(values: readonly number[]): Float32Array {
  let largest = 0
  for (const value of values) largest = Math.max(largest, Math.abs(value))
  let squares = 0
  for (const value of values) squares += (value / largest) ** 2
  const length = Math.sqrt(squares)
  return Float32Array.from(values, (value) => value / largest / length)
}
