import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
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

test("while one client writes, the event loop runs and another reads whole rows", () =>
  inDirectory(async (path) => {
    const [writer, reader] = [createSqliteVecIndex({ path }), createSqliteVecIndex({ path })]
    await writer.ensure("memory", 64)
    let turns = 0
    let writing = true
    const read = (async () => {
      while (writing) {
        await new Promise((resolve) => setImmediate(resolve))
        for (const { score } of await reader.query(target, record("").values, { topK: 3 })) expect(score).toBeCloseTo(1)
        turns++
      }
    })()
    await writer.upsert(
      target,
      Array.from({ length: 2_560 }, (_, i) => record(`v${i}`)),
    )
    writing = false
    await read
    expect(turns).toBeGreaterThanOrEqual(9)
    writer.close()
    reader.close()
  }))

test("a file that is no vector file is refused with what to do about it", () =>
  inDirectory(async (path) => {
    createSqliteVecIndex({ path }).close()
    await writeFile(path, "not a database, not a database, not a database ".repeat(400))
    expect(() => createSqliteVecIndex({ path })).toThrow(expect.objectContaining({ code: "vector_file_damaged" }))
  }))
