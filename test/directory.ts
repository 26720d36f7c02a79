import type { EntityDraft } from "@engram/contracts/graph"
import type { JsonObject } from "@engram/contracts/json"
import { sources } from "@engram/sources/registry"
import type { Payload } from "./workbench.ts"

/** What a provider says of one of its accounts. */
interface Said {
  readonly type: string
  readonly value: string
  readonly fields: JsonObject
  readonly at: number
}

/** A source whose payloads are accounts and nothing else, of whatever provider they name. */
export const withDirectory = {
  ...sources,
  directory: {
    ...sources.events!,
    name: "directory",
    normalize: ({ body }: { readonly body: Uint8Array }) => {
      const said: Said[] = JSON.parse(Buffer.from(body).toString())
      const entities = said.map(
        ({ type, value, fields, at }): EntityDraft => ({
          kind: "account",
          alias: { type, value },
          aliases: [],
          fields,
          at,
        }),
      )
      return { outcome: "drafts" as const, drafts: { documents: [], moments: [], entities, scopes: [] } }
    },
  },
}

const verified = (email: string): JsonObject => ({ email, emailVerified: true, bot: false })

/** Thirty people with accounts in four providers, some of which change their addresses, turn out bots or share a mailbox. */
export const directoryPayloads: readonly Payload[] = Array.from({ length: 30 }, (_, n) => {
  const email = `person${n}@acme.example`
  const said: Said[] = [
    { type: "linear:user", value: `${n}`, fields: { name: `Person ${n}`, ...verified(email) }, at: 100 },
    {
      type: "slack:user",
      value: `T1:U${n}`,
      fields: { name: `Person ${n}`, ...verified(n % 5 ? email : "team@acme.example") },
      at: 100,
    },
    { type: "notion:user", value: `${n}`, fields: verified(`person${n + 1}@acme.example`), at: 100 },
    // Written down later than it was first said, and the other way round.
    {
      type: "notion:user",
      value: `${n}`,
      fields: verified(n % 3 ? email : `other${n}@acme.example`),
      at: n % 2 ? 200 : 50,
    },
    { type: "slack:user", value: `T1:V${n}`, fields: { ...verified(email), bot: n % 4 > 0 }, at: 100 },
    { type: "github:user", value: `${9_000_000 + n}`, fields: { handle: `person${n}` }, at: 100 },
    { type: "linear:user", value: `n${n}`, fields: verified(`${9_000_000 + n}+x@users.noreply.github.com`), at: 100 },
  ]
  return said
}).flatMap((said, n) =>
  said.map((each, index) => ({
    key: `directory-${n}-${index}`,
    event: "account",
    source: "directory",
    payload: [each],
  })),
)
