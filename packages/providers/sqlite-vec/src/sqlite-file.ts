import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as wait } from "node:timers/promises"
import { Rejected, RetryLater } from "@engram/contracts/errors"
import * as sqliteVec from "sqlite-vec"

/**
 * Vectors are rows of a plain table, not of sqlite-vec's `vec0`: measured at 512 dimensions and 10,000 rows, writes are
 * 5 times faster (55,000 rows/s against 11,000), exact search is as fast (13 ms), a write replaces in one statement and
 * a delete gives its pages back; and `vec0` keeps its rows in blocks of one partition each, of which a store with thousands of
 * memory namespaces would leave most empty. What is used of sqlite-vec is its distance function.
 *
 * A space is a namespace of an index; a group is what is searched together in it: a memory namespace, or the rest. A group's
 * number begins the numbers of its rows, so that they lie side by side in the file: a search reads its groups and nothing else
 * (1.8 µs a row of 512 dimensions; 3.2 when they lay as they came and an index led to them). Whoever writes a row gives its group
 * another mark, which no group ever had, so that what is kept of a group elsewhere is known to be as it is, or not.
 */
const schema = `
  create table if not exists indexes (name text primary key, dimension integer not null) strict;
  create table if not exists spaces (
    number integer primary key, index_name text not null, namespace text not null, unique (index_name, namespace)) strict;
  create table if not exists groups (
    number integer primary key, space integer not null, memory_namespace text not null, mark integer not null default 0,
    unique (space, memory_namespace)) strict;
  create table if not exists vectors (
    row integer primary key, space integer not null, id text not null,
    source text, type text, occurred_at real, hash text, embedding blob not null, unique (id, space)) strict;`

/** Rows of a group are numbered from `group * rowsOfGroup`: eight million groups of a billion rows stay whole numbers. */
export const rowsOfGroup = 2 ** 30

/** By triggers, since processes of an older version write to the file too. */
const marks = ["insert", "update", "delete"].map((change) => {
  const row = change === "delete" ? "old" : "new"
  return `create trigger if not exists marked_by_${change} after ${change} on vectors begin
    update groups set mark = random() & ${Number.MAX_SAFE_INTEGER} where number = ${row}.row / ${rowsOfGroup}; end;`
})

/**
 * Files from before there were groups: their vectors move, since Postgres takes them for written. A cross join is one in this
 * order, whatever SQLite thinks of tables it has not counted yet.
 */
const fromUngrouped = (memoryNamespace: string, hash: string): string => `
  alter table vectors rename to ungrouped;
  ${schema}
  insert into spaces (index_name, namespace) select distinct index_name, namespace from ungrouped;
  insert into groups (space, memory_namespace)
    select distinct s.number, ${memoryNamespace} from ungrouped u cross join spaces s using (index_name, namespace);
  create temp table moves as
    select u.row as old, g.space, g.number * ${rowsOfGroup} + row_number() over (partition by g.number order by u.row) as row
    from ungrouped u cross join spaces s cross join groups g
    where (s.index_name, s.namespace) = (u.index_name, u.namespace)
      and g.space = s.number and g.memory_namespace = ${memoryNamespace};
  insert into vectors (row, space, id, source, type, occurred_at, hash, embedding)
    select m.row, m.space, u.id, u.source, u.type, u.occurred_at, ${hash}, u.embedding
    from moves m cross join ungrouped u on u.row = m.old order by m.row;
  drop table moves;
  drop table ungrouped;`

/** sqlite-vec reads float32 in the machine's byte order, as a Float32Array holds them. */
export const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** Another process holds the write lock for milliseconds. Past this something is stuck. */
const BUSY_MAX_MS = 15_000

const code = { busy: 5, locked: 6, ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 }

