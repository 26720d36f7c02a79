import type { DocumentDraft, MomentDraft, Normalized, ScopeDraft } from "@engram/contracts/draft"
import type { AliasRef, EntityDraft } from "@engram/contracts/graph"
import { carried } from "../claims.ts"
import type { LinearEvent } from "./event.ts"
import {
  emailAlias,
  externalUserAlias,
  initiativeAlias,
  initiativeSlugAlias,
  issueAlias,
  issueKeyAlias,
  keyOf,
  labelAlias,
  milestoneAlias,
  organizationKey,
  projectAlias,
  projectSlugAlias,
  slugOf,
  teamAlias,
  teamKey,
  teamKeyAlias,
  userAlias,
} from "./names.ts"
import type { ExternalUser, HiddenIn, IssueChild, Label, Milestone, NamedThing, Team, User } from "./schemas.ts"

/** Collects the drafts of one payload. Everything in it is claimed at `at` (ms), the time of the event. */
export class Gathering {
  readonly organization: string
  readonly #at: number
  readonly #documents: DocumentDraft[] = []
  readonly #moments: MomentDraft[] = []
  readonly #entities = new Map<string, EntityDraft>()
  readonly #scopes = new Map<string, ScopeDraft>()

  /** The whole workspace is a scope in every payload: it is where things belong that no team owns. */
  constructor({ organizationId, url, actor }: LinearEvent, at: number) {
    this.#at = at
    this.organization = organizationKey(organizationId)
    const name = /^https:\/\/linear\.app\/([\w-]{1,100})\//.exec(url ?? "")?.[1]
    this.#scope(this.organization, "organization", name)
    if (actor?.id && actor.type === "user") this.account({ ...actor, id: actor.id })
  }

  document(draft: DocumentDraft): void {
    this.#documents.push(draft)
  }

  moment(draft: MomentDraft): void {
    this.#moments.push(draft)
  }

