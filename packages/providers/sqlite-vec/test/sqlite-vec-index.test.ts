import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdirSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { RetryLater } from "@engram/contracts/errors"
import { vectorIndexPromises } from "@engram/testkit/vector-index-promises"
import { expect, test } from "vitest"
import { createSqliteVecIndex } from "../src/sqlite-vec-index.ts"

vectorIndexPromises("sqlite-vec", async () => {
  const directory = await mkdtemp(join(tmpdir(), "engram-vectors-"))
  const opened: ReturnType<typeof createSqliteVecIndex>[] = []
  return {
    open: () => {
      const vectors = createSqliteVecIndex({ path: join(directory, "vectors.db") })
      opened.push(vectors)
      return vectors
    },
    close: async () => {
      for (const vectors of opened) vectors.close()
      await rm(directory, { recursive: true })
    },
  }
})

async function inDirectory(check: (path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "engram-vectors-"))
  try {
    await check(join(directory, "deeper", "vectors.db"))
  } finally {
    await rm(directory, { recursive: true })
  }
}

const target = { index: "memory", namespace: "chunks" }
const record = (id: string) => ({ id, values: Float32Array.from({ length: 64 }, (_, i) => i + 1), metadata: {} })

test("what was written is there after the file is closed and opened again", () =>
  inDirectory(async (path) => {
    const before = createSqliteVecIndex({ path })
    await before.ensure("memory", 64)
    await before.upsert(target, [record("a")])
    before.close()
    const after = createSqliteVecIndex({ path })
    expect(await after.query(target, record("a").values, { topK: 1 })).toMatchObject([{ id: "a" }])
    after.close()
    after.close()
  }))

test("processes that open, make and fill a fresh file at once lose nothing", () =>
  inDirectory(async (path) => {
    const writers = Array.from({ length: 4 }, (_, i) =>
      fork(new URL("write-vectors.ts", import.meta.url), [path, `w${i}`], { execArgv: [] }),
    )
    const codes = await Promise.all(writers.map(async (writer) => (await once(writer, "exit"))[0]))
    expect(codes).toEqual([0, 0, 0, 0])
    const vectors = createSqliteVecIndex({ path })
    expect(await vectors.count(target)).toBe(4 * 600 + 1)
    vectors.close()
  }))

