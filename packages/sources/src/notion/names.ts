import type { AliasRef } from "@engram/contracts/graph"

/** How Notion's things are named in the graph, and how documents are identified. All ids are dashed UUIDs in lower case. */

/** The dashed form of an id, which URLs carry without dashes; undefined for what is no id. */
export function idOf(text: string): string | undefined {
  const hex = text.replaceAll("-", "").toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(hex)) return undefined
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}

/** The kinds of things that are documents, and by which alias type the graph names them. */
export const documentKinds = ["page", "database", "data_source"] as const
export type DocumentKind = (typeof documentKinds)[number]

export const userAlias = (id: string): AliasRef => ({ type: "notion:user", value: id })
export const thingAlias = (kind: DocumentKind, id: string): AliasRef => ({ type: `notion:${kind}`, value: id })
export const emailAlias = (email: string): AliasRef => ({ type: "email:address", value: email.toLowerCase() })

export const documentId = (kind: DocumentKind, id: string) => `${kind}:${id}`
export const commentPartId = (id: string) => `comment:${id}`

/** The kind and the id that a document's identity says. */
export function readDocumentId(sourceId: string): { readonly kind: DocumentKind; readonly id: string } {
  const [kind = "", id = ""] = sourceId.split(":")
  return { kind: documentKinds.find((known) => known === kind) ?? "page", id }
}

/** The scope of documents of which only a comment is known yet. */
export const workspaceScope = "workspace"

/** Where a person finds the thing; Notion redirects to its full address. */
export const addressOf = (id: string) => `https://www.notion.so/${id.replaceAll("-", "")}`
