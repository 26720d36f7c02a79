import type { ForgetLedger, ForgetScope, ForgettingKind, NamedPerson } from "@engram/contracts/forget"
import type { AliasRef } from "@engram/contracts/graph"
import type { KeyedHash, Suppression, SuppressionKind } from "@engram/contracts/privacy"
import { UnclearName } from "@engram/contracts/privacy"
import { identifierCharsMin, suppressionText } from "@engram/core/forget/forgotten"
import { partsNaming } from "@engram/core/forget/scrub"
import { documentId } from "@engram/core/ids"
import { keyIdOf } from "../persist/forgotten.ts"

/** What an operator wants forgotten, in their words. */
export type ForgetRequest =
  | { readonly kind: "document"; readonly name: string }
  | { readonly kind: "person"; readonly name: string }
  | { readonly kind: "source"; readonly name: string }
  | { readonly kind: "workspace" }

/** The same, found. */
export interface ForgetTarget {
  readonly forgettingId: string
  readonly kind: ForgettingKind
  readonly suppressions: readonly Suppression[]
  readonly scope: ForgetScope
  readonly person?: NamedPerson
  /** A document's `source:sourceId`, by which it is known also when it is gone. */
  readonly document?: string
  /** What the graph calls it. */
  readonly aliases: readonly AliasRef[]
  /** What a person is looked for by, in texts and raw bytes. */
  readonly words: readonly string[]
  /** Parts of documents that are the person's, in lower case: `member:583231`. */
  readonly partIds: readonly string[]
}

/**
 * Finds what is meant. A document that is not there, as after a first run, is known by `source:sourceId`; a person that is not there by
 * an alias with its type. Throws `UnclearName` for what could be several things or nothing.
 */
export async function findTarget(
  deps: { readonly ledger: ForgetLedger; readonly hash: KeyedHash },
  workspaceId: string,
  request: ForgetRequest,
): Promise<ForgetTarget> {
  const suppress = (kind: SuppressionKind, text: string): Suppression => ({
    kind,
    hash: deps.hash(workspaceId, text),
    keyId: keyIdOf(deps.hash),
  })
  const target = (
    kind: ForgettingKind,
    key: string,
    rest: Pick<ForgetTarget, "suppressions" | "scope">,
  ): ForgetTarget => ({
    forgettingId: `fgt_${deps.hash(workspaceId, `forgetting ${key}`).slice(0, 32)}`,
    kind,
    words: [],
    partIds: [],
    aliases: [],
    ...rest,
  })
  switch (request.kind) {
    case "document": {
      const { source, sourceId, documents } = await documentsOf(deps.ledger, workspaceId, request.name)
      const aliases = documents.map(({ alias }) => suppress("alias", suppressionText.alias(alias)))
      const key = suppressionText.document(source, sourceId)
      const suppressions = [suppress("document", key), ...aliases]
      // In every store, there or not: a worker may be writing it for the first time.
      const stores = await deps.ledger.lanes(workspaceId)
      const ids = stores.map(({ storeId }) => documentId(workspaceId, storeId, source, sourceId))
      const names = documents.map(({ alias }) => alias)
      const found = target("document", key, { suppressions, scope: { documents: ids } })
      return { ...found, document: `${source}:${sourceId}`, aliases: names }
    }
    case "source": {
      const key = suppressionText.source(request.name)
      return target("source", key, { suppressions: [suppress("source", key)], scope: { source: request.name } })
    }
    case "workspace": {
      const key = suppressionText.workspace()
      return target("workspace", key, { suppressions: [suppress("workspace", key)], scope: { everything: true } })
    }
    case "person": {
      const person = await personOf(deps.ledger, workspaceId, request.name)
      const words = identifiersOf(person)
      const aliases = person.aliases.map((alias) => suppress("alias", suppressionText.alias(alias)))
      const identifiers = words.map((word) => suppress("identifier", suppressionText.identifier(word)))
      const key = `person ${request.name.toLowerCase()}`
      const rest = { suppressions: [...aliases, ...identifiers], scope: { documents: [] } }
      return {
        ...target("person", key, rest),
        person,
        aliases: person.aliases,
        words: words.filter((word) => !word.startsWith("#")),
        partIds: partsNaming(words),
      }
    }
  }
}

async function documentsOf(ledger: ForgetLedger, workspaceId: string, name: string) {
  const documents = await ledger.documentsNamed(workspaceId, name)
  const keys = new Set(documents.map(({ source, sourceId }) => `${source} ${sourceId}`))
  if (keys.size > 1) {
    const found = documents.map(({ id, source, sourceId }) => `${id} (${source}:${sourceId})`)
    throw new UnclearName(`several documents are called ${name}: ${found.join(", ")}; name one by its id`)
  }
  const [first] = documents
  if (first) return { source: first.source, sourceId: first.sourceId, documents }
  const [, source, sourceId] = /^([a-z][a-z0-9-]*):(?!\/\/)(.+)$/.exec(name) ?? []
  if (source && sourceId) return { source, sourceId, documents: [] }
  throw new UnclearName(
    `there is no document ${name}; name it by id (doc_…), URL, or source:sourceId. ` +
      "One that was forgotten before is known by source:sourceId alone, as forget printed it",
  )
}

async function personOf(ledger: ForgetLedger, workspaceId: string, name: string): Promise<NamedPerson> {
  const person = await ledger.personNamed(workspaceId, name)
  if (person) return person
  const [, type, value] = /^([a-z][a-z0-9-]*:[a-z_:-]+):(.+)$/.exec(name) ?? []
  if (type && value) return { entityIds: [], aliasIds: [], aliases: [{ type, value }], names: [] }
  throw new UnclearName(
    `nobody goes by ${name}; name an alias with its type: github:login:octocat, email:address:jo@example.org`,
  )
}

/** What tells a person in a text: logins, addresses, ids that are no plain numbers, full names. A number only as an id, `#583231`. */
function identifiersOf({ aliases, names }: NamedPerson): string[] {
  const values = aliases.flatMap(({ value }) => [
    value,
    ...(/^[A-Z0-9]+:(?=[A-Z0-9]{6,}$)/.test(value) ? [value.split(":")[1]!] : []),
  ])
  const said = [...values, ...names].map((word) => word.trim().toLowerCase())
  const words = said.map((word) => (/^\d+$/.test(word) ? `#${word}` : word))
  // One word of a name is many people's; a login or an address is one's.
  const single = new Set(values.map((value) => value.trim().toLowerCase()))
  return [...new Set(words)].filter(
    (word) =>
      word.length >= identifierCharsMin &&
      (word.startsWith("#") || single.has(word) || /[\s@]/.test(word) || /\d|[-_.]/.test(word)),
  )
}
