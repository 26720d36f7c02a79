import type { Connection, Connections } from "@engram/contracts/deliveries"
import type { Rejected } from "@engram/contracts/errors"
import type { ConnectionId, StoreId, WorkspaceId } from "@engram/contracts/ids"
import type { Database } from "./database.ts"
import { remember } from "./remember.ts"
import { credentialOwner, sealedConnections, sealedOtherwise } from "./sealed-connections.ts"
import type { Sealer } from "./sealing.ts"

export interface Row {
  readonly id: ConnectionId
  readonly workspace_id: WorkspaceId
  readonly store_id: StoreId
  readonly source: string
  readonly secrets: readonly string[]
  readonly credentials: { readonly [name: string]: string }
}

/** Keys and connections change rarely and are asked for with every request. */
export const kept = { foundMs: 5_000, missingMs: 1_000, entriesMax: 10_000 } as const

/** Connections as the doors ask for them. What changes is seen within 5 seconds, a new one within 1. */
export function createConnections(options: { database: Database; sealer: Sealer }): Connections & {
  /**
   * Throws `Rejected("secret_sealed_otherwise")` when the key opens nothing of what is stored. When it opens a part, the same error
   * goes to `onPart`: the connections that it names are of no use until each has a new secret.
   */
  checkSecretKey(onPart: (error: Rejected) => void): Promise<void>
} {
  const { database, sealer } = options
  // One that waits for its sender's handshake is asked for each time: whichever process shakes hands, all know the secret at once.
  const awaited = { ...kept, settled: ({ secrets }: Connection) => secrets.length > 0 }
  return {
    find: remember(async (id) => {
      const [row] = await database.asFleet((tx) =>
        tx.query<Row>(
          "select id, workspace_id, store_id, source, secrets, credentials from connections where id = $1",
          [id],
        ),
      )
      return row && opened(sealer, row)
    }, awaited),
    adopt: (connection, secret) =>
      database.inWorkspace(connection.workspaceId, async (tx) => {
        const [row] = await tx.query<Row>("select * from connections where id = $1 for update", [connection.id])
        if (!row || row.secrets.length > 0) return row !== undefined && opened(sealer, row).secrets.includes(secret)
        const sealed = [sealer.seal(secret, row.id)]
        await tx.query("update connections set secrets = $2 where id = $1", [row.id, JSON.stringify(sealed)])
        return true
      }),
    checkSecretKey: async (onPart) => {
      const connections = await sealedConnections(options)
      const error = sealedOtherwise(connections)
      if (error === undefined) return
      if (!connections.some(({ opens }) => opens)) throw error
      onPart(error)
    },
  }
}

export const opened = (sealer: Sealer, row: Row): Connection => ({
  id: row.id,
  workspaceId: row.workspace_id,
  storeId: row.store_id,
  source: row.source,
  secrets: row.secrets.map((sealed) => sealer.open(sealed, row.id)),
  credentials: openCredentials(sealer, row),
})

const openCredentials = (sealer: Sealer, { id, credentials }: Row): { [name: string]: string } =>
  Object.fromEntries(
    Object.entries(credentials).map(([name, sealed]) => [name, sealer.open(sealed, credentialOwner(id, name))]),
  )
