import type { AccountRow } from "@engram/contracts/people"
import { findPeople } from "@engram/core/identity/people"
import type { Transaction } from "../transaction.ts"
import { lockPeople, neighbourhood, writePeople } from "./find-again.ts"

/** Saves what identity reads of these accounts, and the people that follow: found before they are saved, so that each is written once. */
export async function saveAccounts(tx: Transaction, workspaceId: string, rows: readonly AccountRow[]): Promise<void> {
  if (rows.length === 0) return
  lockPeople(tx, workspaceId)
  const seeds = rows.flatMap(({ id, linkKey }) => (linkKey === null ? [id] : [id, linkKey]))
  const { accounts, decisions } = await neighbourhood(tx, workspaceId, seeds, { changing: rows.length })
  const saved = new Set<string>(rows.map(({ id }) => id))
  const others = accounts.filter(({ id }) => !saved.has(id))
  const { personOf } = findPeople([...others, ...rows], decisions)
  writePeople(tx, workspaceId, others, personOf)
  const records = rows.map((row) => ({ ...row, workspaceId, personId: personOf.get(row.id) ?? null }))
  tx.sendRows(
    "accounts",
    records.sort((a, b) => (a.id < b.id ? -1 : 1)),
    `on conflict (id) do update set kind = excluded.kind, name = excluded.name, handle = excluded.handle, address = excluded.address,
       hint = excluded.hint, verified = excluded.verified, link_key = excluded.link_key, person_id = excluded.person_id`,
  )
}
