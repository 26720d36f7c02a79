import { randomBytes } from "node:crypto"
import type { Connection } from "@engram/contracts/deliveries"
import type { ConnectionId, StoreId, WorkspaceId } from "@engram/contracts/ids"
import { connectionId, storeId as deriveStoreId } from "@engram/core/ids"
import { opened, type Row } from "./connections.ts"
import type { Database } from "./database.ts"
import { ensureStore } from "./ensure-store.ts"
import { assertNotForgotten } from "./forget/assert-not-forgotten.ts"
import { credentialOwner, openIfMine, sealedConnections, sealedOtherwise } from "./sealed-connections.ts"
import type { Sealer } from "./sealing.ts"
import type { Transaction } from "./transaction.ts"

/** A connection as operators list it: without its secrets and the values of its credentials. */
export interface ListedConnection {
  readonly id: ConnectionId
  readonly workspaceId: WorkspaceId
  readonly storeId: StoreId
  readonly storeName: string
  readonly source: string
  /** Valid now; two during a rotation. */
  readonly secrets: number
  /** The names of its credentials, sorted. */
  readonly credentials: readonly string[]
  readonly createdAt: Date
}

/** Credentials, by name. */
interface Named {
  readonly [name: string]: string
}

/** A connection after a change. */
export interface Changed extends Connection {
  /** What went because the key did not open it: `secret`, and names of credentials. */
  readonly dropped: readonly string[]
}

/**
 * Throws `Rejected("secret_sealed_otherwise")`, and changes nothing, when the key does not open what the connection has sealed or,
 * for one that is new or has nothing sealed yet, what any other has. Only a new secret replaces what does not open: it is dropped
 * then, of this one connection.
 */
export interface ConnectionAdmin {
  /**
   * The connection of one source into one store, made with its workspace and store when missing. A `secret` that is not its
   * newest becomes the newest, beside the one before. Without one, an old connection keeps its own and a new one gets 32 random
   * bytes (hex), or none if it `awaitsSecret` from the sender's handshake. Each of `credentials` replaces the one of its name; an
   * empty text takes it away; the others stay. `Rejected("workspace_forgotten")` in a workspace that was forgotten as a whole.
   */
  create(door: {
    readonly workspaceId: string
    readonly storeName: string
    readonly source: string
    readonly secret?: string
    readonly awaitsSecret?: boolean
    readonly credentials?: Named
  }): Promise<Changed & { readonly created: boolean }>
  /** The connection of one source into one store, if there is one. */
  find(door: {
    readonly workspaceId: string
    readonly storeName: string
    readonly source: string
  }): Promise<Connection | undefined>
  /**
   * A new secret first; the one before stays valid, older ones do not. Credentials as in `create`. undefined when there is no such
   * connection.
   */
  rotate(id: string, secret?: string, credentials?: Named): Promise<Changed | undefined>
  /** Ends a rotation: only the newest secret stays valid. False when there is no such connection. */
  settle(id: string): Promise<boolean>
  /** Lets every secret go, so that the sender's next handshake brings a new one. undefined when there is no such connection. */
  await(id: string, credentials?: Named): Promise<Changed | undefined>
  list(): Promise<ListedConnection[]>
}

