import { randomBytes } from "node:crypto"
import type { MemoryLedger, MemoryPlace, NamespaceRow } from "@engram/contracts/memory-ledger"
import type { Database } from "../database.ts"
import { assertNotForgotten, forgottenWorkspace } from "../forget/assert-not-forgotten.ts"
import { shareVersions, versionsLock } from "../knowledge/vectors.ts"
import { liveNamespace } from "./rows.ts"
import type { SurroundingsMemory } from "./surroundings.ts"

type Namespaces = Pick<MemoryLedger, "putNamespace" | "patchNamespace" | "endNamespace">

const columns = `n.name, n.kind, n.expires_at as "expiresAt", n.metadata, n.created_at as "createdAt"`

/** One life of a name. Names have no `@`, so what comes after it tells the lives apart. */
const lifeOf = (name: string): string => `${name}@${randomBytes(6).toString("hex")}`

const put = `
  insert into memory_namespaces as n (id, workspace_id, store_id, name, kind, expires_at, metadata)
  select $1, $2, $3, $4, $5, $6::timestamptz, $7
  where not exists (select ${forgottenWorkspace("$2")})
  on conflict (store_id, name) where ended_at is null
  do update set kind = excluded.kind, expires_at = excluded.expires_at, metadata = excluded.metadata`

const putColumns = `n.id, (${liveNamespace}) as lives, ${columns}`
const putSql = `${put} returning ${putColumns}`
/** Puts nothing where the namespace of that name has expired, or the workspace was forgotten. */
const putUnlessExpiredSql = `${put} where ${liveNamespace} returning ${putColumns}`

interface PutRow extends NamespaceRow {
  readonly id: string
  /** One may be put that has expired already. */
  readonly lives: boolean
}

export const createNamespaces = (database: Database, surroundings: SurroundingsMemory): Namespaces => ({
  putNamespace: async (place, { name, kind, expiresAt, metadata }) => {
    const values = [lifeOf(name), place.workspaceId, place.storeId, name, kind, expiresAt, metadata]
    // Shared, so that who forgets the workspace waits for this, or is seen.
    const sharing = versionsLock(place.storeId)
    const [there] = await database.oneInWorkspace<PutRow>(place.workspaceId, putUnlessExpiredSql, values, { sharing })
    const { id, lives, ...row } = there ?? (await beginAnew(database, place, name, values))
    // It is written to next.
    if (lives) surroundings.saw(place, [name], [{ id, name }])
    return row
  },

  patchNamespace: (place, name, { expiresAt, metadata }) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const [row] = await tx.query<NamespaceRow>(
        `update memory_namespaces n set expires_at = coalesce($3, n.expires_at), metadata = coalesce($4, n.metadata)
         where n.store_id = $1 and n.name = $2 and ${liveNamespace} returning ${columns}`,
        [place.storeId, name, expiresAt ?? null, metadata ?? null],
      )
      return row
    }),

  endNamespace: (place, name) =>
    database.inWorkspace(place.workspaceId, async (tx) => {
      const ended = await tx.query(
        `update memory_namespaces n set ended_at = now() where n.store_id = $1 and n.name = $2 and ${liveNamespace} returning id`,
        [place.storeId, name],
      )
      return ended.length > 0
    }),
})

/** What has expired does not come back: the name begins anew, and the old memories stay gone. */
const beginAnew = (database: Database, place: MemoryPlace, name: string, values: readonly unknown[]): Promise<PutRow> =>
  database.inWorkspace(place.workspaceId, async (tx) => {
    await shareVersions(tx, place.storeId)
    await assertNotForgotten(tx, place.workspaceId)
    await tx.query(
      `update memory_namespaces set ended_at = now()
       where store_id = $1 and name = $2 and ended_at is null and expires_at <= now()`,
      [place.storeId, name],
    )
    const [begun] = await tx.query<PutRow>(putSql, values)
    return begun!
  })
