import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { MemoryPlace } from "@engram/contracts/memories"
import type { Database } from "../database.ts"
import { laneVersions } from "../knowledge/vectors.ts"
import { liveNamespace } from "./rows.ts"

/** What a write to a store takes for given, and has Postgres check when it writes. */
export interface Surroundings {
  /** The life that each name has now. */
  readonly lives: ReadonlyMap<string, string>
  readonly versions: readonly EmbeddingVersion[]
}

/** Names kept; past this all are asked for again. At most some MB. */
const livesMax = 20_000

/** Remembers namespaces and versions, so that a write need not ask. What it remembers may be over: the write finds out. */
export function createSurroundings(database: Database) {
  const known = new Map<string, { lives: Map<string, string>; versions: readonly EmbeddingVersion[] }>()

  const livesOf = ({ workspaceId, storeId }: MemoryPlace, names: readonly string[]) =>
    database.oneInWorkspace<{ id: string; name: string }>(
      workspaceId,
      `select n.id, n.name from memory_namespaces n where n.store_id = $1 and n.name = any($2) and ${liveNamespace}`,
      [storeId, names],
    )

  return {
    of: async (place: MemoryPlace, names: readonly string[]): Promise<Surroundings> => {
      const around = known.get(place.storeId) ?? {
        lives: new Map<string, string>(),
        versions: await database.inWorkspace(place.workspaceId, (tx) => laneVersions(tx, place.storeId, "")),
      }
      const unknown = new Set(names.filter((name) => !around.lives.has(name)))
      if (around.lives.size + unknown.size > livesMax) around.lives = new Map()
      if (unknown.size > 0) {
        const asked = around.lives.size === 0 ? names : [...unknown]
        for (const { id, name } of await livesOf(place, asked)) around.lives.set(name, id)
      }
      known.set(place.storeId, around)
      return around
    },

    forget: (place: MemoryPlace): void => void known.delete(place.storeId),
  }
}
