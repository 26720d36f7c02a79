import { hash, randomBytes } from "node:crypto"
import type { ApiKey, ApiKeys, KeyAction } from "@engram/contracts/deliveries"
import type { ApiKeyId } from "@engram/contracts/ids"
import { ensureStore, type IdRules, insertConnection, kept } from "./connections.ts"
import type { Database } from "./database.ts"
import { remember } from "./remember.ts"

/** 32 random bytes in base64url behind a prefix that secret scanners can look for. */
const keyShape = /^engram_sk_[A-Za-z0-9_-]{43}$/

const columns = `id, name, workspace_id as "workspaceId", store_id as "storeId", actions, scope_ids as "scopeIds"`

/** Keys as the doors ask for them. A revoked key stops working within 5 seconds, a new one works within 1. */
export function createApiKeys(options: { database: Database }): ApiKeys {
  const find = remember(async (keyHash) => {
    const [row] = await options.database.asFleet((tx) =>
      tx.query<ApiKey>(`select ${columns} from api_keys where hash = $1 and revoked_at is null`, [keyHash]),
    )
    return row
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
  /** Makes the workspace and the store when they are missing and, for a key that may write, the door its events come through. */
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

export function createApiKeyAdmin(options: { database: Database; ids: IdRules }): ApiKeyAdmin {
  const { database, ids } = options
  return {
    create: async ({ workspaceId, storeName, name, actions, scopeIds = [] }) => {
      const key = `engram_sk_${randomBytes(32).toString("base64url")}`
      const id: ApiKeyId = `key_${randomBytes(12).toString("hex")}`
      const storeId = ids.storeId(workspaceId, storeName)
      await database.inWorkspace(workspaceId, async (tx) => {
        await ensureStore(tx, { workspaceId, storeId, storeName })
        if (actions.includes("write")) {
          const door = ids.connectionId(workspaceId, "events", storeId)
          await insertConnection(tx, { id: door, workspaceId, storeId, source: "events", secrets: [] })
        }
        await tx.query(
          `insert into api_keys (id, workspace_id, store_id, name, hash, actions, scope_ids)
           values ($1, $2, $3, $4, $5, $6, $7)`,
          [id, workspaceId, storeId, name, hashOf(key), [...actions], [...scopeIds]],
        )
      })
      return { id, key }
    },
    list: () =>
      database.asFleet((tx) =>
        tx.query<ListedApiKey>(
          `select k.id, k.name, k.workspace_id as "workspaceId", k.store_id as "storeId", s.name as "storeName", k.actions,
                  k.scope_ids as "scopeIds", k.created_at as "createdAt", k.revoked_at as "revokedAt"
             from api_keys k join stores s on s.id = k.store_id order by k.created_at desc, k.id`,
        ),
      ),
    revoke: async (id) => {
      const [row] = await database.asFleet((tx) =>
        tx.query<{ workspace_id: string }>("select workspace_id from api_keys where id = $1", [id]),
      )
      if (!row) return false
      await database.inWorkspace(row.workspace_id, (tx) =>
        tx.query("update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1", [id]),
      )
      return true
    },
  }
}

const hashOf = (key: string): string => hash("sha256", key, "hex")
