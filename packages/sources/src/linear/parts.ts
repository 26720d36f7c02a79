import type { AliasRef, Link } from "@engram/contracts/graph"
import type { JsonObject } from "@engram/contracts/json"
import { type Gathering, isBot } from "./gather.ts"
import { readable } from "./markdown.ts"
import { botAlias, userAlias } from "./names.ts"
import type { ExternalUser, IssueChild, User } from "./schemas.ts"

/** Linear says null for a text that is empty; a payload that leaves the text out says nothing. */
export const textField = (markdown: string | null | undefined) =>
  markdown === undefined ? undefined : readable(markdown ?? "")

/** Whoever wrote something, in the ways Linear says it. */
export interface Written {
  readonly user?: User | null | undefined
  readonly userId?: string | null | undefined
  readonly externalUser?: ExternalUser | null | undefined
  readonly botActor?: unknown
}

interface Writer {
  readonly alias: AliasRef
  readonly name: string | undefined
  readonly bot: boolean
}

/** A member by preference, else the person an integration speaks for, else the integration itself. */
export function writerOf({ user, userId, externalUser, botActor }: Written, gathering: Gathering): Writer | undefined {
  if (user) return { alias: gathering.account(user), name: user.name ?? undefined, bot: isBot(user) }
  if (externalUser)
    return { alias: gathering.externalAccount(externalUser), name: externalUser.name ?? undefined, bot: false }
  const bot = botOf(botActor)
  if (bot && !userId) {
    const fields = { name: bot.name, bot: true }
    return {
      alias: gathering.entity({ kind: "account", alias: botAlias(bot.id), aliases: [], fields }),
      name: bot.name,
      bot: true,
    }
  }
  return userId ? { alias: userAlias(userId), name: undefined, bot: false } : undefined
}

export const writerFields = (writer: Writer | undefined) => ({
  author: writer?.name,
  authorAlias: writer ? [writer.alias.type, writer.alias.value] : undefined,
  authorBot: writer ? writer.bot : undefined,
})

/** Linear sends the bot as an object, or as an object's JSON. */
function botOf(actor: unknown): { readonly id: string; readonly name: string } | undefined {
  const bot = typeof actor === "string" ? parsed(actor) : actor
  if (typeof bot !== "object" || bot === null) return undefined
  const { id, type, name, userDisplayName } = bot as JsonObject
  const known = [id, type].find((each) => typeof each === "string" && each !== "")
  const called = [userDisplayName, name, type].find((each) => typeof each === "string" && each !== "")
  return typeof known === "string"
    ? { id: known, name: typeof called === "string" ? called : "an integration" }
    : undefined
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** How many people reacted, out of `[{ emoji, reactions: [{ userId }] }]`. Undefined when the payload does not say. */
export function reactorsIn(reactionData: unknown): number | undefined {
  if (!Array.isArray(reactionData)) return undefined
  const reactions = reactionData.flatMap((each) => (Array.isArray(each?.reactions) ? each.reactions : []))
  return new Set(reactions.map((reaction) => reaction?.userId ?? reaction?.id)).size
}

/** The list that an id stands for: null is an empty one, which ends what was there; absent says nothing. */
export function edge(id: string | null | undefined, to: (id: string) => Link): readonly Link[] | undefined {
  if (id === undefined) return undefined
  return id === null ? [] : [to(id)]
}

/** The lists that the payload states, without those it leaves out. */
export function stated(lists: { readonly [name: string]: readonly Link[] | null | undefined }): {
  readonly [name: string]: readonly Link[]
} {
  return Object.fromEntries(Object.entries(lists).flatMap(([name, list]) => (list ? [[name, list]] : [])))
}

/** A name that goes with an id: null when there is none any more, undefined when the payload does not say. */
export const nameBeside = (id: string | null | undefined, name: string | null | undefined) =>
  id === null ? null : (name ?? undefined)

/** What a part says of the thing it is on, for as long as that thing has not been heard of itself. */
export const aboutFields = ({ title, identifier, url, teamId, team }: Partial<IssueChild>) => ({
  aboutTitle: title ?? undefined,
  aboutKey: identifier ?? undefined,
  aboutUrl: url ?? undefined,
  teamId: teamId ?? team?.id,
})
