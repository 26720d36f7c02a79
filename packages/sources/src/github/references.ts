import type { AliasRef } from "@engram/contracts/graph"
import type { Repository } from "../text/addresses.ts"
import { crossReferences, type Reference } from "../text/references.ts"

/** Whose text it is: what a bare `#12` means in it, and which links are GitHub's own. */
export interface TextPlace extends Repository {
  /** Whether closing words close: in pull requests and commits. Elsewhere they only refer. */
  readonly closes: boolean
  /** The document itself, which is not among its references. */
  readonly self?: AliasRef
}

/** The edges a text in a repository states, within GitHub and to other sources. */
export const references = (markdown: string, { closes, self, ...repository }: TextPlace): Reference[] =>
  crossReferences(markdown, { closes, repository, ...(self && { self: [self] }) })

/** The host that a thing's address names; GitHub's own when there is none. */
export const originOf = (address: string | null | undefined) =>
  (address && URL.parse(address)?.origin) || "https://github.com"
