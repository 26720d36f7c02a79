import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as wait } from "node:timers/promises"
import { Rejected, RetryLater } from "@engram/contracts/errors"
import * as sqliteVec from "sqlite-vec"

/**
 * Vectors are rows of a plain table, not of sqlite-vec's `vec0`: measured at 512 dimensions and 10,000 rows, writes are
 * 5 times faster (55,000 rows/s against 11,000), exact search is as fast (13 ms), a write replaces in one statement and
 * a delete gives its pages back. What is used of sqlite-vec is its distance function. The second index keeps a
 * namespace's rows in file order, which a search reads three times faster than in the order of their ids.
 */
const schema = `
  create table if not exists indexes (name text primary key, dimension integer not null) strict;
  create table if not exists vectors (
    row integer primary key,
    index_name text not null,
    namespace text not null,
    id text not null,
    source text,
    type text,
    occurred_at real,
    memory_namespace text,
    hash text,
    embedding blob not null,
    unique (id, namespace, index_name)
  ) strict;
  create index if not exists vectors_by_namespace on vectors (index_name, namespace);`

/** Memories are searched by their own namespaces, of which a store has thousands; other vectors have none. */
const memoryIndex = `create index if not exists vectors_by_memory_namespace
  on vectors (index_name, namespace, memory_namespace) where memory_namespace is not null`

/** Another process holds the write lock for milliseconds. Past this something is stuck. */
const BUSY_MAX_MS = 15_000

const code = { busy: 5, locked: 6, ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 }

/** Opens the file, and makes it when it is not there. Any number of processes may do so at once. */
export function openVectorFile(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true })
  const db = new DatabaseSync(path, { allowExtension: true, timeout: 5_000 })
  try {
    prepare(db)
  } catch (error) {
    db.close()
    throw failure(error)
  }
  return db
}

function prepare(db: DatabaseSync): void {
  sqliteVec.load(db)
  db.enableLoadExtension(false)
  // A page of 16 KB holds several vectors; at SQLite's 4 KB each wastes half a page and a scan takes twice as long.
  db.exec("pragma page_size = 16384")
  // Read where the operating system has it: a search reads many pages once each, and copying them took as long as comparing
  // (measured: 3.3 µs a row of 512 dimensions without, 1.7 with). Beyond this size pages are copied as before.
  db.exec("pragma mmap_size = 536870912")
  db.exec("pragma journal_mode = wal")
  // Postgres marks a vector as written once we answer, so the answer must survive a power cut.
  db.exec("pragma synchronous = full")
  db.exec(`begin immediate; ${schema}`)
  // Older files lack columns that came later.
  const columns = db.prepare("select name from pragma_table_info('vectors')").all()
  for (const added of ["memory_namespace", "hash"]) {
    if (!columns.some(({ name }) => name === added)) db.exec(`alter table vectors add column ${added} text`)
  }
  db.exec(`${memoryIndex}; commit`)
  // Short from here on: SQLite waits on the thread, so `written` waits instead, with the event loop free.
  db.exec("pragma busy_timeout = 20")
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

function failure(cause: unknown): unknown {
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
