import type { DatabaseSync } from "node:sqlite"
import { setImmediate } from "node:timers/promises"
import type { VectorTarget } from "@engram/contracts/ports"
import { bytesOf, openVectorFile, rowsOfGroup, written } from "./sqlite-file.ts"
import { answerQuestions } from "./thread-side.ts"

/** Rows in one transaction: other processes that write wait for about 5 ms at 512 dimensions, 20 ms when a checkpoint falls in. */
const ROWS_PER_COMMIT = 256

export type Change =
  | { readonly kind: "add index"; readonly index: string; readonly dimension: number }
  | { readonly kind: "drop index"; readonly index: string }
  /** `values` are all rows' one after the other. */
  | {
      readonly kind: "put"
      readonly target: VectorTarget
      readonly rows: readonly NewRow[]
      readonly values: Float32Array
    }
  | { readonly kind: "remove"; readonly space: number; readonly ids: readonly string[] }
  | { readonly kind: "clear"; readonly space: number }

export interface NewRow {
  readonly id: string
  readonly source: string | null
  readonly type: string | null
  readonly occurredAt: number | null
  readonly hash: string | null
  /** Empty for what belongs to no memory namespace. */
  readonly memoryNamespace: string
}

function createWriter(db: DatabaseSync): (change: Change) => Promise<void> {
  const statements = {
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
    clear: db.prepare(`delete from vectors where row in (
      select v.row from groups g cross join vectors v
      where g.space = ? and v.row between g.number * ${rowsOfGroup} and (g.number + 1) * ${rowsOfGroup} - 1 limit ?)`),
    spacesOf: db.prepare("select number from spaces where index_name = ?"),
    drop: db.prepare("delete from indexes where name = ?"),
    forgetGroups: db.prepare("delete from groups where space = ?"),
    forgetSpace: db.prepare("delete from spaces where number = ?"),
  }

  /** Inside a transaction that writes: another process may have made it first. */
  const numbered = (find: "space" | "group", add: "addSpace" | "addGroup", key: [string | number, string]): number =>
    Number(statements[find].get(...key)?.number ?? statements[add].run(...key).lastInsertRowid)

  const put = (target: VectorTarget, { id, ...facets }: NewRow, values: Float32Array): void => {
    const space = numbered("space", "addSpace", [target.index, target.namespace])
    const group = numbered("group", "addGroup", [space, facets.memoryNamespace])
    const { source, type, occurredAt, hash } = facets
    const content = [source, type, occurredAt, hash, bytesOf(values)] as const

    const first = group * rowsOfGroup
    const row = Number(statements.find.get(id, space)?.row ?? -1)
    if (row >= first && row < first + rowsOfGroup) {
      statements.update.run(...content, row)
      return
    }
    if (row >= 0) statements.remove.run(id, space)
    const last = Number(statements.last.get(first, first + rowsOfGroup)?.row ?? first)
    statements.insert.run(...content, last + 1, space, id)
  }

  const inSlices = async <T>(items: readonly T[], write: (item: T, at: number) => void): Promise<void> => {
    for (let from = 0; from < items.length; from += ROWS_PER_COMMIT) {
      await written(db, () => {
        for (const [i, item] of items.slice(from, from + ROWS_PER_COMMIT).entries()) write(item, from + i)
      })
      await setImmediate()
    }
  }

  /** A few at a time, as they are written. */
  const clear = async (space: number): Promise<void> => {
    for (let removed = ROWS_PER_COMMIT; removed === ROWS_PER_COMMIT; await setImmediate()) {
      await written(db, () => {
        removed = Number(statements.clear.run(space, ROWS_PER_COMMIT).changes)
      })
    }
  }

  const drop = async (index: string): Promise<void> => {
    // First the name, so that nothing is written to it while its vectors go.
    await written(db, () => statements.drop.run(index))
    for (const { number } of statements.spacesOf.all(index)) {
      await clear(Number(number))
      await written(db, () => {
        statements.forgetGroups.run(number!)
        statements.forgetSpace.run(number!)
      })
    }
  }

  return (change) => {
    switch (change.kind) {
      case "add index":
        return written(db, () => statements.addIndex.run(change.index, change.dimension))
      case "drop index":
        return drop(change.index)
      case "put": {
        const dimension = change.values.length / change.rows.length
        return inSlices(change.rows, (row, at) =>
          put(change.target, row, change.values.subarray(at * dimension, (at + 1) * dimension)),
        )
      }
      case "remove":
        return inSlices(change.ids, (id) => statements.remove.run(id, change.space))
      case "clear":
        return clear(change.space)
    }
  }
}

answerQuestions<Change, void>((path) => createWriter(openVectorFile(path)))
