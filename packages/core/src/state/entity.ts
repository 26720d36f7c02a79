import type { EntityDraft } from "@engram/contracts/graph"
import type { JsonObject } from "@engram/contracts/json"
import { canonicalJson, shortHash } from "../canonical.ts"
import { newerRegisters, type Register, type Registers, register, sameMembers, sameRegister } from "./register.ts"

/** What has been claimed of an entity and still matters. Merges as a part's fields do, and survives `jsonb` unchanged. */
export interface EntityState {
  readonly fields: Registers
}

export function entityFromDraft(draft: EntityDraft): EntityState {
  const fields = Object.entries(draft.fields).filter(([, value]) => value !== undefined)
  const registers = new Map(fields.map(([name, value]) => [name, register(value, draft.at, 0)]))
  return { fields: Object.fromEntries(draft.kind === "account" ? withOneClock(registers) : registers) }
}

/**
 * An account's address and whether it is verified are one claim. With one clock they always come from one payload: a word that an
 * old address was verified never meets a new address. Not said is not verified, and means nothing without an address.
 */
function withOneClock(registers: Map<string, Register>): Map<string, Register> {
  const email = registers.get("email")
  if (!email) {
    registers.delete("emailVerified")
    return registers
  }
  const verified = registers.get("emailVerified")?.value === true
  const clock = { ...email.clock, hash: shortHash(canonicalJson([email.value, verified])) }
  return registers.set("email", { ...email, clock }).set("emailVerified", { value: verified, clock })
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
