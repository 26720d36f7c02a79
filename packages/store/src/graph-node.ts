import type { AliasRef } from "@engram/contracts/graph"
import type { GraphNode, GraphReader } from "@engram/contracts/neighbourhood"
import { entityId } from "@engram/core/ids"
import { personName } from "./people/person-name.ts"

/** A node as Postgres gives it. The document is one that the reader may see. */
export interface NodeRow {
  readonly aliasId: string
  readonly id: string
  readonly entityId: string | null
  readonly kind: string | null
  readonly fields: { readonly [name: string]: { readonly value: unknown } } | null
  readonly aliases: readonly AliasRef[]
  /** Of a person who has several, in the order of their ids; else none. */
  readonly accounts: readonly {
    readonly name: string | null
    readonly handle: string | null
    readonly url: string | null
  }[]
  readonly document: Pick<GraphNode, "id" | "kind" | "title" | "state" | "url"> | null
}

/** Kinds whose fields the whole workspace may know. What else an entity says of itself is its document's, and as private. */
const open = new Set(["account", "team", "organization", "repository", "label", "milestone", "component", "service"])

export function nodeOfRow(reader: GraphReader, row: NodeRow): GraphNode {
  if (row.accounts.length > 0) return personNode(row)
  const { document, kind } = row
  const known = reader.scopeIds === "all" || (kind !== null && open.has(kind))
  const field = (name: string): string | null => {
    const value = known ? row.fields?.[name]?.value : undefined
    return typeof value === "string" && value !== "" ? value : null
  }
  const title = document?.title ?? field("title")
  const called = field("name") ?? field("handle") ?? (kind !== null && open.has(kind) ? title : null)
  const name = nameOf(reader.workspaceId, row, called)
  return {
    id: row.id,
    kind: document?.kind ?? kind ?? row.aliases[0]?.type.replace(/^.*:/, "") ?? "name",
    seen: kind !== null || document !== null,
    name,
    title: title === name ? null : title,
    state: document?.state ?? null,
    url: document?.url ?? field("url"),
    documentId: document?.id ?? null,
  }
}

/** Accounts that are one person's, as one node. */
function personNode({ id, accounts }: NodeRow): GraphNode {
  return {
    id,
    kind: "person",
    seen: true,
    name: personName(accounts) ?? id,
    title: null,
    state: null,
    url: accounts.find(({ url }) => url)?.url ?? null,
    documentId: null,
  }
}

/** What it says it is called, then a name that may move (`owner/repo#12`, a key), then the one that never changes. */
function nameOf(workspaceId: string, { kind, entityId: id, aliases }: NodeRow, said: string | null): string {
  if (said !== null) return said
  const isConstant = (alias: AliasRef) => entityId(workspaceId, alias) === id
  const constant = aliases.find(isConstant)
  if (kind === "commit" && constant) return constant.value.slice(0, 10)
  const spoken = aliases.find((alias) => !isConstant(alias)) ?? constant
  return spoken?.value ?? ""
}
