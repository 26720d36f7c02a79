import type { AliasRef, Link } from "@engram/contracts/graph"
import { canonicalJson, shortHash, storableText } from "../canonical.ts"
import { joinRecords, type Register } from "./register.ts"

/** A link that a claim has listed, and the earliest time (ms) any claim did. */
export interface SeenLink {
  readonly link: Link
  readonly at: number
}

/** By link key. Together with the current list it tells which links have ended. */
export type SeenLinks = { readonly [linkKey: string]: SeenLink }

/** A link's identity: two links that differ in confidence only are one. */
export function linkKey(link: Link): string {
  const from = link.from ? [link.from.type, link.from.value] : null
  return canonicalJson([link.type, from, [link.to.type, link.to.value]])
}

/** A complete list as a register. Order and repetition carry no meaning, so they do not reach the clock. */
export function linkList(links: readonly Link[], at: number, rank: number): Register<readonly Link[]> {
  const byKey = new Map<string, Link>()
  for (const link of links.map(storableLink)) {
    const key = linkKey(link)
    byKey.set(key, surer(byKey.get(key) ?? link, link))
  }
  const value = [...byKey.keys()].sort().map((key) => byKey.get(key)!)
  const said = value.map((link) => [linkKey(link), link.confidence])
  return { value, clock: { at, rank, hash: shortHash(canonicalJson(said)) } }
}

export function seenIn(list: Register<readonly Link[]>): SeenLinks {
  return Object.fromEntries(list.value.map((link) => [linkKey(link), { link, at: list.clock.at }]))
}

/** Earliest time and greatest confidence, each a join of its own. */
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
  return a.at === b.at && a.link.confidence === b.link.confidence
}

function surer(a: Link, b: Link): Link {
  return b.confidence > a.confidence ? b : a
}

function storableLink(link: Link): Link {
  const ends = { to: storableAlias(link.to), ...(link.from && { from: storableAlias(link.from) }) }
  return { type: link.type, ...ends, confidence: link.confidence }
}

function storableAlias(alias: AliasRef): AliasRef {
  return { type: storableText(alias.type), value: storableText(alias.value) }
}
