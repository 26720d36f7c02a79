import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import fc from "fast-check"
import { expect, test } from "vitest"
import { createKeptGroups } from "../src/kept-groups.ts"
import { createNearest, type Near } from "../src/nearest.ts"
import { openToRead, openVectorFile, rowsOfGroup } from "../src/sqlite-file.ts"

const all = (): boolean => true

/** A file with so many groups of no vectors, and what reads it. */
async function withGroups(
  groups: number,
  check: (file: { readonly write: DatabaseSync; readonly read: DatabaseSync }) => void,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "engram-vectors-"))
  const path = join(directory, "vectors.db")
  const write = openVectorFile(path)
  const read = openToRead(path)
  try {
    for (let number = 0; number < groups; number++) {
      write.prepare("insert into groups (number, space, memory_namespace) values (?, 1, ?)").run(number, `n${number}`)
    }
    check({ write, read })
  } finally {
    read.close()
    write.close()
    await rm(directory, { recursive: true })
  }
}

const put = (db: DatabaseSync, group: number, place: number, vector: readonly number[]): void => {
  const bytes = new Uint8Array(Float32Array.from(vector).buffer)
  db.prepare("insert or replace into vectors (row, space, id, embedding) values (?, 1, ?, ?)").run(
    group * rowsOfGroup + place,
    `${group}/${place}`,
    bytes,
  )
}
const drop = (db: DatabaseSync, group: number, place: number): void =>
  void db.prepare("delete from vectors where row = ?").run(group * rowsOfGroup + place)
const markOf = (db: DatabaseSync, number: number): number =>
  Number(db.prepare("select mark from groups where number = ?").get(number)!.mark)

function cosine(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [Float32Array.from(a), Float32Array.from(b)]
  const product = x.reduce((sum, value, i) => sum + value * y[i]!, 0)
  return product / (Math.hypot(...x) * Math.hypot(...y)) || 0
}

/** Whole numbers, so that sums are exact in whatever order they are made. */
const vectorOf = (dimension: number) =>
  fc.array(fc.integer({ min: -9, max: 9 }), { minLength: dimension, maxLength: dimension })

interface Place {
  readonly group: number
  readonly place: number
}
interface Put extends Place {
  readonly vector: readonly number[]
}
interface Ask {
  readonly groups: readonly number[]
  readonly vector: readonly number[]
}
type Step = ({ readonly act: "put" } & Put) | ({ readonly act: "drop" } & Place) | ({ readonly act: "ask" } & Ask)

/** Groups 0 and 1 hold vectors of one length, 2 and 3 of another. */
const story = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })).chain((dimensions) => {
  const step = fc.nat(1).chain((half) => {
    const group = fc.constantFrom(2 * half, 2 * half + 1)
    const vector = vectorOf(dimensions[half]!)
    const place = fc.integer({ min: 1, max: 5 })
    return fc.oneof(
      fc.record({ act: fc.constant("put" as const), group, place, vector }),
      fc.record({ act: fc.constant("drop" as const), group, place }),
      fc.record({ act: fc.constant("ask" as const), vector, groups: fc.uniqueArray(group) }),
    )
  })
  return fc.array(step, { maxLength: 60 })
})

/** What is nearest of all the rows there are. */
function nearestOf(
  rows: ReadonlyMap<string, readonly number[]>,
  groups: readonly number[],
  asked: readonly number[],
): Near[] {
  return [...rows]
    .filter(([id]) => groups.includes(Number(id.split("/")[0])))
    .map(([id, vector]) => ({ id, score: cosine(vector, asked) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, 7)
}

test("what is kept answers as a look at every row would, whatever was written, removed and forgotten before", () =>
  withGroups(4, ({ write, read }) => {
    const follow = (steps: readonly Step[]): void => {
      write.exec("delete from vectors")
      // Room for two blocks, so groups are forgotten all the time; and no group is too large.
      const { comparing } = createKeptGroups(read, { bytesMax: 2 * 32 * 1024 })
      const rows = new Map<string, readonly number[]>()
      const take = {
        put: ({ group, place, vector }: Put): void => {
          put(write, group, place, vector)
          rows.set(`${group}/${place}`, vector)
        },
        drop: ({ group, place }: Place): void => {
          drop(write, group, place)
          rows.delete(`${group}/${place}`)
        },
        ask: ({ groups, vector }: Ask): void => {
          const nearest = createNearest(7)
          const compare = comparing(Float32Array.from(vector), all, nearest)
          for (const number of groups) expect(compare({ number, mark: markOf(read, number) })).toBe(true)
          expect(rounded(nearest.best)).toEqual(rounded(nearestOf(rows, groups, vector)))
        },
      }
      for (const step of steps) take[step.act](step as never)
    }
    fc.assert(fc.property(story, follow), { numRuns: 300 })
  }))

/** Of equals by their scores any may be there: which ones depends on the last digit. */
const rounded = (best: readonly Near[]): number[] => best.map(({ score }) => Math.round(score * 1e5))

test("a group is read again once its mark is another, and not before", () =>
  withGroups(1, ({ write, read }) => {
    put(write, 0, 1, [1, 0])
    const { comparing } = createKeptGroups(read)
    const found = (mark: number): readonly string[] => {
      const nearest = createNearest(9)
      comparing(Float32Array.of(1, 0), all, nearest)({ number: 0, mark })
      return nearest.best.map(({ id }) => id)
    }
    const before = markOf(read, 0)
    expect(found(before)).toEqual(["0/1"])
    put(write, 0, 2, [0, 1])
    expect(found(before)).toEqual(["0/1"])
    expect(markOf(read, 0)).not.toBe(before)
    expect(found(markOf(read, 0))).toEqual(["0/1", "0/2"])
  }))

test("a group that is too large, or has vectors too long, is not kept", () =>
  withGroups(2, ({ write, read }) => {
    for (let place = 1; place <= 40; place++) put(write, 0, place, [1, 0])
    put(write, 1, 1, Array<number>(8_193).fill(1))
    const nearest = createNearest(9)
    const { comparing } = createKeptGroups(read, { bytesMax: 32 * 1024 })
    expect(comparing(Float32Array.of(1, 0), all, nearest)({ number: 0, mark: 1 })).toBe(false)
    expect(comparing(new Float32Array(8_193).fill(1), all, nearest)({ number: 1, mark: 1 })).toBe(false)
    expect(nearest.best).toEqual([])
  }))

test("the nearest are the first of all that were offered, by score and then by id", () =>
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string()),
      fc.array(fc.nat(3)),
      fc.integer({ min: 1, max: 9 }),
      (ids, scores, max) => {
        const offered = ids.map((id, at) => ({ id, score: scores[at] ?? 0 }))
        const nearest = createNearest(max)
        for (const near of offered) nearest.offer(near)
        const sorted = offered.toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
        expect(nearest.best).toEqual(sorted.slice(0, max))
        expect(nearest.floor()).toBe(nearest.best[max - 1]?.score ?? Number.NEGATIVE_INFINITY)
      },
    ),
  ))
