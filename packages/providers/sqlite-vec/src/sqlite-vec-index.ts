import { setImmediate } from "node:timers/promises"
import { Rejected, RetryLater } from "@engram/contracts/errors"
import type { VectorIndex, VectorRecord, VectorTarget } from "@engram/contracts/ports"
import { createSearchThreads } from "./search-threads.ts"
import { openVectorFile, readFrom, rowsOfGroup, written } from "./sqlite-file.ts"

/** Rows in one transaction: the event loop is held for about 5 ms at 512 dimensions, 20 ms when a checkpoint falls in. */
const ROWS_PER_COMMIT = 256
const IDS_PER_PAGE = 1_000

/**
 * Vectors in one SQLite file, searched exactly. Any number of processes may open the same file. A read sees every
 * write that resolved before it. A search reads the whole namespace, or of memories the groups it names, on a thread of its
 * own: 18 ms for 10,000 vectors of 512 dimensions, so this is for namespaces of up to some 100,000.
 */
export function createSqliteVecIndex({ path }: { path: string }): VectorIndex & { close(): void } {
  const db = openVectorFile(path)
  const threads = createSearchThreads(path)
  const statements = {
    dimension: db.prepare("select dimension from indexes where name = ?"),
    addIndex: db.prepare("insert into indexes (name, dimension) values (?, ?) on conflict do nothing"),
    space: db.prepare("select number from spaces where index_name = ? and namespace = ?"),
    addSpace: db.prepare("insert into spaces (index_name, namespace) values (?, ?)"),
    group: db.prepare("select number from groups where space = ? and memory_namespace = ?"),
    addGroup: db.prepare("insert into groups (space, memory_namespace) values (?, ?)"),
    find: db.prepare("select row from vectors where id = ? and space = ?"),
    last: db.prepare("select max(row) as row from vectors where row >= ? and row < ?"),
    update: db.prepare(
      "update vectors set source = ?, type = ?, occurred_at = ?, hash = ?, embedding = ? where row = ?",
    ),
    insert: db.prepare(
      "insert into vectors (source, type, occurred_at, hash, embedding, row, space, id) values (?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    remove: db.prepare("delete from vectors where id = ? and space = ?"),
    present: db.prepare("select id from vectors where space = ? and id in (select value from json_each(?))"),
    list: db.prepare("select id from vectors where id > ? and space = ? order by id limit ?"),
    hashes: db.prepare("select id, hash from vectors where space = ? and id in (select value from json_each(?))"),
    clear: db.prepare(`delete from vectors where row in (
      select v.row from groups g cross join vectors v
      where g.space = ? and v.row between g.number * ${rowsOfGroup} and (g.number + 1) * ${rowsOfGroup} - 1 limit ?)`),
    count: db.prepare("select count(*) as vectors from vectors where space = ?"),
    spacesOf: db.prepare("select number from spaces where index_name = ?"),
    drop: db.prepare("delete from indexes where name = ?"),
    forgetGroups: db.prepare("delete from groups where space = ?"),
    forgetSpace: db.prepare("delete from spaces where number = ?"),
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

  /** Inside a transaction that writes: another process may have made it first. */
  const numbered = (find: "space" | "group", add: "addSpace" | "addGroup", key: [string | number, string]): number =>
    Number(statements[find].get(...key)?.number ?? statements[add].run(...key).lastInsertRowid)

  const spaceOf = ({ index, namespace }: VectorTarget): number =>
    Number(readFrom(() => statements.space.get(index, namespace))?.number ?? 0)

  const write = (target: VectorTarget, { id, values, metadata }: VectorRecord): void => {
    const { source, type, occurredAt, namespace, hash } = metadata
    const space = numbered("space", "addSpace", [target.index, target.namespace])
    const group = numbered("group", "addGroup", [space, textOrNull(namespace) ?? ""])
    const at = typeof occurredAt === "number" ? occurredAt : null
    const facets = [textOrNull(source), textOrNull(type), at, textOrNull(hash), bytesOf(values)] as const

    const first = group * rowsOfGroup
    const row = Number(statements.find.get(id, space)?.row ?? -1)
    if (row >= first && row < first + rowsOfGroup) {
      statements.update.run(...facets, row)
      return
    }
    if (row >= 0) statements.remove.run(id, space)
    const last = Number(statements.last.get(first, first + rowsOfGroup)?.row ?? first)
    statements.insert.run(...facets, last + 1, space, id)
  }

  /** A few at a time, as they are written. */
  const clear = async (space: number): Promise<void> => {
    for (let removed = ROWS_PER_COMMIT; removed === ROWS_PER_COMMIT; await setImmediate()) {
      await written(db, () => {
        removed = Number(statements.clear.run(space, ROWS_PER_COMMIT).changes)
      })
    }
  }

  const inSlices = async <T>(items: readonly T[], write: (item: T) => void): Promise<void> => {
    for (let from = 0; from < items.length; from += ROWS_PER_COMMIT) {
      await written(db, () => {
        for (const item of items.slice(from, from + ROWS_PER_COMMIT)) write(item)
      })
      await setImmediate()
    }
  }

  return {
    trailsMs: 0,

    async ensure(index, dimension) {
      // Another process may have dropped it since.
      dimensions.delete(index)
      if (dimensionOf(index) === undefined) await written(db, () => statements.addIndex.run(index, dimension))
      const existing = dimensionOf(index)
      if (existing !== undefined && existing !== dimension) throw mismatch(index, existing, dimension)
    },

    async upsert(target, records) {
      if (records.length === 0) return
      const dimension = dimensionOf(target.index)
      if (dimension === undefined) throw new RetryLater(`no vector index ${target.index}`, { afterMs: 1_000 })
      const wrong = records.find(({ values }) => values.length !== dimension)
      if (wrong) throw mismatch(target.index, dimension, wrong.values.length)
      await inSlices(records, (record) => write(target, record))
    },

    async remove(target, ids) {
      const space = spaceOf(target)
      await inSlices(ids, (id) => statements.remove.run(id, space))
    },

    async query(target, values, { topK, filter = {} }) {
      const dimension = dimensionOf(target.index)
      if (dimension === undefined) return []
      if (dimension !== values.length) throw mismatch(target.index, dimension, values.length)
      return threads.search({ target, values, topK, filter })
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

    clear: (target) => clear(spaceOf(target)),

    async drop(index) {
      dimensions.delete(index)
      // First the name, so that nothing is written to it while its vectors go.
      await written(db, () => statements.drop.run(index))
      for (const { number } of readFrom(() => statements.spacesOf.all(index))) {
        await clear(Number(number))
        await written(db, () => {
          statements.forgetGroups.run(number!)
          statements.forgetSpace.run(number!)
        })
      }
    },

    async count(target) {
      const space = spaceOf(target)
      return Number(readFrom(() => statements.count.get(space))?.vectors)
    },

    async check() {
      readFrom(() => db.prepare("select vec_version(), (select count(*) from indexes)").get())
    },

    close() {
      threads.close()
      if (db.isOpen) db.close()
    },
  }
}

function mismatch(index: string, dimension: number, given: number): Rejected {
  const message = `index ${index} holds vectors of ${dimension} dimensions, not ${given}; each dimension needs an index of its own`
  return new Rejected("dimension_mismatch", message)
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
