import type { MomentDraft, Privacy, ScopeDraft } from "@engram/contracts/draft"
import type { EntityDraft } from "@engram/contracts/graph"
import type { Source } from "@engram/contracts/source"
import type { Payload } from "./workbench.ts"

export interface Told {
  readonly moments?: readonly MomentDraft[]
  readonly entities?: readonly EntityDraft[]
  readonly scopes?: readonly ScopeDraft[]
}

/** A source whose payloads are what they say: for tests that are about what becomes of observations, not about how they are read. */
export const told: Source = {
  name: "told",
  contentTypes: ["application/json"],
  keptHeaders: [],
  deliveryKey: () => undefined,
  isAuthentic: () => false,
  secretFrom: "here",
  setup: "",
  eventName: () => "told",
  normalize: ({ body }) => {
    const { moments = [], entities = [], scopes = [] } = JSON.parse(Buffer.from(body).toString()) as Told
    return { outcome: "drafts", drafts: { documents: [], moments, entities, scopes } }
  },
  render: () => {
    throw new Error("nothing told is a document")
  },
}

export const scope = (key: string, privacy: Privacy, at = 1): ScopeDraft => ({ key, kind: "channel", privacy, at })

/** Something observed at noon of a day about repositories or people, by their names. */
export function moment(said: {
  readonly day: string
  readonly text: string
  readonly about: readonly string[]
  readonly tags?: readonly string[]
  readonly importance?: number
  readonly scope?: string
  readonly hour?: number
}): MomentDraft {
  const { day, text, about, tags = [], importance = 0.5, scope = "open", hour = 12 } = said
  return {
    thing: { type: "told:thing", value: text },
    kind: "noted",
    at: Date.parse(day) + hour * 3_600_000,
    text,
    importance,
    tags,
    subjects: about.map((value) => ({ type: "told:name", value })),
    scope,
    links: [],
  }
}

export const tell = (key: string, said: Told): Payload => ({ key, event: "told", source: "told", payload: said })
