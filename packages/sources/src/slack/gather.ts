import type { DocumentDraft, MomentDraft, Normalized, ScopeDraft } from "@engram/contracts/draft"
import type { AliasRef, EntityDraft } from "@engram/contracts/graph"
import type { Json } from "@engram/contracts/json"
import { carried } from "../claims.ts"
import { accountAlias, channelAlias, slackbot } from "./names.ts"

/** Collects the drafts of one event. Entities and scopes are claimed at the event's own time, in whole ms. */
export class Gathering {
  readonly #team: string
  readonly #at: number
  readonly #documents: DocumentDraft[] = []
  readonly #moments: MomentDraft[] = []
  readonly #entities: EntityDraft[] = []
  readonly #scopes: ScopeDraft[] = []

  constructor(team: string, at: number) {
    this.#team = team
    this.#at = Math.floor(at)
  }

  document(draft: DocumentDraft): void {
    this.#documents.push(draft)
  }

  moment(draft: MomentDraft): void {
    this.#moments.push(draft)
  }

  entity(
    draft: Omit<EntityDraft, "at" | "fields"> & { readonly fields: { readonly [name: string]: Json | undefined } },
  ) {
    this.#entities.push({ ...draft, fields: carried(draft.fields), at: this.#at })
    return draft.alias
  }

  account(id: string, fields: { readonly [name: string]: Json | undefined } = {}): AliasRef {
    const bot = id.startsWith("B") || id === slackbot ? true : undefined
    return this.entity({
      kind: "account",
      alias: accountAlias(this.#team, id),
      aliases: [],
      fields: { bot, ...fields },
    })
  }

  channel(id: string, fields: { readonly [name: string]: Json | undefined } = {}): AliasRef {
    return this.entity({ kind: "channel", alias: channelAlias(id), aliases: [], fields })
  }

  /** What the event says of a channel as a scope; its key is returned. */
  scope(id: string, said: Pick<ScopeDraft, "name" | "privacy" | "alive">): string {
    this.#scopes.push({ key: id, kind: "channel", ...said, at: this.#at })
    return id
  }

  drafts(): Normalized {
    const { documents, moments, entities, scopes } = {
      documents: this.#documents,
      moments: this.#moments,
      entities: this.#entities,
      scopes: this.#scopes,
    }
    return { outcome: "drafts", drafts: { documents, moments, entities, scopes } }
  }
}

/**
 * Who may read what is said in a channel of this type, as messages call it: `channel` is open to the workspace; private
 * channels (`group`), direct messages (`im`, `mpim`), an app's own tab and whatever Slack may add are private. Undefined when
 * the event does not say.
 */
export function privacyOf(channelType: string | null | undefined): { privacy?: "org" | "private" } {
  if (!channelType) return {}
  return { privacy: channelType === "channel" ? "org" : "private" }
}
