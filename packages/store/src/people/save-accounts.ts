import type { AccountRow } from "@engram/contracts/people"
import type { Transaction } from "../database.ts"
import { findPeopleAgain, lockPeople } from "./find-again.ts"

/** Saves what identity reads of these accounts, and the people that follow. */
export async function saveAccounts(tx: Transaction, workspaceId: string, rows: readonly AccountRow[]): Promise<void> {
  if (rows.length === 0) return
  await lockPeople(tx, workspaceId)
  const records = rows.map((row) => ({ ...row, workspaceId, personId: row.kind === "person" ? row.id : null }))
  // The sub-select reads the row as it was before this statement.
  const saved = await tx.insert<{ id: string; key: string | null; before: string | null }>(
    "accounts",
    records.sort((a, b) => (a.id < b.id ? -1 : 1)),
    `on conflict (id) do update set kind = excluded.kind, name = excluded.name, handle = excluded.handle, address = excluded.address,
       hint = excluded.hint, verified = excluded.verified, link_key = excluded.link_key
     returning id, link_key as key, (select b.link_key from accounts b where b.id = accounts.id) as before`,
  )
  const touched = saved.flatMap(({ id, key, before }) => [id, key, before]).filter((each) => each !== null)
  await findPeopleAgain(tx, workspaceId, touched)
}
