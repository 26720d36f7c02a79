import type { EntityDraft } from "@engram/contracts/graph"
import type { KnowledgeWrite } from "@engram/contracts/knowledge"
import type { AccountRow } from "@engram/contracts/people"
import { entityFromDraft, mergeEntities } from "@engram/core/state/entity"
import { expect, test } from "vitest"
import { writeAccounts } from "../src/persist/accounts.ts"
import { placeOf } from "../src/persist/place.ts"

const draft = (fields: EntityDraft["fields"], at = 1, kind: EntityDraft["kind"] = "account"): EntityDraft => ({
  kind,
  alias: { type: "slack:user", value: "T1:U1" },
  aliases: [],
  fields,
  at,
})

/** What is saved when a payload says `said` of what was known as `known`. */
async function saved(known: EntityDraft | undefined, said: EntityDraft): Promise<AccountRow[]> {
  const rows: AccountRow[] = []
  const write = { saveAccounts: async (each) => void rows.push(...each) } satisfies Pick<KnowledgeWrite, "saveAccounts">
  const before = known && entityFromDraft(known)
  const state = before ? mergeEntities(before, entityFromDraft(said)) : entityFromDraft(said)
  await writeAccounts(write as KnowledgeWrite, placeOf({ workspaceId: "acme", storeId: "sto_1" }), [
    { draft: said, before, state },
  ])
  return rows
}

test("identity costs nothing where an account says nothing new of itself", async () => {
  const known = draft({ name: "Mona", email: "mona@acme.example", emailVerified: true, avatar: "1.png" })
  expect(await saved(known, draft({ avatar: "2.png", title: "Painter" }, 2))).toEqual([])
  expect(await saved(known, draft({ email: " MONA@acme.example ", emailVerified: true }, 2))).toEqual([])
  expect(await saved(undefined, draft({ name: "acme/app" }, 1, "repository"))).toEqual([])
})

test("a new account, another address and another name are told", async () => {
  const known = draft({ name: "Mona", email: "mona@acme.example", emailVerified: true })
  expect(await saved(undefined, known)).toMatchObject([
    { name: "Mona", realm: "slack:user T1", linkKey: "mona@acme.example" },
  ])
  expect(await saved(known, draft({ name: "Mona Lisa" }, 2))).toMatchObject([{ name: "Mona Lisa" }])
  expect(await saved(known, draft({ email: "mona@new.example" }, 2))).toMatchObject([
    { address: "mona@new.example", verified: false, linkKey: null },
  ])
  expect(await saved(known, draft({ bot: true }, 2))).toMatchObject([{ kind: "bot", linkKey: null }])
})
