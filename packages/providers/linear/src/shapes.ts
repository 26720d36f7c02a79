import type { Json, JsonObject } from "@engram/contracts/json"

/** A thing as Linear's API answers it. */
export interface Found extends JsonObject {
  readonly id: string
  readonly createdAt: string
  readonly updatedAt: string
}

/** What webhooks carry by id, beside the thing itself. */
const references = new Set([
  ...["team", "state", "status", "creator", "assignee", "delegate", "lead", "owner", "user", "updatedBy"],
  ...["parent", "project", "cycle", "projectMilestone", "initiative", "issue", "relatedIssue"],
  ...["projectUpdate", "initiativeUpdate"],
])

/** The thing as a webhook would carry it: ids beside what they name, lists without their pages, a team's privacy as a flag. */
export function asInWebhook(type: string, found: Found): JsonObject {
  const { reactions: _reactions, visibility: _visibility, ...thing } = flattened(found)
  const { members, teams, ...rest } = thing
  const hidden = hiddenIn(type, found)
  return {
    ...(type === "Project" ? { ...rest, memberIds: idsOf(members), teamIds: idsOf(teams) } : thing),
    ...(type === "Team" ? { private: !isOpen(found) } : {}),
    ...(hidden === undefined ? {} : { hiddenIn: hidden }),
  }
}

/** What lies in the trash is told without its words. */
export function asRemoved(type: string, found: Found): JsonObject {
  const { title, name, number, archivedAt } = found
  const said = { id: found.id, createdAt: found.createdAt, updatedAt: found.updatedAt, trashed: true }
  const named = Object.fromEntries(Object.entries({ title, name, number, archivedAt }).filter(([, value]) => value))
  const hidden = hiddenIn(type, found)
  return { ...said, ...named, ...(hidden === undefined ? {} : { hiddenIn: hidden }) }
}

function flattened(thing: JsonObject): JsonObject {
  const fields: { [name: string]: Json } = {}
  for (const [name, value] of Object.entries(thing)) {
    if (value === undefined) continue
    fields[name] = isAnswered(name, value) ? flatValue(value) : value
    const id = `${name}Id`
    if (references.has(name) && !Object.hasOwn(thing, id)) fields[id] = objectOf(value)?.id ?? null
  }
  const { visibility, ...others } = fields
  return visibility === undefined ? fields : { ...others, visibility, private: visibility !== "public" }
}

/** Values that are JSON by themselves stay as they are. */
const isAnswered = (name: string, value: Json): boolean =>
  typeof value === "object" && value !== null && name !== "metadata" && name !== "reactionData"

function flatValue(value: Json): Json {
  if (Array.isArray(value)) return value.map(flatValue)
  const object = objectOf(value)
  if (!object) return value
  return Array.isArray(object.nodes) ? object.nodes.map(flatValue) : flattened(object)
}

interface Place {
  readonly kind: "team" | "project" | "initiative"
  readonly id: string
  readonly name: string
}

/**
 * Where a thing is that not the whole workspace may see; null for one that it may, undefined for what has a team of its own. A
 * thing of several teams is seen by all, unless every one of them is closed.
 */
function hiddenIn(type: string, found: Found): JsonObject | null | undefined {
  const place = (): Place | undefined => {
    if (type === "Project") return placeOf({ project: found })
    if (type === "Initiative") return placeOf({ initiative: found })
    return placeOf(found)
  }
  if (["Team", "User", "IssueLabel", "Issue", "Cycle", "IssueRelation", "Attachment", "Reaction"].includes(type))
    return undefined
  if (type === "Comment" && found.issue) return undefined
  const hidden = place()
  return hidden ? { ...hidden } : null
}

function placeOf(thing: JsonObject): Place | undefined {
  const team = objectOf(thing.team)
  if (team) return closed([team])
  for (const name of ["issue", "cycle", "document", "documentContent", "projectUpdate", "initiativeUpdate"]) {
    const within = objectOf(thing[name])
    const place = within && placeOf(within)
    if (place) return place
  }
  const project = objectOf(thing.project)
  const place = project && closed(nodesOf(project.teams), named("project", project))
  if (place) return place
  const initiative = objectOf(thing.initiative)
  return initiative && !isOpen(initiative) ? named("initiative", initiative) : undefined
}

function closed(teams: readonly JsonObject[], all?: Place): Place | undefined {
  const [first] = teams
  if (!first || teams.some(isOpen)) return undefined
  return teams.length === 1 ? named("team", first) : all
}

const named = (kind: Place["kind"], { id, name }: JsonObject): Place => ({ kind, id: String(id), name: String(name) })

/** `restricted` is a team within a private one. */
const isOpen = ({ visibility }: JsonObject): boolean => visibility === "public"

export const nodesOf = (list: Json | undefined): JsonObject[] => {
  const nodes: unknown = Array.isArray(list) ? list : objectOf(list)?.nodes
  return (Array.isArray(nodes) ? (nodes as Json[]) : []).map(objectOf).filter((node) => node !== undefined)
}

const idsOf = (list: Json | undefined): Json[] => nodesOf(list).flatMap(({ id }) => id ?? [])

export const objectOf = (value: Json | undefined): JsonObject | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
