import type { EntityId } from "./ids.ts"

/** What an account stands for. Only persons become people. */
export const accountKinds = ["person", "bot", "organization"] as const
export type AccountKind = (typeof accountKinds)[number]

/** What identity reads of one account, out of the fields `name`, `handle`, `email`, `emailVerified`, `bot`, `organization`, `commitEmail`. */
export interface AccountFacts {
  readonly kind: AccountKind
  readonly name: string | null
  readonly handle: string | null
  /** As it is compared: lower case, trimmed. */
  readonly address: string | null
  /** An address that is used with the account and that nobody vouches for, such as a commit's. It only ever suggests. */
  readonly hint: string | null
  /** The provider itself says that whoever has the account reads mail at the address. */
  readonly verified: boolean
  /**
   * Accounts with the same key are the same person, unless the key turns out shared: a verified address, or the id of the
   * account that a provider's own no-reply address names. Null where there is no certain evidence.
   */
  readonly linkKey: string | null
}

export interface AccountRow extends AccountFacts {
  /** The entity's id; derived from the constant alias. */
  readonly id: EntityId
  readonly aliasType: string
  readonly aliasValue: string
  /** Within which an address belongs to one account at a time: a provider, or one tenant of it. */
  readonly realm: string
}

/** What identity needs of an account to find its person. */
export type LinkableAccount = Pick<AccountRow, "id" | "kind" | "realm" | "name" | "linkKey">

/**
 * What an operator has decided, and stands. Pairs: `same`, or `apart` with the account that leaves. Addresses: `shared` links
 * nobody, `personal` links although the name of the mailbox looks shared.
 */
export type Decision =
  | { readonly verdict: "same"; readonly accounts: readonly [EntityId, EntityId] }
  | { readonly verdict: "apart"; readonly accounts: readonly [EntityId, EntityId]; readonly leaves: EntityId }
  | { readonly verdict: "shared" | "personal"; readonly address: string }
