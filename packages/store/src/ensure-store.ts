import type { Transaction } from "./transaction.ts"

/** Makes the workspace and the store when they are missing. */
export async function ensureStore(
  tx: Transaction,
  store: { readonly workspaceId: string; readonly storeId: string; readonly storeName: string },
): Promise<void> {
  await tx.query("insert into workspaces (id) values ($1) on conflict do nothing", [store.workspaceId])
  await tx.query("insert into stores (id, workspace_id, name) values ($1, $2, $3) on conflict do nothing", [
    store.storeId,
    store.workspaceId,
    store.storeName,
  ])
}
