import type { AliasRef } from "@engram/contracts/graph"
import type { JsonObject } from "@engram/contracts/json"
import type { AccountKind, AccountRow } from "@engram/contracts/people"
import { entityId } from "../ids.ts"
import { accountNamedBy, normaliseAddress } from "./address.ts"

/** What identity reads of an account whose merged fields are these. `alias` is the constant one. */
export function readAccount(workspaceId: string, alias: AliasRef, fields: JsonObject): AccountRow {
  const kind = kindOf(fields)
  const address = addressOf(fields.email)
  const hint = addressOf(fields.commitEmail)
  const verified = address !== null && fields.emailVerified === true
  const named = verified ? accountNamedBy(address) : null
  const key = named ? entityId(workspaceId, named) : address
  return {
    id: entityId(workspaceId, alias),
    aliasType: alias.type,
    aliasValue: alias.value,
    realm: realmOf(alias),
    kind,
    name: textOf(fields.name) ?? textOf(fields.displayName),
    handle: textOf(fields.handle),
    address,
    hint: hint === address ? null : hint,
    verified,
    linkKey: verified && kind === "person" ? key : null,
  }
}

/** The provider or, where account ids are told apart by tenant (`T012:U345`), the tenant. */
export function realmOf({ type, value }: AliasRef): string {
  const tenant = /^([^:]*):/.exec(value)?.[1]
  return tenant === undefined ? type : `${type} ${tenant}`
}

function kindOf({ bot, organization }: JsonObject): AccountKind {
  if (bot === true) return "bot"
  return organization === true ? "organization" : "person"
}

function addressOf(value: JsonObject[string] | undefined): string | null {
  const text = textOf(value)
  return text === null ? null : normaliseAddress(text)
}

function textOf(value: JsonObject[string] | undefined): string | null {
  const text = typeof value === "string" ? value.trim() : ""
  return text === "" ? null : text
}
