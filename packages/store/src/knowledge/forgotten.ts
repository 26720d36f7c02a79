import type { KnowledgeWrite } from "@engram/contracts/knowledge"
import { assertNotHeld } from "../legal-hold.ts"
import type { Transaction } from "../transaction.ts"

type ForgottenRows = Pick<KnowledgeWrite, "suppressions" | "forgetBodies" | "assertNotHeld">

export const writeForgotten = (tx: Transaction, workspaceId: string): ForgottenRows => ({
  suppressions: () =>
    tx.query(`select kind, hash, key_id as "keyId" from suppressions where workspace_id = $1`, [workspaceId]),

  assertNotHeld: () => assertNotHeld(tx, workspaceId),

  forgetBodies: async (ids) => {
    tx.send("update ingest_deliveries set forget_raw = true, body = null where workspace_id = $1 and id = any($2)", [
      workspaceId,
      ids,
    ])
  },
})
