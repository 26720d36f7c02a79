/** The direction of a vector, of length 1. Divided by its largest number first, so that no square overflows. */
export function unitLength(values: readonly number[]): Float32Array {
  let largest = 0
  for (const value of values) largest = Math.max(largest, Math.abs(value))
  let squares = 0
  for (const value of values) squares += (value / largest) ** 2
  const length = Math.sqrt(squares)
  const unit = new Float32Array(values.length)
  for (let i = 0; i < values.length; i++) unit[i] = values[i]! / largest / length
  return unit
}