export function createConnectionAdmin(options: { database: Database; sealer: Sealer }): ConnectionAdmin {
  const { database, sealer } = options

  const assertAllOpen = async (): Promise<void> => {
    const error = sealedOtherwise(await sealedConnections(options))
    if (error) throw error
  }

  /** Replaces the secrets of a connection, under its row lock; `next` gets them newest first. */
  const change = async (
    id: string,
    next: (secrets: readonly string[]) => readonly string[],
    { given = {}, dropping = false }: { readonly given?: Named | undefined; readonly dropping?: boolean },
  ): Promise<Changed | undefined> => {
    const [place] = await database.asFleet((tx) => tx.query<Row>("select * from connections where id = $1", [id]))
    if (!place) return undefined
    if (!hasSealed(place) && hasSealed({ secrets: next([]), credentials: withCredentials({}, given) }))
      await assertAllOpen()
    return database.inWorkspace(place.workspace_id, async (tx) => {
      const [row] = await tx.query<Row>("select * from connections where id = $1 for update", [id])
      if (!row) return undefined
      const { dropped, ...connection } = dropping ? openedInPart(sealer, row) : { ...opened(sealer, row), dropped: [] }
      const secrets = next(connection.secrets)
      const credentials = withCredentials(connection.credentials, given)
      await tx.query("update connections set secrets = $2, credentials = $3 where id = $1", [
        id,
        JSON.stringify(secrets.map((secret) => sealer.seal(secret, row.id))),
        JSON.stringify(sealCredentials(sealer, row.id, credentials)),
      ])
      return { ...connection, secrets, credentials, dropped }
    })
  }
  const putFirst = (secret: string) => (secrets: readonly string[]) =>
    secrets[0] === secret ? secrets : [secret, ...secrets].slice(0, 2)

  return {
    create: async ({ workspaceId, storeName, source, secret, awaitsSecret = false, credentials }) => {
      const storeId = deriveStoreId(workspaceId, storeName)
      const id = connectionId(workspaceId, source, storeId)
      const exists = await database.inWorkspace(workspaceId, async (tx) => {
        await assertNotForgotten(tx, workspaceId)
        return tx.query("select 1 from connections where id = $1", [id])
      })
      if (exists.length === 0) await assertAllOpen()
      const secrets = awaitsSecret && secret === undefined ? [] : [sealer.seal(secret ?? newSecret(), id)]
      const created = await database.inWorkspace(workspaceId, async (tx) => {
        await ensureStore(tx, { workspaceId, storeId, storeName })
        return insertConnection(tx, { id, workspaceId, storeId, source, secrets })
      })
      const next = secret === undefined ? (secrets: readonly string[]) => secrets : putFirst(secret)
      const connection = await change(id, next, { given: credentials, dropping: secret !== undefined })
      if (!connection) throw new Error(`connection ${id} went while it was made`)
      return { ...connection, created }
    },
    find: ({ workspaceId, storeName, source }) =>
      database.inWorkspace(workspaceId, async (tx) => {
        const id = connectionId(workspaceId, source, deriveStoreId(workspaceId, storeName))
        const [row] = await tx.query<Row>("select * from connections where id = $1", [id])
        return row && opened(sealer, row)
      }),
    rotate: (id, secret = newSecret(), given = {}) => change(id, putFirst(secret), { given, dropping: true }),
    settle: async (id) => (await change(id, (secrets) => secrets.slice(0, 1), {})) !== undefined,
    await: (id, given = {}) => change(id, () => [], { given, dropping: true }),
    list: () =>
      database.asFleet((tx) =>
        tx.query<ListedConnection>(
          `select c.id, c.workspace_id as "workspaceId", c.store_id as "storeId", s.name as "storeName", c.source,
                  jsonb_array_length(c.secrets) as secrets,
                  array(select jsonb_object_keys(c.credentials) order by 1) as credentials, c.created_at as "createdAt"
             from connections c join stores s on s.id = c.store_id
            order by c.workspace_id, s.name, c.source`,
        ),
      ),
  }
}

/** What the key opens of it; the rest is named. */
function openedInPart(sealer: Sealer, row: Row): Changed {
  const secrets = row.secrets.filter((sealed) => openIfMine(sealer, sealed, row.id) !== undefined)
  const [mine, others] = [{}, []] as [Record<string, string>, string[]]
  for (const [name, sealed] of Object.entries(row.credentials)) {
    if (openIfMine(sealer, sealed, credentialOwner(row.id, name)) === undefined) others.push(name)
    else mine[name] = sealed
  }
  const dropped = secrets.length < row.secrets.length ? ["secret", ...others] : others
  return { ...opened(sealer, { ...row, secrets, credentials: mine }), dropped }
}

const sealCredentials = (sealer: Sealer, id: string, credentials: Named) =>
  Object.fromEntries(
    Object.entries(credentials).map(([name, value]) => [name, sealer.seal(value, credentialOwner(id, name))]),
  )

const withCredentials = (present: Named, given: Named): { [name: string]: string } =>
  Object.fromEntries(Object.entries({ ...present, ...given }).filter(([, value]) => value !== ""))

const hasSealed = ({ secrets, credentials }: Pick<Row, "secrets" | "credentials">): boolean =>
  secrets.length > 0 || Object.keys(credentials).length > 0

const newSecret = (): string => randomBytes(32).toString("hex")

/** Whether it was not there before; an existing one is left as it is. */
export async function insertConnection(
  tx: Transaction,
  row: {
    readonly id: string
    readonly workspaceId: string
    readonly storeId: string
    readonly source: string
    /** Sealed. */
    readonly secrets: readonly string[]
  },
): Promise<boolean> {
  const made = await tx.query(
    `insert into connections (id, workspace_id, store_id, source, secrets) values ($1, $2, $3, $4, $5)
     on conflict do nothing returning id`,
    [row.id, row.workspaceId, row.storeId, row.source, JSON.stringify(row.secrets)],
  )
  return made.length > 0
}