/** Opens the file, and makes it when it is not there. Any number of processes may do so at once. */
export function openVectorFile(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true })
  return opened(path, {}, (db) => {
    // A page of 16 KB holds several vectors; at SQLite's 4 KB each wastes half a page and a scan takes twice as long.
    db.exec("pragma page_size = 16384")
    db.exec("pragma journal_mode = wal")
    // Postgres marks a vector as written once we answer, so the answer must survive a power cut.
    db.exec("pragma synchronous = full")
    // A statement with a trigger puts aside each page it changes. In files, by default: half a gigabyte for 7,700 vectors (measured).
    db.exec("pragma temp_store = memory")
    db.exec("begin immediate")
    const columns = db.prepare("select name from pragma_table_info('vectors')").all()
    const has = (column: string): boolean => columns.some(({ name }) => name === column)
    if (has("index_name")) {
      const memoryNamespace = has("memory_namespace") ? "coalesce(u.memory_namespace, '')" : "''"
      db.exec(fromUngrouped(memoryNamespace, has("hash") ? "u.hash" : "null"))
    } else db.exec(schema)
    const isMarked = db.prepare("select 1 from pragma_table_info('groups') where name = 'mark'").get()
    if (!isMarked) db.exec("alter table groups add column mark integer not null default 0")
    for (const mark of marks) db.exec(mark)
    db.exec("commit")
    // Short from here on: SQLite waits on the thread, so `written` waits instead, with the event loop free.
    db.exec("pragma busy_timeout = 20")
  })
}

/** Opens a file that is there, for searching it. */
export const openToRead = (path: string): DatabaseSync =>
  opened(path, { readOnly: true }, (db) => {
    // Read where the operating system has it: a search reads many pages once each, and copying them took as long as comparing
    // (measured: 3.3 µs a row of 512 dimensions without, 1.7 with). Beyond this size pages are copied as before. What is
    // mapped counts as the process's memory, so those who only write map nothing.
    db.exec("pragma mmap_size = 268435456")
  })

function opened(path: string, options: { readonly readOnly?: boolean }, prepare: (db: DatabaseSync) => void) {
  const db = new DatabaseSync(path, { allowExtension: true, timeout: 5_000, ...options })
  try {
    sqliteVec.load(db)
    db.enableLoadExtension(false)
    prepare(db)
    return db
  } catch (error) {
    db.close()
    throw failure(error)
  }
}

/** Runs `write` in one transaction, and waits for other processes that write. */
export async function written(db: DatabaseSync, write: () => void): Promise<void> {
  const deadline = performance.now() + BUSY_MAX_MS
  for (let waitMs = 2; ; waitMs = Math.min(waitMs * 2, 100)) {
    try {
      db.exec("begin immediate")
      break
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw failure(error)
    }
    await wait(waitMs * (0.5 + Math.random()))
  }
  try {
    write()
    db.exec("commit")
  } catch (error) {
    if (db.isTransaction) db.exec("rollback")
    throw failure(error)
  }
}

/** Runs `read` and gives SQLite's failures in our words. */
export function readFrom<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw failure(error)
  }
}

function isBusy(error: unknown): boolean {
  const at = errcode(error)
  return at === code.busy || at === code.locked
}

/** The primary result code; extended ones keep it in their low byte. */
function errcode(error: unknown): number {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : 0
}

/** SQLite's failures in our words. */
export function failure(cause: unknown): unknown {
  const at = errcode(cause)
  if (isBusy(cause)) return new RetryLater("the vector file is locked by another process", { afterMs: 1_000, cause })
  if (at === code.full || at === code.ioError || at === code.cannotOpen) {
    const afterMs = 30_000
    return new RetryLater("the vector file cannot be written: is the disk full or the directory gone?", {
      afterMs,
      cause,
    })
  }
  if (at === code.corrupt || at === code.notADatabase) {
    const message = "the vector file is damaged; stop Engram, delete it, and rebuild the vectors from Postgres"
    return new Rejected("vector_file_damaged", message, { cause })
  }
  return cause
}
