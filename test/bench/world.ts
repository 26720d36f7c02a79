import { createHash } from "node:crypto"
import { createRandom } from "./random.ts"
import { markdownOf, titleOf } from "./texts.ts"

/** Where one delivery of the load takes place. */
export interface World {
  readonly seed: string
  readonly family: string
  readonly repository: number
  /** The issue, release, team, … the delivery speaks of; counted per family. */
  readonly thing: number
  /** The delivery's place in the load. */
  readonly at: number
}

type Fields = { readonly [name: string]: unknown }

/** Between two deliveries of the load, in ms. */
const stepMs = 61_000
const epochMs = Date.UTC(2025, 0, 1)
const people = 300
const idStep = 1_000_003

/** Event types that speak of the same things: an issue and its comments, a pull request and its reviews. */
const families: readonly [pattern: RegExp, family: string, firstNumber: number][] = [
  [/^issue/, "issue", 0],
  [/^pull_request/, "pull", 50],
  [/^discussion/, "discussion", 0],
  [/^(?:team|membership)/, "team", 0],
]
export const familyOf = (event: string): string => families.find(([pattern]) => pattern.test(event))?.[1] ?? event
const firstNumberOf = (family: string): number => families.find(([, name]) => name === family)?.[2] ?? 0

/** Fields whose whole text is a person's prose. */
const proseWords: { readonly [field: string]: number } = { body: 220, description: 60, message: 14 }
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/
const commitId = /^[0-9a-f]{40}$/

/**
 * A payload moved to its world: ids, numbers, names, times and texts are the world's; everything else, and which fields
 * there are, stays as GitHub sent it.
 */
export function movePayload(payload: unknown, world: World): unknown {
  const walk = (value: unknown, name: string, owner: string): unknown => {
    if (Array.isArray(value)) return value.map((each) => walk(each, name, owner))
    if (typeof value === "object" && value !== null) return moveObject(value as Fields, name)
    if (typeof value === "string") return moveText(value, name, owner, world)
    if (typeof value === "number") return moveNumber(value, name, owner, world)
    return value
  }
  const moveObject = (fields: Fields, name: string): Fields => {
    const kind = kindOf(fields, name)
    const moved = Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, walk(value, field, kind)]))
    if (kind === "person") return asPerson(moved, world)
    if (kind === "team" || kind === "organization") return { ...moved, description: teamText(kind, world) }
    return kind === "repository" ? asRepository(moved, world) : moved
  }
  return moveObject(payload as Fields, "payload")
}

function kindOf(fields: Fields, name: string): string {
  if (typeof fields.full_name === "string" && "id" in fields) return "repository"
  if (typeof fields.login === "string" && "id" in fields) return name === "organization" ? "organization" : "person"
  return name
}

function moveText(value: string, name: string, owner: string, world: World): string {
  if (isoTime.test(value)) return timeOf(value, world)
  if (commitId.test(value)) return sha(`${value} ${world.family} ${world.thing} ${world.seed}`)
  if (name === "ghsa_id" || name === "ghsaId") return `GHSA-${base36(`${value} ${world.thing}`)}`
  if (name === "page_name") return `${value}-${world.thing}`
  if (owner === "repository" || owner === "organization" || value === "") return value
  if (name === "title" && owner !== "milestone") return titleOf(`${world.seed} ${world.family} ${world.thing}`)
  const words = proseWords[name]
  // One text per thing and field owner, so that a repeat says the same; comments are written once each.
  if (words !== undefined && owner !== "label") return markdownOf(textKey(owner, world), sizeOf(words, owner, world))
  return value
}

/** Their payloads carry no time, so the last to arrive stands: all say the same, or the order of arrival would show. */
const teamText = (kind: string, world: World): string => markdownOf(textKey(kind, world), 20)

const textKey = (owner: string, { seed, family, thing, at }: World): string =>
  written.has(owner) ? `${seed} ${owner} ${at}` : `${seed} ${family} ${owner} ${thing}`
const written = new Set(["comment", "review", "comments"])

/** From a fifth of the usual length to three times it, mostly short, as real texts are. */
function sizeOf(usual: number, owner: string, world: World): number {
  const draw = createRandom(`size ${textKey(owner, world)}`).below(1_000) / 1_000
  const size = written.has(owner) ? usual / 3 : usual
  return Math.round(size * (0.2 + 2.8 * draw ** 3))
}

function moveNumber(value: number, name: string, owner: string, world: World): number {
  if (name === "number" && owner !== "milestone") return 1 + firstNumberOf(world.family) + world.thing * 100
  if (name === "id" && owner === "label") return value * 100 + world.repository
  if (name === "id" && written.has(owner)) return value * 8_192 + world.at
  if (name === "id" && owner !== "person" && owner !== "repository") return value + idStep * (world.thing + 1)
  if (name === "pushed_at" || (name === "created_at" && value > 1e9)) return Math.floor(timeMs(world) / 1_000)
  return value
}

const timeMs = ({ at }: World): number => epochMs + at * stepMs

/** Later fields of a payload stay later: the example's own time of day is kept as an offset of less than a minute. */
const timeOf = (value: string, world: World): string =>
  new Date(timeMs(world) + (Date.parse(value) % 60_000)).toISOString().replace(/\.\d+Z$/, "Z")

function asRepository(fields: Fields, { repository }: World): Fields {
  const full_name = `bench-org/service-${repository}`
  const html_url = `https://github.com/${full_name}`
  return { ...fields, id: 900_000 + repository, name: `service-${repository}`, full_name, html_url }
}

function asPerson(fields: Fields, world: World): Fields {
  const login = String(fields.login)
  if (login.endsWith("[bot]")) return fields
  const person = createRandom(`${world.seed} ${world.family} ${world.thing} ${login}`).below(people)
  return { ...fields, id: 700_000 + person, login: `person-${person}`, html_url: `https://github.com/person-${person}` }
}

const sha = (text: string): string => createHash("sha1").update(text).digest("hex")
const base36 = (text: string): string => {
  const digits = BigInt(`0x${sha(text).slice(0, 16)}`)
    .toString(36)
    .padStart(12, "0")
  return `${digits.slice(0, 4)}-${digits.slice(4, 8)}-${digits.slice(8, 12)}`
}
