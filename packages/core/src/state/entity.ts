import type { EntityDraft } from "@engram/contracts/graph"
import type { JsonObject } from "@engram/contracts/json"
import { newerRegisters, type Registers, register, sameMembers, sameRegister } from "./register.ts"

/** What has been claimed of an entity and still matters. Merges as a part's fields do, and survives `jsonb` unchanged. */
export interface EntityState {
  readonly fields: Registers
}

export function entityFromDraft(draft: EntityDraft): EntityState {
  const fields = Object.entries(draft.fields).filter(([, value]) => value !== undefined)
  return { fields: Object.fromEntries(fields.map(([name, value]) => [name, register(value, draft.at, 0)])) }
}

/** The join of two states of one entity: commutative, associative, idempotent. */
export function mergeEntities(a: EntityState, b: EntityState): EntityState {
  return { fields: newerRegisters(a.fields, b.fields) }
}

/** Whether nothing would be gained by storing one over the other. Compares clocks, not values: equal clocks hold equal values. */
export const sameEntity = (a: EntityState, b: EntityState): boolean => sameMembers(a.fields, b.fields, sameRegister)

/** The values without their clocks. */
export function entityFields(state: EntityState): JsonObject {
  return Object.fromEntries(Object.entries(state.fields).map(([name, field]) => [name, field.value]))
}
