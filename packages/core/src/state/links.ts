import type { AliasRef, Link } from "@engram/contracts/graph"
import { shortHash, storableText } from "../canonical.ts"
import { compareText } from "../compare-text.ts"
import { joinRecords, type Register, type Registers } from "./register.ts"

/** A link that a claim has listed, and the earliest time (ms) any claim did. */
export interface SeenLink {
  readonly link: Link
  readonly at: number
}

/** By link key. Together with the current list it tells which links have ended. */
export type SeenLinks = { readonly [linkKey: string]: SeenLink }

/** A link's identity: two links that differ only in confidence, or in what they require, are one. */
export function linkKey({ type, from, to }: Link): string {
  // Lists of texts, which are canonical as they are; said of every link, often.
  return JSON.stringify([type, from ? [from.type, from.value] : null, [to.type, to.value]])
}

const noLinks = shortHash("[]")

/** A complete list as a register. Order and repetition carry no meaning, so they do not reach the clock. */
export function linkList(links: readonly Link[], at: number, rank: number): Register<readonly Link[]> {
  if (links.length === 0) return { value: [], clock: { at, rank, hash: noLinks } }
  const byKey = new Map<string, Link>()
  for (const link of links.map(storableLink)) {
    const key = linkKey(link)
    byKey.set(key, surer(byKey.get(key) ?? link, link))
  }
  const keys = [...byKey.keys()].sort()
  const value = keys.map((key) => byKey.get(key)!)
  const said = value.map((link, n) => [keys[n]!, link.confidence, ...(link.requires ? [nameOf(link.requires)] : [])])
  return { value, clock: { at, rank, hash: shortHash(JSON.stringify(said)) } }
}

export function seenIn(list: Register<readonly Link[]>): SeenLinks {
  return Object.fromEntries(list.value.map((link) => [linkKey(link), { link, at: list.clock.at }]))
}

/** What was seen in each field, but for fields whose list shows all of it. */
export function seenBeside(
  links: Registers<readonly Link[]>,
  seenOf: (field: string) => SeenLinks,
): { readonly [field: string]: SeenLinks } {
  const entries = Object.keys(links).map((field) => [field, seenOf(field)] as const)
  return Object.fromEntries(entries.filter(([field, seen]) => !sameSeen(seen, seenIn(links[field]!))))
}

/** Earliest time and surest link, each a join of its own. */
export function joinSeen(a: SeenLinks, b: SeenLinks): SeenLinks {
  return joinRecords(a, b, (one, other) => ({
    link: surer(one.link, other.link),
    at: Math.min(one.at, other.at),
  }))
}

export function sameSeen(a: SeenLinks, b: SeenLinks): boolean {
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameSeenLink(a[key]!, b[key]!))
  )
}

function sameSeenLink(a: SeenLink, b: SeenLink): boolean {
  return a.at === b.at && compareSureness(a.link, b.link) === 0
}

function surer(a: Link, b: Link): Link {
  return compareSureness(b, a) > 0 ? b : a
}

/** A link that requires nothing is surer than any that does; then confidence decides, then the condition's name. */
function compareSureness(a: Link, b: Link): number {
  if (!a.requires || !b.requires) return Number(!a.requires) - Number(!b.requires) || a.confidence - b.confidence
  return a.confidence - b.confidence || compareText(nameOf(a.requires), nameOf(b.requires))
}

const nameOf = ({ type, value }: AliasRef): string => JSON.stringify([type, value])

function storableLink(link: Link): Link {
  const ends = { to: storableAlias(link.to), ...(link.from && { from: storableAlias(link.from) }) }
  const condition = link.requires && { requires: storableAlias(link.requires) }
  return { type: link.type, ...ends, confidence: link.confidence, ...condition }
}

function storableAlias(alias: AliasRef): AliasRef {
  return { type: storableText(alias.type), value: storableText(alias.value) }
}
