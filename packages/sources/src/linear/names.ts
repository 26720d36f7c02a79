import type { AliasRef } from "@engram/contracts/graph"

/** How Linear's things are named in the graph, and how documents are identified. Ids are uuids and survive every move. */

const alias = (type: string, value: string): AliasRef => ({ type: `linear:${type}`, value })

/** A member of the workspace, or an app that acts like one. */
export const userAlias = (id: string) => alias("user", id)
/** Somebody who writes through an integration and is no member: a customer, a person of a synced Slack thread. */
export const externalUserAlias = (id: string) => alias("external_user", id)
/** An integration that writes by itself. */
export const botAlias = (id: string) => alias("bot", id)
export const emailAlias = (address: string): AliasRef => ({ type: "email:address", value: address.toLowerCase() })

export const teamAlias = (id: string) => alias("team", id)
export const teamKeyAlias = (key: string) => alias("team_key", key.toUpperCase())
export const issueAlias = (id: string) => alias("issue", id)
/** `ENG-123`; an issue that moves to another team keeps its earlier keys. */
export const issueKeyAlias = (key: string) => alias("issue_key", key.toUpperCase())
export const projectAlias = (id: string) => alias("project", id)
export const projectSlugAlias = (slug: string) => alias("project_slug", slug.toLowerCase())
export const milestoneAlias = (id: string) => alias("milestone", id)
export const initiativeAlias = (id: string) => alias("initiative", id)
export const initiativeSlugAlias = (slug: string) => alias("initiative_slug", slug.toLowerCase())
export const cycleAlias = (id: string) => alias("cycle", id)
export const documentAlias = (id: string) => alias("document", id)
export const documentSlugAlias = (slug: string) => alias("document_slug", slug.toLowerCase())
export const labelAlias = (id: string) => alias("label", id)

export const teamKey = (id: string) => `team:${id}`
export const organizationKey = (id: string) => `organization:${id}`

/** The last piece of a Linear address that ends in a slug id: `…/project/faster-search-37f87fe3d558` → `37f87fe3d558`. */
export const slugOf = (url: string | null | undefined) =>
  /\/(?:project|document|initiative)\/(?:[^/?#]*-)?([0-9a-f]{8,32})(?=[/?#]|$)/i.exec(url?.slice(0, 500) ?? "")?.[1]

/** `…/issue/ENG-123/title` → `ENG-123`. */
export const keyOf = (url: string | null | undefined) =>
  /\/issue\/([a-z][a-z\d]*-\d+)(?=[/?#]|$)/i.exec(url?.slice(0, 500) ?? "")?.[1]?.toUpperCase()

/** What Linear calls things, as documents: `issue:<uuid>`. `content` holds comments on the text of a document or project. */
export const documentKinds = [
  "issue",
  "project",
  "project_update",
  "initiative",
  "initiative_update",
  "cycle",
  "document",
  "content",
] as const
export type DocumentKind = (typeof documentKinds)[number]

export interface Named {
  readonly sourceId: string
  readonly alias: AliasRef
}

/** A document's identity and its name in the graph, from the same id. */
export const named = (kind: DocumentKind, id: string): Named => ({ sourceId: `${kind}:${id}`, alias: alias(kind, id) })

/** What a document's identity says of it. */
export function readDocumentId(sourceId: string): { readonly kind: DocumentKind; readonly id: string } {
  const end = sourceId.indexOf(":")
  const kind = documentKinds.find((each) => each === sourceId.slice(0, end)) ?? "document"
  return { kind, id: sourceId.slice(end + 1) }
}
