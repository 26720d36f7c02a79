import type { AliasRef, Link } from "@engram/contracts/graph"
import type { Json } from "@engram/contracts/json"
import { linkKey, linkList } from "../state/links.ts"
import { type PartState, partFromStored } from "../state/part.ts"
import { type Registers, register } from "../state/register.ts"
import { type Forgotten, identifierCharsMin, suppressionText } from "./forgotten.ts"

/** What stands where a person was named. */
export const forgottenMark = "[forgotten]"
/** What stands for their id where it was a number. */
export const forgottenId = 0

/** A word, a login, an address. What a path goes on after (`octocat/hello-world`) is the name of a thing, and stays. */
const word = /[\p{L}\p{N}](?:[\p{L}\p{N}_.@+-]*[\p{L}\p{N}])?(?!\/)(?![\p{L}\p{N}])/gu
const wordsMax = 4

/** The text without the names of forgotten people: logins, addresses, full names of up to four words. */
export function scrubText(text: string, forgotten: Forgotten): string {
  if (!forgotten.people || text.length < identifierCharsMin) return text
  const words = [...text.matchAll(word)].map(({ 0: said, index }) => ({ start: index, end: index + said.length }))
  const isForgotten = (from: number, to: number): boolean =>
    words[to - 1] !== undefined &&
    forgotten.has("identifier", suppressionText.identifier(text.slice(words[from]!.start, words[to - 1]!.end)))
  let position = 0
  let after = ""
  for (let at = 0; at < words.length; at++) {
    // Names of several words are written with capitals; the longest is tried first.
    let end = /^\p{Lu}/u.test(text[words[at]!.start]!) ? Math.min(at + wordsMax, words.length) : at + 1
    while (end > at && !isForgotten(at, end)) end--
    if (end === at) continue
    after += text.slice(position, words[at]!.start) + forgottenMark
    position = words[end - 1]!.end
    at = end - 1
  }
  return position === 0 ? text : after + text.slice(position)
}

/** A value without the names and ids of forgotten people. Returned as it is when there were none. */
export function scrubJson(value: Json, forgotten: Forgotten, name = ""): Json {
  if (typeof value === "string") return scrubText(value, forgotten)
  if (typeof value === "number") return isPersonId(name) && isForgottenId(value, forgotten) ? forgottenId : value
  if (typeof value !== "object" || value === null) return value
  if (isList(value)) {
    const items = value.map((item) => scrubJson(item, forgotten, name))
    return items.every((item, at) => item === value[at]) ? value : items
  }
  // What an alias names is kept or dropped as a whole, elsewhere.
  if (typeof value.type === "string" && /^[a-z0-9-]+:/.test(value.type) && typeof value.value === "string") return value
  const entries = Object.entries(value).map(([key, member]) => [key, scrubJson(member, forgotten, key)] as const)
  return entries.every(([key, member]) => member === value[key]) ? value : Object.fromEntries(entries)
}

/** Numbers are ids of people only where they are called so: 583231 may be a comment's. */
const roles = "author user assignee actor creator sender member reviewer owner merger".split(" ")
const personId = new RegExp(`(?:${roles.join("|")})\\w*ids?$`, "i")
const isPersonId = (name: string): boolean => personId.test(name)
const isForgottenId = (id: number | string, forgotten: Forgotten): boolean =>
  forgotten.has("identifier", suppressionText.identifier(`#${id}`))

const personPart = new RegExp(`^(?:${roles.join("|")}):(.+)$`)

/** Whether the part is one person's place in its document, `member:583231`, and they are forgotten: it goes whole. */
export function isForgottenPart(partId: string, forgotten: Forgotten): boolean {
  const id = personPart.exec(partId)?.[1]
  if (id === undefined) return false
  return /^\d+$/.test(id) ? isForgottenId(id, forgotten) : forgotten.has("identifier", suppressionText.identifier(id))
}

/** Parts that `isForgottenPart` would find for these identifiers, in lower case. */
export const partsNaming = (identifiers: readonly string[]): string[] =>
  identifiers.flatMap((identifier) => roles.map((role) => `${role}:${identifier.replace(/^#/, "")}`))

export const isForgottenAlias = (alias: AliasRef, forgotten: Forgotten): boolean =>
  forgotten.has("alias", suppressionText.alias(alias))

/** Links that neither come from nor lead to what was forgotten. */
export function keptLinks(links: readonly Link[], forgotten: Forgotten): readonly Link[] {
  const kept = links.filter(
    ({ from, to }) => !isForgottenAlias(to, forgotten) && !(from && isForgottenAlias(from, forgotten)),
  )
  return kept.length === links.length ? links : kept
}

/** A stored part as if its claims had been scrubbed before they were merged. The same object when there was nothing. */
export function scrubPart(part: PartState, forgotten: Forgotten): PartState {
  const fields = mapped(part.fields, (field, name) => {
    const value = scrubJson(field.value, forgotten, name)
    return value === field.value ? field : register(value, field.clock.at, field.clock.rank)
  })
  const links = mapped(part.links, (list) => {
    const kept = keptLinks(list.value, forgotten)
    return kept === list.value ? list : linkList(kept, list.clock.at, list.clock.rank)
  })
  const seen = mapped(part.seen, (field) => {
    const entries = Object.entries(field).filter(([, { link }]) => keptLinks([link], forgotten).length > 0)
    if (entries.length === Object.keys(field).length) return field
    return Object.fromEntries(entries.map(([, one]) => [linkKey(one.link), one]))
  })
  const same = fields === part.fields && links === part.links && seen === part.seen
  return same ? part : partFromStored({ ...part, fields, links, seen })
}

/** An entity's fields, likewise. */
export const scrubFields = (fields: Registers, forgotten: Forgotten): Registers =>
  mapped(fields, (field, name) => {
    const value = scrubJson(field.value, forgotten, name)
    return value === field.value ? field : register(value, field.clock.at, field.clock.rank)
  })

function mapped<V>(
  record: { readonly [name: string]: V },
  change: (value: V, name: string) => V,
): { readonly [name: string]: V } {
  const entries = Object.entries(record).map(([name, value]) => [name, change(value, name)] as const)
  return entries.every(([name, value]) => value === record[name]) ? record : Object.fromEntries(entries)
}

const isList = (value: object): value is readonly Json[] => Array.isArray(value)
