import type { DocumentDraft, MomentDraft, Normalized, ScopeDraft } from "@engram/contracts/draft"
import type { AliasRef, EntityDraft } from "@engram/contracts/graph"
import type { Json } from "@engram/contracts/json"
import { carried, latest } from "../claims.ts"
import {
  accountAlias,
  addressAlias,
  commitAlias,
  componentAlias,
  labelAlias,
  loginAlias,
  milestoneAlias,
  organizationAlias,
  organizationKey,
  organizationLoginAlias,
  repositoryAlias,
  repositoryKey,
  repositoryNameAlias,
  shortCommitAlias,
  teamAlias,
  teamNameAlias,
} from "./names.ts"
import type { Label, Milestone, Organization, Repository, Team, User } from "./schemas.ts"

/**
 * Collects the drafts of one payload. Entities are claimed at the source's time of the event; a payload without any time
 * claims at 0, which fills gaps and never overrides what a dated payload said. What it is itself about is claimed `at` its
 * receipt.
 */
export class Gathering {
  readonly #documents: DocumentDraft[] = []
  readonly #moments: MomentDraft[] = []
  readonly #entities = new Map<string, EntityDraft>()
  readonly #scopes = new Map<string, ScopeDraft>()
  readonly #at: number

  constructor(at: number) {
    this.#at = at
  }

  document(draft: DocumentDraft): void {
    this.#documents.push(draft)
  }

  moment(draft: MomentDraft): void {
    this.#moments.push(draft)
  }

  /** The first draft of an entity stands: handlers name the fullest copy first. */
  entity(draft: EntityDraft): AliasRef {
    const key = `${draft.alias.type} ${draft.alias.value}`
    if (!this.#entities.has(key)) this.#entities.set(key, draft)
    return draft.alias
  }

  /** Also for an organization that owns or writes: an account may become one, and an entity's kind is for good. */
  account(user: User, signature: Signature = {}): AliasRef {
    // GitHub offers for a profile only addresses that the account has verified; an organization's is any text.
    const email = user.type === "User" && user.email && !isPrivateAddress(user.email) ? user.email : undefined
    return this.entity({
      kind: "account",
      alias: accountAlias(user.id),
      aliases: [loginAlias(user.login), ...(email ? [addressAlias(email)] : [])],
      fields: carried({
        handle: user.login,
        name: user.name || signature.name || undefined,
        type: user.type ?? undefined,
        url: user.html_url ?? undefined,
        bot: user.type || isBot(user) ? isBot(user) : undefined,
        organization: user.type ? user.type === "Organization" : undefined,
        ...(email && { email, emailVerified: true }),
        commitEmail: signature.email || undefined,
      }),
      at: this.#at,
    })
  }

  organization(organization: Organization, at = this.#at): string {
    this.entity({
      kind: "organization",
      alias: organizationAlias(organization.id),
      aliases: [organizationLoginAlias(organization.login)],
      fields: carried({ login: organization.login, description: organization.description || undefined }),
      at,
    })
    return this.#scope(organizationKey(organization.id), "organization", organization.login, at)
  }

  /** The repository as an entity and as a scope, whose key is returned. */
  repository(repository: Repository, changed: { readonly [field: string]: Json } = {}): string {
    const at = repositoryTime(repository) ?? this.#at
    if (repository.owner) this.account(repository.owner)
    this.entity({
      kind: "repository",
      alias: repositoryAlias(repository.id),
      aliases: [repositoryNameAlias(repository.full_name)],
      fields: carried({
        name: repository.full_name,
        url: repository.html_url ?? undefined,
        description: repository.description,
        defaultBranch: repository.default_branch ?? undefined,
        language: repository.language,
        topics: repository.topics ?? undefined,
        archived: repository.archived ?? undefined,
        private: repository.private ?? undefined,
        ...changed,
      }),
      at,
    })
    return this.#scope(repositoryKey(repository.id), "repository", repository.full_name, at)
  }

  team(team: Team, organization: Organization | null | undefined, at = this.#at): AliasRef {
    return this.entity({
      kind: "team",
      alias: teamAlias(team.id),
      aliases: organization && team.slug ? [teamNameAlias(organization.login, team.slug)] : [],
      fields: carried({ name: team.name, description: team.description, url: team.html_url ?? undefined }),
      at,
    })
  }

  commit(sha: string, repositoryId: number, fields: { readonly [name: string]: Json | undefined } = {}): AliasRef {
    return this.entity({
      kind: "commit",
      alias: commitAlias(sha),
      aliases: [shortCommitAlias(repositoryId, sha)],
      fields: carried({ sha, ...fields }),
      at: this.#at,
    })
  }

  milestone(milestone: Milestone): AliasRef {
    return this.entity({
      kind: "milestone",
      alias: milestoneAlias(milestone.id),
      aliases: [],
      fields: carried({
        title: milestone.title,
        url: milestone.html_url ?? undefined,
        state: milestone.state ?? undefined,
        dueAt: milestone.due_on,
      }),
      at: milestone.updated_at ?? this.#at,
    })
  }

  label(label: Label & { id: number }, repositoryId: number, at: number): AliasRef {
    return this.entity({
      kind: "label",
      alias: labelAlias(label.id),
      aliases: [],
      fields: carried({ name: label.name, description: label.description, color: label.color, repositoryId }),
      at,
    })
  }

  component(path: string, repository: Repository): AliasRef {
    return this.entity({
      kind: "component",
      alias: componentAlias(repository.id, path),
      aliases: [],
      fields: { name: path, repositoryId: repository.id },
      at: 0,
    })
  }

  /** A scope that is no repository and no organization. */
  scope(key: string, kind: string, name: string): string {
    return this.#scope(key, kind, name, this.#at)
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

  #scope(key: string, kind: string, name: string, at: number): string {
    if (!this.#scopes.has(key)) this.#scopes.set(key, { key, kind, name, privacy: "org", at })
    return key
  }
}

/** How an account signs its commits: in its own words, which nobody has verified. */
export interface Signature {
  readonly name?: string | null | undefined
  readonly email?: string | null | undefined
}

export const isBot = (user: User | null | undefined) => user?.type === "Bot" || /\[bot\]$/i.test(user?.login ?? "")

/** One that GitHub makes up for an account: it receives no mail, and says no more than the account's number does. */
const isPrivateAddress = (email: string) => /@users\.noreply\.github\.com$/i.test(email)

export const repositoryTime = (repository: Repository) => latest(repository.updated_at, repository.pushed_at)

/**
 * For what carries no time but its repository's, which need not move with it: of events with equal times of the repository
 * only the receipt says which is the later.
 */
export const receiptTime = (repository: Repository, receivedAt: number): number =>
  Math.max(repositoryTime(repository) ?? receivedAt, receivedAt)
