import type { SQLInputValue } from "node:sqlite"
import { setImmediate } from "node:timers/promises"
import { Rejected, RetryLater } from "@engram/contracts/errors"
import type { VectorFilter, VectorIndex, VectorTarget } from "@engram/contracts/ports"
import { openVectorFile, readFrom, written } from "./sqlite-file.ts"

/** Rows in one transaction: the event loop is held for about 5 ms at 512 dimensions, 20 ms when a checkpoint falls in. */
const ROWS_PER_COMMIT = 256
const IDS_PER_PAGE = 1_000

/**
 * Vectors in one SQLite file, searched exactly. Any number of processes may open the same file. A read sees every
 * write that resolved before it. A search reads the whole namespace: 13 ms for 10,000 vectors of 512 dimensions, during
 * which the thread does nothing else, so this is for namespaces of up to some 100,000.
 */
export function createSqliteVecIndex({ path }: { path: string }): VectorIndex & { close(): void } {
  const db = openVectorFile(path)
  const statements = {
    dimension: db.prepare("select dimension from indexes where name = ?"),
    addIndex: db.prepare("insert into indexes (name, dimension) values (?, ?) on conflict do nothing"),
    upsert: db.prepare(`
      insert into vectors (index_name, namespace, id, source, type, occurred_at, memory_namespace, hash, embedding)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?)
      on conflict (id, namespace, index_name) do update set source = excluded.source, type = excluded.type,
        occurred_at = excluded.occurred_at, memory_namespace = excluded.memory_namespace, hash = excluded.hash,
        embedding = excluded.embedding`),
    remove: db.prepare("delete from vectors where index_name = ? and namespace = ? and id = ?"),
    present: db.prepare(
      "select id from vectors where index_name = ? and namespace = ? and id in (select value from json_each(?))",
    ),
    // The plus signs keep it to the index of ids: the other one would sort the namespace again for each page.
    list: db.prepare("select id from vectors where id > ? and +index_name = ? and +namespace = ? order by id limit ?"),
    hashes: db.prepare(
      "select id, hash from vectors where index_name = ? and namespace = ? and id in (select value from json_each(?))",
    ),
    clear: db.prepare(
      "delete from vectors where row in (select row from vectors where index_name = ? and namespace = ? limit ?)",
    ),
    count: db.prepare("select count(*) as vectors from vectors where index_name = ? and namespace = ?"),
  }

  /** An index never changes its dimension, so what was read once stays true while the file lives. */
  const dimensions = new Map<string, number>()
  const dimensionOf = (index: string): number | undefined => {
    if (!dimensions.has(index)) {
      const row = readFrom(() => statements.dimension.get(index))
      if (row) dimensions.set(index, Number(row.dimension))
    }
    return dimensions.get(index)
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
    async ensure(index, dimension) {
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

      await inSlices(records, ({ id, values, metadata }) => {
        const { source, type, occurredAt, namespace, hash } = metadata
        const at = typeof occurredAt === "number" ? occurredAt : null
        const facets = [textOrNull(source), textOrNull(type), at, textOrNull(namespace), textOrNull(hash)]
        statements.upsert.run(target.index, target.namespace, id, ...facets, bytesOf(values))
      })
    },

    async remove(target, ids) {
      await inSlices(ids, (id) => statements.remove.run(target.index, target.namespace, id))
    },

    async query(target, values, { topK, filter = {} }) {
      const dimension = dimensionOf(target.index)
      if (dimension === undefined) return []
      if (dimension !== values.length) throw mismatch(target.index, dimension, values.length)

      const { conditions, parameters } = conditionsOf(target, filter)
      const nearest = `select id, vec_distance_cosine(embedding, ?) as distance from vectors
        where ${conditions.join(" and ")} order by distance, id limit ?`
      const rows = readFrom(() => db.prepare(nearest).all(bytesOf(values), ...parameters, topK))
      return rows.map(({ id, distance }) => ({ id: String(id), score: 1 - Number(distance) }))
    },

    async present({ index, namespace }, ids) {
      const rows = readFrom(() => statements.present.all(index, namespace, JSON.stringify(ids)))
      return rows.map(({ id }) => String(id))
    },

    async *list({ index, namespace }) {
      for (let after = ""; ; ) {
        const rows = readFrom(() => statements.list.all(after, index, namespace, IDS_PER_PAGE))
        const ids = rows.map(({ id }) => String(id))
        if (ids.length > 0) yield ids
        if (ids.length < IDS_PER_PAGE) return
        after = ids.at(-1)!
      }
    },

    async hashes({ index, namespace }, ids) {
      const rows = readFrom(() => statements.hashes.all(index, namespace, JSON.stringify(ids)))
      return new Map(rows.map(({ id, hash }) => [String(id), hash === null ? "" : String(hash)]))
    },

    async clear({ index, namespace }) {
      for (let removed = ROWS_PER_COMMIT; removed === ROWS_PER_COMMIT; ) {
        await written(db, () => {
          removed = Number(statements.clear.run(index, namespace, ROWS_PER_COMMIT).changes)
        })
        await setImmediate()
      }
    },

    async count({ index, namespace }) {
      return Number(readFrom(() => statements.count.get(index, namespace))?.vectors)
    },

    async check() {
      readFrom(() => db.prepare("select vec_version(), (select count(*) from indexes)").get())
    },

    close() {
      if (db.isOpen) db.close()
    },
  }
}

function conditionsOf(target: VectorTarget, filter: VectorFilter) {
  const conditions = ["index_name = ?", "namespace = ?"]
  const parameters: SQLInputValue[] = [target.index, target.namespace]
  const facets = { source: filter.source, type: filter.type, memory_namespace: filter.namespaces }
  for (const [facet, allowed] of Object.entries(facets)) {
    if (!allowed) continue
    conditions.push(`${facet} in (select value from json_each(?))`)
    parameters.push(JSON.stringify(allowed))
  }
  if (filter.since !== undefined) {
    conditions.push("occurred_at >= ?")
    parameters.push(filter.since)
  }
  if (filter.until !== undefined) {
    conditions.push("occurred_at <= ?")
    parameters.push(filter.until)
  }
  return { conditions, parameters }
}

function mismatch(index: string, dimension: number, given: number): Rejected {
  const message = `index ${index} holds vectors of ${dimension} dimensions, not ${given}; each dimension needs an index of its own`
  return new Rejected("dimension_mismatch", message)
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null
}

/** sqlite-vec reads float32 in the machine's byte order, as a Float32Array holds them. */
function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
