import { Rejected } from "@engram/contracts/errors"
import type { AccountRow } from "@engram/contracts/people"
import { normaliseAddress } from "@engram/core/identity/address"
import type { Transaction } from "../transaction.ts"

/** An account as stored, with the person it belongs to. */
export type StoredAccount = AccountRow & { readonly personId: AccountRow["id"] | null }

export const accountColumns = `id, alias_type as "aliasType", alias_value as "aliasValue", realm, kind, name, handle, address, hint,
  verified, link_key as "linkKey", person_id as "personId"`

/**
 * The accounts that a person means by this text: an id (`ent_…`), an alias (`github:login:octocat`), an address, a handle or a name.
 * The first of these that anything goes by; none, or more than one person, is refused with what there is.
 */
export async function findAccounts(tx: Transaction, workspaceId: string, text: string): Promise<StoredAccount[]> {
  for (const [condition, values] of readings(text)) {
    const found = await tx.query<StoredAccount>(
      `select ${accountColumns} from accounts where workspace_id = $1 and ${condition} order by id limit 100`,
      [workspaceId, ...values],
    )
    const people = new Set(found.map(({ id, personId }) => personId ?? id))
    if (people.size === 1) return found
    if (people.size > 1) {
      const shown = found.slice(0, 5).map((account) => `${account.id} (${describe(account)})`)
      throw new Rejected(
        "account_ambiguous",
        `"${text}" may be any of ${people.size} people; name one by its id: ${shown.join(", ")}${found.length > 5 ? ", …" : ""}.`,
      )
    }
  }
  throw new Rejected(
    "account_missing",
    `${workspaceId} knows no account "${text}": give an id, an alias like github:login:octocat, an address, a handle or a name.`,
  )
}

/** The same, where one account and not its person is meant. */
export async function findAccount(tx: Transaction, workspaceId: string, text: string): Promise<StoredAccount> {
  const [account, ...others] = await findAccounts(tx, workspaceId, text)
  if (others.length === 0) return account!
  const shown = [account!, ...others].map((each) => `${each.id} (${describe(each)})`)
  throw new Rejected(
    "account_ambiguous",
    `"${text}" is ${shown.length} accounts of one person; name one by its id: ${shown.join(", ")}.`,
  )
}

/** Where it is and how it is called there, for people to read. */
const describe = ({ aliasType, aliasValue, name, handle }: StoredAccount): string =>
  [`${aliasType}:${aliasValue}`, name ?? handle ?? ""].join(" ").trim()

function readings(text: string): [condition: string, values: unknown[]][] {
  const aliases = [...text.matchAll(/:/g)].map(({ index }) => [text.slice(0, index), text.slice(index + 1)])
  const address = normaliseAddress(text)
  return [
    ["id = $2", [text]],
    [
      `id in (select entity_id from entity_aliases n join unnest($2::text[], $3::text[]) as k(type, value)
         on n.alias_type = k.type and n.value = k.value where n.workspace_id = $1)`,
      [aliases.map(([type]) => type), aliases.map(([, value]) => value)],
    ],
    ...(address === null ? [] : ([["$2 in (address, hint)", [address]]] as [string, unknown[]][])),
    ["lower(handle) = lower($2)", [text]],
    ["lower(name) = lower($2)", [text]],
  ]
}
