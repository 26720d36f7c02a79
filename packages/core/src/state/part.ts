import type { MergedPart, PartDraft } from "@engram/contracts/draft"
import type { Link } from "@engram/contracts/graph"
import type { Json } from "@engram/contracts/json"
import { storableText } from "../canonical.ts"
import { compareText } from "../compare-text.ts"
import { type Clock, compareClocks } from "./clock.ts"
import { joinSeen, linkKey, linkList, type SeenLinks, sameSeen, seenBeside, seenIn } from "./links.ts"
import {
  newer,
  newerRegisters,
  type Register,
  type Registers,
  register,
  sameMembers,
  sameRegister,
} from "./register.ts"

/**
 * All that has been claimed of one part and still matters. Plain JSON: a round trip through `jsonb` changes nothing.
 * Only `mergeParts` makes a new state of old ones, so any order and any repetition of the same claims ends in the same state.
 */
export interface PartState {
  readonly partId: string
  readonly kind: string
  /** The earliest claim's source time in ms. */
  readonly firstAt: number
  /** null: claims carried values, but none proved that the piece exists. */
  readonly alive: Register<boolean> | null
  /** The newest removal, in ms of source time. Values said until then are gone for good: a removed text leaves the database. */
  readonly removedAt: number | null
  readonly fields: Registers<Json>
  /** The newest complete list, by field. */
  readonly links: Registers<readonly Link[]>
  /** Every link that any list of the field ever held. Left out where the newest list shows it all, as it nearly always does. */
  readonly seen: { readonly [field: string]: SeenLinks }
}

/** `until` is null while the newest list holds the link and the part is not removed. Both in ms of source time. */
export interface Edge extends Link {
  readonly since: number
  readonly until: number | null
}

/** Above every rank a source gives: at equal times a removal wins, and only a strictly newer restore undoes it. */
const removalRank = Number.MAX_SAFE_INTEGER

/** What one claim says, as a state. A draft with `alive: false` alone is a tombstone that a late create cannot undo. */
export function partFromDraft(draft: PartDraft): PartState {
  const { at, rank } = draft
  const fields = Object.entries(draft.fields).filter(([, value]) => value !== undefined)
  const links = Object.entries(draft.links).map(([name, list]) => [name, linkList(list, at, rank)] as const)
  return {
    partId: storableText(draft.partId),
    kind: storableText(draft.kind),
    firstAt: at,
    alive: draft.alive === undefined ? null : aliveRegister(draft.alive, at, rank),
    removedAt: draft.alive === false ? at : null,
    fields:
      draft.alive === false ? {} : Object.fromEntries(fields.map(([name, value]) => [name, register(value, at, rank)])),
    links: Object.fromEntries(links),
    seen: {},
  }
}

/** The join of two states of one part: commutative, associative, idempotent. */
export function mergeParts(a: PartState, b: PartState): PartState {
  const removedAt = a.removedAt === null ? b.removedAt : Math.max(a.removedAt, b.removedAt ?? a.removedAt)
  const links = newerRegisters(a.links, b.links)
  return {
    partId: a.partId,
    kind: compareText(a.kind, b.kind) <= 0 ? a.kind : b.kind,
    firstAt: Math.min(a.firstAt, b.firstAt),
    alive: a.alive && b.alive ? newer(a.alive, b.alive) : (a.alive ?? b.alive),
    removedAt,
    fields: saidAfter(removedAt, newerRegisters(a.fields, b.fields)),
    links,
    seen: seenBeside(links, (field) => joinSeen(seenOf(a, field), seenOf(b, field))),
  }
}

/** One that was stored with all that was seen, as parts once were, without what its lists show. */
export function partFromStored(part: PartState): PartState {
  const isPlain = Object.keys(part.seen).length === 0
  return isPlain ? part : { ...part, seen: seenBeside(part.links, (field) => seenOf(part, field)) }
}

/** A document's, as the store gives them. */
export const partsFromStored = (parts: readonly unknown[]): PartState[] => (parts as PartState[]).map(partFromStored)

function seenOf({ seen, links }: PartState, field: string): SeenLinks {
  if (Object.hasOwn(seen, field)) return seen[field]!
  return Object.hasOwn(links, field) ? seenIn(links[field]!) : {}
}

/** Whether nothing would be gained by storing one over the other. Compares clocks, not texts: equal clocks hold equal values. */
export function samePart(a: PartState, b: PartState): boolean {
  return (
    a.partId === b.partId &&
    a.kind === b.kind &&
    a.firstAt === b.firstAt &&
    a.removedAt === b.removedAt &&
    sameClock(a.alive?.clock, b.alive?.clock) &&
    sameMembers(a.fields, b.fields, sameRegister) &&
    sameMembers(a.links, b.links, sameRegister) &&
    sameMembers(a.seen, b.seen, sameSeen)
  )
}

/** A part is live when the newest word on its existence is that it exists. */
export function isLive(part: PartState): boolean {
  return part.alive?.value === true
}

export function isRemoved(part: PartState): boolean {
  return part.alive?.value === false
}

/** The part as a source's `render` reads it: values without their clocks. */
export function mergedPart(part: PartState): MergedPart {
  const fields = Object.entries(part.fields).map(([name, field]) => [name, field.value] as const)
  return { partId: part.partId, kind: part.kind, fields: Object.fromEntries(fields), at: newestAt(part) }
}

/**
 * Every edge the part's lists state or once stated, in (field, key) order. A link that the newest list no longer holds
 * ended at that list's time; a removed part's edges ended at the removal at the latest.
 */
export function partEdges(part: PartState): readonly Edge[] {
  const removedAt = isRemoved(part) ? part.alive!.clock.at : null
  return Object.keys(part.links)
    .sort()
    .flatMap((field) => {
      const list = part.links[field]!
      return Object.hasOwn(part.seen, field)
        ? fieldEdges(part.seen[field]!, list, removedAt)
        : list.value.map((link) => listedEdge(link, list.clock.at, removedAt))
    })
}

function fieldEdges(seen: SeenLinks, list: Register<readonly Link[]>, removedAt: number | null): Edge[] {
  const listed = new Map(list.value.map((link) => [linkKey(link), link]))
  return Object.keys(seen)
    .sort()
    .map((key) => {
      const { link, at } = seen[key]!
      const current = listed.get(key)
      if (current) return listedEdge(current, at, removedAt)
      return { ...link, since: at, until: Math.max(at, Math.min(list.clock.at, removedAt ?? list.clock.at)) }
    })
}

const listedEdge = (link: Link, since: number, removedAt: number | null): Edge => ({
  ...link,
  since,
  until: removedAt === null ? null : Math.max(since, removedAt),
})

/** What a removal leaves of the values: those said strictly after it. */
function saidAfter(removedAt: number | null, fields: Registers<Json>): Registers<Json> {
  if (removedAt === null) return fields
  return Object.fromEntries(Object.entries(fields).filter(([, field]) => field.clock.at > removedAt))
}

function aliveRegister(alive: boolean, at: number, rank: number): Register<boolean> {
  const { clock } = register(alive, at, alive ? rank : removalRank)
  return { value: alive, clock }
}

function newestAt(part: PartState): number {
  const registers: { clock: Clock }[] = [...Object.values(part.fields), ...Object.values(part.links)]
  if (part.alive) registers.push(part.alive)
  return registers.reduce((newest, { clock }) => Math.max(newest, clock.at), part.firstAt)
}

function sameClock(a: Clock | undefined, b: Clock | undefined): boolean {
  return a && b ? compareClocks(a, b) === 0 : a === b
}
