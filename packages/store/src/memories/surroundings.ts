import type { EmbeddingVersion } from "@engram/contracts/knowledge"
import type { MemoryPlace } from "@engram/contracts/memory-ledger"
import type { Database } from "../database.ts"
import { writtenVersions } from "../knowledge/vectors.ts"
import { liveNamespace } from "./rows.ts"

export interface Namespace {
  readonly id: string
  readonly name: string
}

/** Names kept; past this all are asked for again. At most some MB. */
const livesMax = 20_000
/** A version that is replaced keeps its vectors for longer than this. */
const versionsMs = 5_000

interface Known {
  /** undefined of a name that had no life when it was last looked for. A search goes by that, a write asks. */
  readonly lives: Map<string, string | undefined>
  /** Versions that memories were seen to have vectors in. */
  readonly filled: Set<string>
  versions: readonly EmbeddingVersion[]
  versionsUntil: number
}

export type SurroundingsMemory = ReturnType<typeof createSurroundings>

/**
 * Remembers the namespaces and versions of stores, so that writes and searches ask first only for what it has not seen. What it
 * remembers may be over: whoever uses it has Postgres check it in the statement it is used in, and says what was found.
 */
export function createSurroundings(database: Database) {
  const stores = new Map<string, Known>()

  const knownOf = ({ storeId }: MemoryPlace): Known => {
    const known = stores.get(storeId)
    if (known && known.lives.size <= livesMax) return known
    const fresh = {
      lives: new Map<string, string | undefined>(),
      filled: new Set<string>(),
      versions: [],
      versionsUntil: 0,
    }
    stores.set(storeId, fresh)
    return fresh
  }

  const readVersions = async (place: MemoryPlace, known: Known): Promise<readonly EmbeddingVersion[]> => {
    if (performance.now() < known.versionsUntil) return known.versions
    known.versions = await database.inWorkspace(place.workspaceId, (tx) => writtenVersions(tx, place.storeId))
    known.versionsUntil = performance.now() + versionsMs
    return known.versions
  }

  /** Of all these names, `live` are those that live. */
  const noted = ({ lives }: Known, names: readonly string[], live: readonly Namespace[]): void => {
    for (const name of names) lives.set(name, undefined)
    for (const { id, name } of live) lives.set(name, id)
  }

  const ask = async (place: MemoryPlace, known: Known, names: readonly string[]): Promise<void> => {
    if (names.length > 0) noted(known, names, await readLives(database, place, names))
  }

  return {
    versions: (place: MemoryPlace) => readVersions(place, knownOf(place)),

    /** The life that each of these names has now; names without one are asked about again. */
    lives: async (place: MemoryPlace, names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
      const known = knownOf(place)
      await ask(
        place,
        known,
        [...new Set(names)].filter((name) => known.lives.get(name) === undefined),
      )
      // Of these names only, and the caller's own: what is remembered goes on changing.
      const lives = new Map<string, string>()
      for (const name of names) {
        const id = known.lives.get(name)
        if (id !== undefined) lives.set(name, id)
      }
      return lives
    },

    livesSeen: async (place: MemoryPlace, names: readonly string[]): Promise<string[]> => {
      const known = knownOf(place)
      const unknown = names.filter((name) => !known.lives.has(name))
      await ask(place, known, unknown)
      return names.flatMap((name) => known.lives.get(name) ?? [])
    },

    hasVectors: (place: MemoryPlace, { id }: EmbeddingVersion): boolean => knownOf(place).filled.has(id),
    sawVectors: (place: MemoryPlace, { id }: EmbeddingVersion): void => void knownOf(place).filled.add(id),

    saw: (place: MemoryPlace, names: readonly string[], live: readonly Namespace[]): void =>
      noted(knownOf(place), names, live),

    forget: (place: MemoryPlace): void => void stores.delete(place.storeId),
  }
}

const readLives = (database: Database, { workspaceId, storeId }: MemoryPlace, names: readonly string[]) =>
  database.oneInWorkspace<Namespace>(
    workspaceId,
    `select n.id, n.name from memory_namespaces n where n.store_id = $1 and n.name = any($2) and ${liveNamespace}`,
    [storeId, names],
  )
