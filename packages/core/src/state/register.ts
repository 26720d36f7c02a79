import type { Json } from "@engram/contracts/json"
import { canonicalJson, shortHash, storable } from "../canonical.ts"
import { type Clock, compareClocks } from "./clock.ts"

/** A value and when it was said. Joining keeps the newer. */
export interface Register<V = Json> {
  readonly value: V
  readonly clock: Clock
}

export type Registers<V = Json> = { readonly [name: string]: Register<V> }

/** The value as `jsonb` returns it, clocked by its own hash. */
export function register(value: Json, at: number, rank: number): Register {
  const kept = storable(value)
  return { value: kept, clock: { at, rank, hash: shortHash(canonicalJson(kept)) } }
}

/** The one with the greater clock. Commutative, associative and idempotent, because equal clocks mean equal values. */
export function newer<V>(a: Register<V> | undefined, b: Register<V>): Register<V> {
  return a && compareClocks(a.clock, b.clock) >= 0 ? a : b
}

export function newerRegisters<V>(a: Registers<V>, b: Registers<V>): Registers<V> {
  return joinRecords(a, b, newer)
}

/** Both records' members; members of the same name joined. Own members only, so a field may even be called `constructor`. */
export function joinRecords<V>(
  a: { readonly [name: string]: V },
  b: { readonly [name: string]: V },
  join: (a: V, b: V) => V,
): { readonly [name: string]: V } {
  const joined = new Map(Object.entries(a))
  for (const [name, value] of Object.entries(b)) {
    const known = joined.get(name)
    joined.set(name, known === undefined ? value : join(known, value))
  }
  return Object.fromEntries(joined)
}

export function sameRegister(a: { readonly clock: Clock }, b: { readonly clock: Clock }): boolean {
  return compareClocks(a.clock, b.clock) === 0
}

/** Whether two records have the same names, and under each the same. */
export function sameMembers<V>(
  a: { readonly [name: string]: V },
  b: { readonly [name: string]: V },
  same: (a: V, b: V) => boolean,
): boolean {
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name]!, b[name]!))
  )
}
