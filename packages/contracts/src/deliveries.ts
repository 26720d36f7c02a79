import type { ApiKeyId, ConnectionId, DeliveryId, StoreId, WorkspaceId } from "./ids.ts"

export const deliveryStates = ["received", "processed", "skipped", "parked"] as const
export type DeliveryState = (typeof deliveryStates)[number]

/** A delivery as it enters: authentic, and not looked at further. */
export interface NewDelivery {
  readonly id: DeliveryId
  readonly workspaceId: WorkspaceId
  readonly storeId: StoreId
  readonly connectionId: ConnectionId
  readonly deliveryKey: string
  readonly source: string
  readonly event: string
  readonly headers: { readonly [name: string]: string }
  readonly body: Uint8Array
  /** SHA-256 of the body, hex. */
  readonly bodyHash: string
}

export interface DeliveryInbox {
  /**
   * Inserts all rows in one transaction and says of each, in order, whether it is new or a repeat of one already there.
   * Durable when it resolves. `Rejected` when Postgres refuses a row's data (then none was inserted), `RetryLater` when it is away.
   */
  insert(deliveries: readonly NewDelivery[]): Promise<("new" | "duplicate")[]>
  /** Deliveries of the workspace that are received and not yet normalized, counted up to `limit`. */
  backlog(workspaceId: WorkspaceId, limit: number): Promise<number>
}

/** A configured door, with its secrets and credentials unsealed. */
export interface Connection {
  readonly id: ConnectionId
  readonly workspaceId: WorkspaceId
  readonly storeId: StoreId
  readonly source: string
  /** Newest first; two during a rotation. */
  readonly secrets: readonly string[]
  /** What we call the provider's API with, by name: `token`. */
  readonly credentials: { readonly [name: string]: string }
}

export interface Connections {
  find(id: string): Promise<Connection | undefined>
  /** Keeps the secret that a sender's handshake brings, if the connection has none. Whether it is the connection's secret now. */
  adopt(connection: Connection, secret: string): Promise<boolean>
}

export const keyActions = ["write", "search"] as const
export type KeyAction = (typeof keyActions)[number]

/** Who is asking, once the key is known. */
export interface ApiKey {
  readonly id: ApiKeyId
  readonly name: string
  readonly workspaceId: WorkspaceId
  readonly storeId: StoreId
  readonly actions: readonly KeyAction[]
  /** Private scopes it may read, by scope id. */
  readonly scopeIds: readonly string[]
}

export interface ApiKeys {
  /** The key's owner, or undefined when there is no such key or it was revoked. */
  authenticate(key: string): Promise<ApiKey | undefined>
}