  /** A payload may carry the same thing more than once, with different fields: they add up. */
  entity(draft: Omit<EntityDraft, "at">): AliasRef {
    const key = `${draft.alias.type} ${draft.alias.value}`
    const known = this.#entities.get(key)
    const fields = { ...draft.fields, ...known?.fields }
    this.#entities.set(key, {
      ...draft,
      aliases: known?.aliases.length ? known.aliases : draft.aliases,
      fields,
      at: this.#at,
    })
    return draft.alias
  }

  /** Linear confirms its members' addresses when they sign in; those of apps are made up. */
  account(user: User): AliasRef {
    const bot = isBot(user)
    // A payload that carries neither says nothing of whether it is an app.
    const told = typeof user.app === "boolean" || Boolean(user.email)
    const email = addressOf(user.email)
    return this.entity({
      kind: "account",
      alias: userAlias(user.id),
      aliases: email && !bot ? [emailAlias(email)] : [],
      fields: carried({
        name: user.name ?? undefined,
        handle: user.displayName ?? handleOf(user.url),
        email: bot ? undefined : email,
        emailVerified: email && !bot ? true : undefined,
        url: user.url ?? undefined,
        active: user.active ?? undefined,
        guest: user.guest ?? undefined,
        bot: told ? bot : undefined,
      }),
    })
  }

  /** Somebody Linear only heard of: the address is what an integration said, and proves nothing. */
  externalAccount(user: ExternalUser): AliasRef {
    return this.entity({
      kind: "account",
      alias: externalUserAlias(user.id),
      aliases: [],
      fields: carried({ name: user.name ?? undefined, email: addressOf(user.email), external: true, bot: false }),
    })
  }

  /** The team as an entity and as a scope, whose key is returned. */
  team(team: Team): string {
    this.entity({
      kind: "team",
      alias: teamAlias(team.id),
      aliases: [teamKeyAlias(team.key)],
      fields: carried({
        name: team.name ?? undefined,
        key: team.key.toUpperCase(),
        private: team.private ?? undefined,
      }),
    })
    return this.#scope(teamKey(team.id), "team", team.name ?? team.key, team.private)
  }

  /** The scope of a thing that not everybody may see, for its part; null for one that everybody may, undefined where nothing is said. */
  hidden(place: HiddenIn | null | undefined): string | null | undefined {
    if (!place) return place
    return this.#scope(`${place.kind}:${place.id}`, place.kind, place.name ?? undefined, true)
  }

  /** A team that the payload names by its id alone. */
  teamScope(teamId: string): string {
    return this.#scope(teamKey(teamId), "team")
  }

  /** An issue as the graph's "thing", with every key it goes by; the team its key names becomes known with it. */
  issue(
    issue: IssueChild,
    more: { readonly key?: string | undefined; readonly earlierKeys?: readonly string[] } = {},
  ): AliasRef {
    const key = more.key ?? issue.identifier ?? keyOf(issue.url)
    const teamId = issue.teamId ?? issue.team?.id
    if (issue.team) this.team(issue.team)
    else if (teamId && key)
      this.team({ id: teamId, key: key.slice(0, key.lastIndexOf("-")), name: undefined, private: undefined })
    return this.entity({
      kind: "thing",
      alias: issueAlias(issue.id),
      aliases: [...new Set([...(key ? [key] : []), ...(more.earlierKeys ?? [])])].map(issueKeyAlias),
      fields: carried({ title: issue.title ?? undefined, key: key?.toUpperCase(), url: issue.url ?? undefined }),
    })
  }

  project(project: NamedThing, slug = slugOf(project.url)): AliasRef {
    return this.entity({
      kind: "thing",
      alias: projectAlias(project.id),
      aliases: slug ? [projectSlugAlias(slug)] : [],
      fields: carried({ title: project.name ?? undefined, url: project.url ?? undefined }),
    })
  }

  initiative(initiative: NamedThing, slug = slugOf(initiative.url)): AliasRef {
    return this.entity({
      kind: "thing",
      alias: initiativeAlias(initiative.id),
      aliases: slug ? [initiativeSlugAlias(slug)] : [],
      fields: carried({ title: initiative.name ?? undefined, url: initiative.url ?? undefined }),
    })
  }

  milestone(milestone: Milestone): AliasRef {
    return this.entity({
      kind: "milestone",
      alias: milestoneAlias(milestone.id),
      aliases: [],
      fields: carried({ title: milestone.name ?? undefined, dueAt: milestone.targetDate ?? undefined }),
    })
  }

  label(label: Label, more: EntityDraft["fields"] = {}): AliasRef {
    return this.entity({
      kind: "label",
      alias: labelAlias(label.id),
      aliases: [],
      fields: carried({
        name: label.name,
        color: label.color ?? undefined,
        description: label.description ?? undefined,
        parentId: label.parentId ?? undefined,
        ...more,
      }),
    })
  }

  drafts(): Normalized {
    return {
      outcome: "drafts",
      drafts: {
        documents: this.#documents,
        moments: this.#moments,
        entities: [...this.#entities.values()],
        scopes: [...this.#scopes.values()],
      },
    }
  }

  /**
   * Webhooks leave privacy out. What they tell is for the workspace, unless something else ever said that it is private: that
   * claim is dated 0, so that it overrides nothing.
   */
  #scope(key: string, kind: string, name?: string, hidden?: boolean | null): string {
    const told = typeof hidden === "boolean"
    if (name !== undefined) this.#claim({ key, kind, name, at: this.#at })
    // Where two say otherwise for the same time, the one that hides stands.
    const at = told ? this.#at + (hidden ? 1 : 0) : 0
    this.#claim({ key, kind, privacy: hidden ? "private" : "org", at })
    return key
  }

  #claim(scope: ScopeDraft): void {
    const place = `${scope.key} ${scope.at} ${"privacy" in scope}`
    if (!this.#scopes.has(place)) this.#scopes.set(place, scope)
  }
}

/** Apps that act in a workspace are users with an address of Linear's own making. */
export const isBot = (user: User | null | undefined) =>
  user?.app === true || /@oauthapp\.linear\.app$/i.test(user?.email ?? "")

const addressOf = (email: string | null | undefined) =>
  email && /^\S+@\S+$/.test(email) ? email.toLowerCase() : undefined

/** `https://linear.app/acme/profiles/ada` → `ada`. */
const handleOf = (url: string | null | undefined) => /\/profiles\/([\w.+-]{1,100})/.exec(url ?? "")?.[1]
