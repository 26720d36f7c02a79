import type { Link, RelationshipType } from "@engram/contracts/graph"
import type { Json } from "@engram/contracts/json"
import { shortenText } from "../text/shorten.ts"
import { idOf, thingAlias, userAlias } from "./names.ts"
import { asPiece, asPieces, asText, markdownOf, type Piece, plainText } from "./rich-text.ts"

/** A row's properties: as metadata, as lines that are read and searched, and as edges. */
export interface Properties {
  readonly title: string
  readonly values: { readonly [name: string]: Json }
  readonly lines: readonly string[]
  readonly state: string | null
  readonly labels: readonly string[]
  readonly links: readonly Link[]
}

const propertiesMax = 60
const textMaxChars = 500
const listMax = 100
const labelsMax = 20

export function readProperties(properties: { readonly [name: string]: unknown } | null | undefined): Properties {
  const all = Object.entries(properties ?? {})
    .map(([name, value]) => [name, asPiece(value)] as const)
    .slice(0, propertiesMax)
  const title = all.find(([, { type }]) => type === "title")
  const rest = all.filter(([, { type }]) => type !== "title" && type !== "button")
  const values = rest
    .map(([name, property]) => [name, readValue(property)] as const)
    .filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0))
  return {
    title: plainText(title?.[1].title).replace(/\s+/g, " ").trim(),
    values: Object.fromEntries(values),
    lines: rest.flatMap(([name, property]) => lineOf(name, property)),
    state: stateOf(rest),
    labels: labelsOf(rest),
    links: rest.flatMap(([name, property]) => linksOf(name, property)),
  }
}

/** A property's value without Notion's wrapping. Null for what is empty or not known. */
export function readValue(property: Piece): Json {
  const type = asText(property.type)
  const value = property[type]
  return readers[type]?.(value) ?? null
}

const scalar = (value: unknown): Json =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null
const cut = (text: string): string => shortenText(text, textMaxChars)
const nameIn = (value: unknown): Json => asText(asPiece(value).name) || null
const list = (value: unknown, read: (item: Piece) => Json): Json =>
  asPieces(value)
    .slice(0, listMax)
    .map(read)
    .filter((item) => item !== null && item !== "")
const person = (value: Piece): Json => asText(value.name) || idOf(asText(value.id)) || null
const date = (value: unknown): Json => {
  const { start, end } = asPiece(value)
  if (typeof start !== "string") return null
  return typeof end === "string" ? `${start} to ${end}` : start
}
/** Formulas and rollups wrap a value of another type once more. */
const wrapped = (value: unknown): Json => {
  const { type, ...piece } = asPiece(value)
  const inner = piece[asText(type)]
  if (type === "array") return list(inner, readValue)
  return type === "date" ? date(inner) : typeof inner === "string" ? cut(inner) : scalar(inner)
}

const readers: { readonly [type: string]: (value: unknown) => Json } = {
  title: (value) => cut(plainText(value)),
  rich_text: (value) => cut(plainText(value)),
  number: scalar,
  checkbox: scalar,
  url: scalar,
  email: scalar,
  phone_number: scalar,
  created_time: scalar,
  last_edited_time: scalar,
  last_visited_time: scalar,
  select: nameIn,
  status: nameIn,
  multi_select: (value) => list(value, nameIn),
  date,
  people: (value) => list(value, person),
  created_by: (value) => person(asPiece(value)),
  last_edited_by: (value) => person(asPiece(value)),
  // Addresses of files that Notion keeps run out; their names do not.
  files: (value) => list(value, (file) => asText(file.name) || asText(asPiece(file.external).url)),
  relation: (value) => list(value, (item) => idOf(asText(item.id)) ?? null),
  formula: wrapped,
  rollup: wrapped,
  unique_id: (value) => {
    const { prefix, number } = asPiece(value)
    if (typeof number !== "number") return null
    return typeof prefix === "string" && prefix !== "" ? `${prefix}-${number}` : String(number)
  },
  verification: (value) => asText(asPiece(value).state) || null,
  place: (value) => asText(asPiece(value).name) || asText(asPiece(value).address) || null,
  location: (value) => asText(asPiece(value).name) || asText(asPiece(value).address) || null,
}

/** Ids say nothing to a reader, and times of editing are the document's own. */
const unread = new Set([
  "relation",
  "created_time",
  "last_edited_time",
  "last_visited_time",
  "created_by",
  "last_edited_by",
])

function lineOf(name: string, property: Piece): string[] {
  const type = asText(property.type)
  if (unread.has(type)) return []
  const value = type === "rich_text" ? markdownOf(property.rich_text).replaceAll("\n", " ").trim() : readValue(property)
  if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) return []
  const words = Array.isArray(value)
    ? value.join(", ")
    : value === true
      ? "yes"
      : value === false
        ? "no"
        : String(value)
  return words.trim() === "" ? [] : [`- ${name}: ${words}`]
}

/** The status property, or a select that is called one. */
function stateOf(properties: readonly (readonly [string, Piece])[]): string | null {
  const found =
    properties.find(([, { type }]) => type === "status") ??
    properties.find(([name, { type }]) => type === "select" && /^(?:status|state|stage)$/i.test(name))
  const state = found && readValue(found[1])
  return typeof state === "string" ? state : null
}

function labelsOf(properties: readonly (readonly [string, Piece])[]): string[] {
  const labels = properties.flatMap(([name, property]) => {
    if (property.type === "multi_select") return asPieces(property.multi_select).map((option) => asText(option.name))
    const isLabel = property.type === "select" && /^(?:type|kind|category|area|topic|severity|priority)$/i.test(name)
    return isLabel ? [asText(asPiece(property.select).name)] : []
  })
  return [...new Set(labels.filter(Boolean))].slice(0, labelsMax)
}

const relationTypes: readonly (readonly [RegExp, RelationshipType])[] = [
  [/^(?:blocked by|depends on|waiting on)$/i, "BLOCKED_BY"],
  [/^(?:parent|parent (?:item|task|page|project)|epic)$/i, "PART_OF"],
]
const peopleTypes: readonly (readonly [RegExp, RelationshipType])[] = [
  [/assign|owner|responsible|driver|\bdri\b|\blead\b/i, "ASSIGNED_TO"],
  [/review|approve/i, "REVIEWED_BY"],
  [/^(?:author|authors|written by)$/i, "AUTHORED_BY"],
]

function linksOf(name: string, property: Piece): Link[] {
  const typed = (types: typeof peopleTypes, other: RelationshipType) =>
    types.find(([pattern]) => pattern.test(name))?.[1] ?? other
  const ids = (value: unknown) => asPieces(value).flatMap(({ id }) => idOf(asText(id)) ?? [])
  if (property.type === "relation") {
    const type = typed(relationTypes, "RELATES_TO")
    return ids(property.relation).map((id) => ({ type, to: thingAlias("page", id), confidence: 1 }))
  }
  if (property.type !== "people") return []
  const type = typed(peopleTypes, "REFERENCES")
  return ids(property.people).map((id) => ({ type, to: userAlias(id), confidence: 1 }))
}

/** What columns a database has, for a reader. */
export function schemaLines(properties: { readonly [name: string]: unknown } | null | undefined): string[] {
  return Object.entries(properties ?? {})
    .slice(0, propertiesMax)
    .map(([name, value]) => {
      const property = asPiece(value)
      const type = asText(property.type)
      const options = asPieces(asPiece(property[type]).options).map((option) => asText(option.name))
      return `- ${name} (${type.replaceAll("_", " ")})${options.length > 0 ? `: ${options.slice(0, 30).join(", ")}` : ""}`
    })
    .sort()
}
