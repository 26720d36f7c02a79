import { Rejected } from "@engram/contracts/errors"
import type { ConnectionId } from "@engram/contracts/ids"
import type { Database } from "./database.ts"
import type { Sealer } from "./sealing.ts"

/** A connection that has something sealed, and whether the key opens all of it. */
export interface SealedConnection {
  /** `github of acme/main (con_…)` */
  readonly words: string
  readonly opens: boolean
}

interface SealedRow {
  readonly id: ConnectionId
  readonly workspaceId: string
  readonly storeName: string
  readonly source: string
  readonly secrets: readonly string[]
  readonly credentials: { readonly [name: string]: string }
}

/** Every connection that has something sealed, tried with the key at hand. */
export async function sealedConnections(options: {
  readonly database: Database
  readonly sealer: Sealer
}): Promise<SealedConnection[]> {
  const rows = await options.database.asFleet((tx) =>
    tx.query<SealedRow>(
      `select c.id, c.workspace_id as "workspaceId", s.name as "storeName", c.source, c.secrets, c.credentials
         from connections c join stores s on s.id = c.store_id
        where c.secrets <> '[]' or c.credentials <> '{}' order by c.workspace_id, s.name, c.source`,
    ),
  )
  return rows.map(({ id, workspaceId, storeName, source, secrets, credentials }) => {
    const seals = [
      ...secrets.map((sealed) => ({ sealed, owner: id as string })),
      ...Object.entries(credentials).map(([name, sealed]) => ({ sealed, owner: credentialOwner(id, name) })),
    ]
    const opens = seals.every(({ sealed, owner }) => openIfMine(options.sealer, sealed, owner) !== undefined)
    return { words: `${source} of ${workspaceId}/${storeName} (${id})`, opens }
  })
}

/** The name is bound into the seal, so that one credential cannot stand in for another. */
export const credentialOwner = (connectionId: string, name: string): string => `${connectionId} ${name}`

/** undefined when the key is not the one it was sealed with. */
export function openIfMine(sealer: Sealer, sealed: string, owner: string): string | undefined {
  try {
    return sealer.open(sealed, owner)
  } catch (error) {
    if (error instanceof Rejected && error.code === "secret_sealed_otherwise") return undefined
    throw error
  }
}

const namedMax = 5

/** Says which do not open and what helps; undefined when all do. */
export function sealedOtherwise(connections: readonly SealedConnection[]): Rejected | undefined {
  const closed = connections.filter(({ opens }) => !opens)
  if (closed.length === 0) return undefined
  const more = closed.length > namedMax ? ` and ${closed.length - namedMax} more` : ""
  const named = closed.slice(0, namedMax).map(({ words }) => words)
  return new Rejected(
    "secret_sealed_otherwise",
    `the secrets of ${closed.length} of ${connections.length} connections do not open: ${named.join(", ")}${more}. ` +
      "ENGRAM_SECRET_KEY (or secret.key in the data directory) is not the key they were sealed with: set that one again or, " +
      "if it is lost, give each a new secret: `engram connect … --rotate`, or `--secret` with the one its sender shows",
  )
}
