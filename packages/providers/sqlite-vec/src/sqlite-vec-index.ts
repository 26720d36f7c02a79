import { Rejected, RetryLater } from "@engram/contracts/errors"
import type { VectorIndex, VectorMetadata, VectorRecord, VectorTarget } from "@engram/contracts/ports"
import { createSearchThreads } from "./search-threads.ts"
import { openVectorFile, readFrom } from "./sqlite-file.ts"
import { createThreads } from "./threads.ts"
import type { Change, NewRow } from "./write-thread.ts"

const IDS_PER_PAGE = 1_000

/**
 * Vectors in one SQLite file, searched exactly. Any number of processes may open the same file. A read sees every
 * write that resolved before it. A search reads the whole namespace, or of memories the groups it names: 18 ms for 10,000 vectors
 * of 512 dimensions, so this is for namespaces of up to some 100,000. Searches and writes have threads of their own.
 */
export function createSqliteVecIndex({ path }: { path: string }): VectorIndex & { close(): void } {
  const db = openVectorFile(path)
  const searches = createSearchThreads(path)
  // SQLite waits for the disk on the thread that writes.
  const writer = createThreads<Change, void>(new URL("./write-thread.ts", import.meta.url), { path, threadsMax: 1 })
  const statements = {
    dimension: db.prepare("select dimension from indexes where name = ?"),
    space: db.prepare("select number from spaces where index_name = ? and namespace = ?"),
    present: db.prepare("select id from vectors where space = ? and id in (select value from json_each(?))"),
    list: db.prepare("select id from vectors where id > ? and space = ? order by id limit ?"),
    hashes: db.prepare("select id, hash from vectors where space = ? and id in (select value from json_each(?))"),
    count: db.prepare("select count(*) as vectors from vectors where space = ?"),
  }

  /** An index never changes its dimension, so what was read once stays true while the index lives. */
  const dimensions = new Map<string, number>()
  const dimensionOf = (index: string): number | undefined => {
    if (!dimensions.has(index)) {
      const row = readFrom(() => statements.dimension.get(index))
      if (row) dimensions.set(index, Number(row.dimension))
    }
    return dimensions.get(index)
  }

  const spaceOf = ({ index, namespace }: VectorTarget): number =>
    Number(readFrom(() => statements.space.get(index, namespace))?.number ?? 0)

  return {
    trailsMs: 0,

    async ensure(index, dimension) {
      // Another process may have dropped it since.
      dimensions.delete(index)
      if (dimensionOf(index) === undefined) await writer.ask({ kind: "add index", index, dimension })
      const existing = dimensionOf(index)
      if (existing !== undefined && existing !== dimension) throw mismatch(index, existing, dimension)
    },

    async upsert(target, records) {
      if (records.length === 0) return
      const dimension = dimensionOf(target.index)
      if (dimension === undefined) throw new RetryLater(`no vector index ${target.index}`, { afterMs: 1_000 })
      const wrong = records.find(({ values }) => values.length !== dimension)
      if (wrong) throw mismatch(target.index, dimension, wrong.values.length)
      const values = valuesOf(records, dimension)
      await writer.ask({ kind: "put", target, rows: records.map(rowOf), values }, [values.buffer])
    },

    async remove(target, ids) {
      if (ids.length > 0) await writer.ask({ kind: "remove", space: spaceOf(target), ids })
    },

    async query(target, values, { topK, filter = {} }) {
      const dimension = dimensionOf(target.index)
      if (dimension === undefined) return []
      if (dimension !== values.length) throw mismatch(target.index, dimension, values.length)
      return searches.search({ target, values, topK, filter })
    },

    async present(target, ids) {
      const space = spaceOf(target)
      return readFrom(() => statements.present.all(space, JSON.stringify(ids))).map(({ id }) => String(id))
    },

    async *list(target) {
      const space = spaceOf(target)
      for (let after = ""; ; ) {
        const rows = readFrom(() => statements.list.all(after, space, IDS_PER_PAGE))
        const ids = rows.map(({ id }) => String(id))
        if (ids.length > 0) yield ids
        if (ids.length < IDS_PER_PAGE) return
        after = ids.at(-1)!
      }
    },

    async hashes(target, ids) {
      const space = spaceOf(target)
      const rows = readFrom(() => statements.hashes.all(space, JSON.stringify(ids)))
      return new Map(rows.map(({ id, hash }) => [String(id), hash === null ? "" : String(hash)]))
    },

    clear: (target) => writer.ask({ kind: "clear", space: spaceOf(target) }),

    async drop(index) {
      dimensions.delete(index)
      await writer.ask({ kind: "drop index", index })
    },

    async count(target) {
      const space = spaceOf(target)
      return Number(readFrom(() => statements.count.get(space))?.vectors)
    },

    async check() {
      readFrom(() => db.prepare("select vec_version(), (select count(*) from indexes)").get())
    },

    close() {
      searches.close()
      writer.close()
      if (db.isOpen) db.close()
    },
  }
}

function mismatch(index: string, dimension: number, given: number): Rejected {
  const message = `index ${index} holds vectors of ${dimension} dimensions, not ${given}; each dimension needs an index of its own`
  return new Rejected("dimension_mismatch", message)
}

/** One after the other, in memory of their own that can be given away. */
function valuesOf(records: readonly VectorRecord[], dimension: number): Float32Array<ArrayBuffer> {
  const all = new Float32Array(records.length * dimension)
  for (const [at, { values }] of records.entries()) all.set(values, at * dimension)
  return all
}

const rowOf = ({ id, metadata: { source, type, occurredAt, namespace, hash } }: VectorRecord): NewRow => ({
  id,
  source: textOrNull(source),
  type: textOrNull(type),
  occurredAt: typeof occurredAt === "number" ? occurredAt : null,
  hash: textOrNull(hash),
  memoryNamespace: textOrNull(namespace) ?? "",
})

const textOrNull = (value: VectorMetadata[string] | undefined): string | null =>
  typeof value === "string" ? value : null
