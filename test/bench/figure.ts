/** One line of the table. */
export interface Figure {
  readonly name: string
  readonly measured: string
  readonly target: string
  readonly reached: boolean
  /** Absolute figures and conditions, for those who compare runs. */
  readonly detail: { readonly [name: string]: unknown }
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

export const rounded = (value: number, digits = 2): string => value.toFixed(digits)