/** Turns of the event loop until `work` is done. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0
  let done = false
  const ended = work.finally(() => {
    done = true
  })
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve))
    turns++
  }
  await ended
  return turns
}

test("while one client writes, the event loop is free and another reads whole rows", () =>
  inDirectory(async (path) => {
    const [writer, reader] = [createSqliteVecIndex({ path }), createSqliteVecIndex({ path })]
    await writer.ensure("memory", 64)
    await writer.upsert(target, [record("first")])
    let writing = true
    const read = (async () => {
      while (writing) {
        for (const { score } of await reader.query(target, record("").values, { topK: 3 })) expect(score).toBeCloseTo(1)
      }
    })()
    const records = Array.from({ length: 2_560 }, (_, i) => record(`v${i}`))
    expect(await turnsDuring(writer.upsert(target, records))).toBeGreaterThanOrEqual(30)
    writing = false
    await read
    writer.close()
    reader.close()
  }))

test("a write that is not done when the file is closed is to be tried again", () =>
  inDirectory(async (path) => {
    const vectors = createSqliteVecIndex({ path })
    await vectors.ensure("memory", 64)
    const writing = vectors.upsert(target, [record("a")])
    vectors.close()
    await expect(writing).rejects.toThrow(RetryLater)
  }))

test("a search of many vectors leaves the event loop free", () =>
  inDirectory(async (path) => {
    const vectors = createSqliteVecIndex({ path })
    await vectors.ensure("memory", 64)
    await vectors.upsert(
      target,
      Array.from({ length: 10_000 }, (_, i) => record(`v${i}`)),
    )
    await vectors.query(target, record("").values, { topK: 3 })
    expect(await turnsDuring(vectors.query(target, record("").values, { topK: 3 }))).toBeGreaterThanOrEqual(10)
    vectors.close()
  }))

test("a search of one memory namespace does not wait until another has read two hundred", () =>
  inDirectory(async (path) => {
    const vectors = createSqliteVecIndex({ path })
    await vectors.ensure("memory", 64)
    const names = Array.from({ length: 200 }, (_, i) => `team:${i}`)
    const inEach = (name: string) =>
      Array.from({ length: 50 }, (_, i) => ({ ...record(`${name} ${i}`), metadata: { namespace: name } }))
    await vectors.upsert(target, names.flatMap(inEach))
    const answered: number[] = []
    const search = async (namespaces: readonly string[]) => {
      const hits = await vectors.query(target, record("").values, { topK: 20_000, filter: { namespaces } })
      answered.push(hits.length)
    }
    // The thread has begun, and knows none of them.
    await search([])
    await Promise.all([search(names), search(["team:7"]), search(names.slice(0, 2))])
    expect(answered).toEqual([0, 50, 100, 10_000])
    vectors.close()
  }))

test("a vector that moves to another memory namespace is found there and nowhere else", () =>
  inDirectory(async (path) => {
    const vectors = createSqliteVecIndex({ path })
    await vectors.ensure("memory", 64)
    const found = async (namespace: string) => {
      const hits = await vectors.query(target, record("").values, { topK: 9, filter: { namespaces: [namespace] } })
      return hits.map(({ id }) => id)
    }
    const inNamespace = (id: string, namespace: string) => ({ ...record(id), metadata: { namespace } })
    await vectors.upsert(
      target,
      ["a", "b", "c"].map((id) => inNamespace(id, "team:one")),
    )
    await vectors.upsert(target, [inNamespace("b", "team:two")])
    expect([await found("team:one"), await found("team:two")]).toEqual([["a", "c"], ["b"]])
    expect(await vectors.count(target)).toBe(3)
    vectors.close()
  }))

test("a search sees what others changed in a memory namespace since the last one, even those who know nothing of marks", () =>
  inDirectory(async (path) => {
    const [reader, writer] = [createSqliteVecIndex({ path }), createSqliteVecIndex({ path })]
    await writer.ensure("memory", 64)
    const metadata = { namespace: "team:one" }
    const found = async () => {
      const hits = await reader.query(target, record("").values, { topK: 9, filter: { namespaces: ["team:one"] } })
      return hits.map(({ id, score }) => `${id} ${score.toFixed(1)}`)
    }
    await writer.upsert(target, [{ ...record("a"), metadata }])
    expect(await found()).toEqual(["a 1.0"])
    await writer.upsert(target, [{ ...record("b"), metadata }])
    expect(await found()).toEqual(["a 1.0", "b 1.0"])
    await writer.upsert(target, [{ id: "a", values: record("").values.map((value) => -value), metadata }])
    expect(await found()).toEqual(["b 1.0", "a -1.0"])
    await writer.remove(target, ["b"])
    expect(await found()).toEqual(["a -1.0"])
    const old = new DatabaseSync(path)
    old.exec("update vectors set id = 'c' where id = 'a'")
    old.close()
    expect(await found()).toEqual(["c -1.0"])
    await writer.drop("memory")
    await writer.ensure("memory", 64)
    await writer.upsert(target, [{ ...record("d"), metadata }])
    expect(await found()).toEqual(["d 1.0"])
    reader.close()
    writer.close()
  }))

test("a file as it was before its rows lay in groups keeps its vectors", () =>
  inDirectory(async (path) => {
    mkdirSync(dirname(path))
    const before = new DatabaseSync(path)
    before.exec(`
      create table indexes (name text primary key, dimension integer not null) strict;
      create table vectors (
        row integer primary key, index_name text not null, namespace text not null, id text not null, source text, type text,
        occurred_at real, memory_namespace text, embedding blob not null, unique (id, namespace, index_name)) strict;
      create index vectors_by_namespace on vectors (index_name, namespace);
      insert into indexes values ('memory', 64)`)
    const insert = before.prepare("insert into vectors values (null, 'memory', 'chunks', ?, 'github', null, 7, ?, ?)")
    const bytes = new Uint8Array(record("").values.buffer)
    for (const [id, namespace] of Object.entries({ a: null, b: "team:one", c: "team:two", d: "team:one" })) {
      insert.run(id, namespace, bytes)
    }
    before.close()

    const vectors = createSqliteVecIndex({ path })
    const found = async (filter: object) => {
      return (await vectors.query(target, record("").values, { topK: 9, filter })).map(({ id }) => id)
    }
    expect(await found({ source: ["github"], since: 7 })).toEqual(["a", "b", "c", "d"])
    expect(await found({ namespaces: ["team:one"] })).toEqual(["b", "d"])
    await vectors.remove(target, ["b"])
    await vectors.upsert(target, [{ ...record("e"), metadata: { namespace: "team:one" } }])
    expect(await found({ namespaces: ["team:one"] })).toEqual(["d", "e"])
    vectors.close()
  }))

test("a file that is no vector file is refused with what to do about it", () =>
  inDirectory(async (path) => {
    createSqliteVecIndex({ path }).close()
    await writeFile(path, "not a database, not a database, not a database ".repeat(400))
    expect(() => createSqliteVecIndex({ path })).toThrow(expect.objectContaining({ code: "vector_file_damaged" }))
  }))
