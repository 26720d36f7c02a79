import type { DatabaseSync } from "node:sqlite"
import type { Nearest } from "./nearest.ts"
import { rowsOfGroup } from "./sqlite-file.ts"
import { blockBytes, bytesOfVector, createVectorMemory } from "./vector-memory.ts"

/** 100,000 vectors of 512 dimensions take 220 MB. */
const keptBytesMax = 256 * 1024 * 1024
/** A group of more than this share is better read in the file than read again after each write: some 8,000 vectors of 512 dimensions. */
const groupShare = 1 / 16

/** What a filter looks at, as the file has it. */
export interface Facets {
  readonly source: string | null
  readonly type: string | null
  readonly occurredAt: number | null
}

/** A group and the mark that changes with each of its rows. */
export interface Group {
  readonly number: number
  readonly mark: number
}

/** A group as it was when it had this mark, in the order of its rows. */
interface KeptGroup {
  readonly mark: number
  readonly ids: readonly string[]
  readonly facets: readonly Facets[]
  readonly lengths: Float64Array
  /** Where its vectors lie, as many in each block as it holds. */
  readonly blocks: readonly number[]
}

type Row = [id: string, source: string | null, type: string | null, occurredAt: number | null, embedding: Uint8Array]

/**
 * The groups that were searched last, in memory: a vector of 512 dimensions takes 0.1 µs there and 1.5 in the file, and 4 to be
 * read again after its group has changed (measured).
 */
export function createKeptGroups(db: DatabaseSync, { bytesMax = keptBytesMax } = {}) {
  const memory = createVectorMemory()
  const blocksMax = Math.floor(bytesMax / blockBytes)
  /** The least lately used first. */
  const kept = new Map<number, KeptGroup>()
  let blocksKept = 0
  const last = db.prepare("select max(row) as row from vectors where row between ? and ?")
  const rowsOf = db.prepare("select id, source, type, occurred_at, embedding from vectors where row between ? and ?")
  rowsOf.setReturnArrays(true)

  const forget = (number: number): void => {
    const blocks = kept.get(number)?.blocks ?? []
    kept.delete(number)
    memory.give(blocks)
    blocksKept -= blocks.length
  }

  const rowsInMemory = ({ number, mark }: Group, vectorBytes: number): KeptGroup | undefined => {
    const range = [number * rowsOfGroup, (number + 1) * rowsOfGroup - 1] as const
    // They are numbered one after the other, so there are not more than this.
    const most = Number(last.get(...range)?.row ?? range[0]) - range[0]
    if (vectorBytes > blockBytes || most * vectorBytes > bytesMax * groupShare) return undefined
    const rows = rowsOf.all(...range) as unknown as Row[]
    const perBlock = Math.floor(blockBytes / vectorBytes)
    // One at least, so that a thousand empty groups are not kept for nothing.
    const blocksNeeded = Math.max(1, Math.ceil(rows.length / perBlock))
    for (const other of kept.keys()) {
      if (blocksKept + blocksNeeded <= blocksMax) break
      forget(other)
    }
    const blocks = memory.take(blocksNeeded)
    blocksKept += blocksNeeded
    for (const [at, [, , , , embedding]] of rows.entries()) {
      memory.write(blocks[Math.floor(at / perBlock)]! + (at % perBlock) * vectorBytes, embedding)
    }
    return {
      mark,
      ids: rows.map(([id]) => id),
      facets: rows.map(([, source, type, occurredAt]) => ({ source, type, occurredAt })),
      lengths: Float64Array.from(rows, ([, , , , embedding]) => lengthOf(valuesOf(embedding))),
      blocks,
    }
  }

  const has = ({ number, mark }: Group): boolean => kept.get(number)?.mark === mark

  /** undefined when it is too large to be kept. */
  const read = (group: Group, dimension: number): KeptGroup | undefined => {
    const { number } = group
    const known = has(group) ? kept.get(number) : undefined
    if (known) kept.delete(number)
    else forget(number)
    const inMemory = known ?? rowsInMemory(group, bytesOfVector(dimension))
    if (inMemory) kept.set(number, inMemory)
    return inMemory
  }

  /**
   * Offers what passes to `nearest`, by its cosine with `values`: all of the group that is given, or nothing and false when it is
   * too large to be kept.
   */
  const comparing = (values: Float32Array, passes: (facets: Facets) => boolean, nearest: Nearest) => {
    const vectorBytes = bytesOfVector(values.length)
    const length = lengthOf(values)
    if (vectorBytes <= blockBytes) memory.ask(values)
    return (group: Group): boolean => {
      const inMemory = read(group, values.length)
      if (!inMemory) return false
      const { ids, lengths, facets, blocks } = inMemory
      for (const [at, product] of memory.compare(blocks, ids.length, vectorBytes).entries()) {
        const score = product / (lengths[at]! * length) || 0
        if (score >= nearest.floor() && passes(facets[at]!)) nearest.offer({ id: ids[at]!, score })
      }
      return true
    }
  }

  return { has, read, comparing }
}

const valuesOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array =>
  new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT)

function lengthOf(values: Float32Array): number {
  let squares = 0
  for (let i = 0; i < values.length; i++) squares += values[i]! * values[i]!
  return Math.sqrt(squares)
}
