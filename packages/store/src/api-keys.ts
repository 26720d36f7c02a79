import { hash, randomBytes } from "node:crypto"
import type { ApiKey, ApiKeys, KeyAction } from "@engram/contracts/deliveries"
import type { ApiKeyId } from "@engram/contracts/ids"
import { connectionId, storeId as deriveStoreId } from "@engram/core/ids"
import { apiKeys } from "@engram/db/schema/api-keys"
import { stores } from "@engram/db/schema/stores"
import { and, desc, eq, isNull, sql } from "drizzle-orm"
import { insertConnection } from "./connection-admin.ts"
import { kept } from "./connections.ts"
import type { Database } from "./database.ts"
import { ensureStore } from "./ensure-store.ts"
import { assertNotForgotten } from "./forget/assert-not-forgotten.ts"
import { ormOf } from "./orm.ts"
import { remember } from "./remember.ts"

/** 32 random bytes in base64url behind a prefix that secret scanners can look for. */
const keyShape = /^engram_sk_[A-Za-z0-9_-]{43}$/

const columns = {
  id: apiKeys.id,
  name: apiKeys.name,
  workspaceId: apiKeys.workspaceId,
  storeId: apiKeys.storeId,
  actions: apiKeys.actions,
  scopeIds: apiKeys.scopeIds,
}

/** Keys as the doors ask for them. A revoked key stops working within 5 seconds, a new one works within 1. */
export function createApiKeys(options: { database: Database }): ApiKeys {
  const find = remember(async (keyHash) => {
    const rows = await options.database.asFleet((tx) =>
      ormOf(tx)
        .select(columns)
        .from(apiKeys)
        .where(and(eq(apiKeys.hash, keyHash), isNull(apiKeys.revokedAt))),
    )
    return rows[0] as ApiKey | undefined
  }, kept)
  return { authenticate: async (key) => (keyShape.test(key) ? find(hashOf(key)) : undefined) }
}

/** A key as operators list it; the key itself is shown once, when it is made, and kept nowhere. */
export interface ListedApiKey extends ApiKey {
  readonly storeName: string
  readonly createdAt: Date
  readonly revokedAt: Date | null
}

export interface ApiKeyAdmin {
  /**
   * Makes the workspace and the store when they are missing and, for a key that may write, the door its events come through.
   * `Rejected("workspace_forgotten")` in a workspace that was forgotten as a whole.
   */
  create(options: {
    readonly workspaceId: string
    readonly storeName: string
    readonly name: string
    readonly actions: readonly KeyAction[]
    readonly scopeIds?: readonly string[]
  }): Promise<{ readonly id: ApiKeyId; readonly key: string }>
  /** Newest first. */
  list(): Promise<ListedApiKey[]>
  /** False when there is no such key; revoking one again changes nothing. */
  revoke(id: string): Promise<boolean>
}

export function createApiKeyAdmin(options: { database: Database }): ApiKeyAdmin {
  const { database } = options
  return {
    create: async ({ workspaceId, storeName, name, actions, scopeIds = [] }) => {
      const key = `engram_sk_${randomBytes(32).toString("base64url")}`
      const id: ApiKeyId = `key_${randomBytes(12).toString("hex")}`
      const storeId = deriveStoreId(workspaceId, storeName)
      await database.inWorkspace(workspaceId, async (tx) => {
        await assertNotForgotten(tx, workspaceId)
        await ensureStore(tx, { workspaceId, storeId, storeName })
        if (actions.includes("write")) {
          const door = connectionId(workspaceId, "events", storeId)
          await insertConnection(tx, { id: door, workspaceId, storeId, source: "events", secrets: [] })
        }
        const row = {
          id,
          workspaceId,
          storeId,
          name,
          hash: hashOf(key),
          actions: [...actions],
          scopeIds: [...scopeIds],
        }
        await ormOf(tx).insert(apiKeys).values(row)
      })
      return { id, key }
    },
    list: async () => {
      const listed = { ...columns, storeName: stores.name, createdAt: apiKeys.createdAt, revokedAt: apiKeys.revokedAt }
      const rows = await database.asFleet((tx) =>
        ormOf(tx)
          .select(listed)
          .from(apiKeys)
          .innerJoin(stores, eq(stores.id, apiKeys.storeId))
          .orderBy(desc(apiKeys.createdAt), apiKeys.id),
      )
      return rows as ListedApiKey[]
    },
    revoke: async (id) => {
      const [key] = await database.asFleet((tx) =>
        ormOf(tx).select({ workspaceId: apiKeys.workspaceId }).from(apiKeys).where(eq(apiKeys.id, id)),
      )
      if (!key) return false
      await database.inWorkspace(key.workspaceId, (tx) =>
        ormOf(tx)
          .update(apiKeys)
          .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, now())` })
          .where(eq(apiKeys.id, id)),
      )
      return true
    },
  }
}

const hashOf = (key: string): string => hash("sha256", key, "hex")
