import type { Json } from "./json.ts"

/** A provider's name for an entity, unique in a workspace: `{ type: "github:user", value: "583231" }`. */
export interface AliasRef {
  readonly type: string
  readonly value: string
}

export const relationshipTypes = [
  "AUTHORED_BY",
  "ASSIGNED_TO",
  "REVIEWED_BY",
  "MEMBER_OF",
  "OWNED_BY",
  "RESOLVES",
  "REFERENCES",
  "IMPLEMENTS",
  "DUPLICATES",
  "RELATES_TO",
  "BLOCKED_BY",
  "PART_OF",
  "TOUCHES_COMPONENT",
] as const
export type RelationshipType = (typeof relationshipTypes)[number]

/** A directed edge. `from` is the document or moment that carries the link unless it says otherwise. */
export interface Link {
  readonly type: RelationshipType
  readonly from?: AliasRef
  readonly to: AliasRef
  /** 1 for what the payload states, less for what a rule reads out of prose. */
  readonly confidence: number
  /** The edge holds only while an entity that is not deleted goes by this name: `ENG-123` is an issue where `ENG` is a team. Not part of its identity. */
  readonly requires?: AliasRef
}

export const entityKinds = [
  "account",
  "team",
  "organization",
  "repository",
  "thing",
  "commit",
  "label",
  "milestone",
  "component",
  "service",
] as const
export type EntityKind = (typeof entityKinds)[number]

/** What one payload says of an entity. Fields merge like a part's; aliases are claimed by the newest payload that names them. */
export interface EntityDraft {
  readonly kind: EntityKind
  /** The alias that never changes (a numeric id); the entity's id derives from it. */
  readonly alias: AliasRef
  /** Other names it goes by (a login, `owner/repo`, a key), which may move to another entity later. */
  readonly aliases: readonly AliasRef[]
  /** Well-known: `name`, `url`, and `deleted: true` once the source removed it; what requires it then no longer holds. */
  readonly fields: { readonly [name: string]: Json }
  /** Source time in ms. */
  readonly at: number
}
