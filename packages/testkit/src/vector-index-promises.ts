import { Rejected, RetryLater } from "@engram/contracts/errors"
import type { VectorIndex, VectorRecord } from "@engram/contracts/ports"
import { describe, expect, test, vi } from "vitest"

/** What a suite is given: one empty store of vectors, and as many clients of it as it opens, as processes would. */
export interface VectorIndexUnderTest {
  readonly open: () => VectorIndex
  readonly close: () => Promise<void>
}

const dimension = 8

/** Reads may trail writes: what is read is asked for until it is as promised. */
const eventually = (assert: () => Promise<void>) => vi.waitFor(assert, { timeout: 10_000, interval: 10 })

/** Every vector index keeps these promises. Reads may trail writes, so what is read is polled for. */
export function vectorIndexPromises(name: string, create: () => Promise<VectorIndexUnderTest>): void {
  const using = async (check: (vectors: VectorIndex, open: () => VectorIndex) => Promise<void>) => {
    const given = await create()
    try {
      const vectors = given.open()
      await vectors.ensure("memory", dimension)
      await check(vectors, given.open)
    } finally {
      await given.close()
    }
  }
  const target = { index: "memory", namespace: "chunks" }

  describe(`${name} keeps a vector index's promises`, () => {
    test("what was written is found, nearest first, with its cosine", () =>
      using(async (vectors) => {
        await vectors.upsert(target, [record("a", 0), record("b", 40), record("c", 80)])
        await eventually(async () => {
          const hits = await vectors.query(target, at(10), { topK: 3 })
          expect(hits.map(({ id }) => id)).toEqual(["a", "b", "c"])
          expect(hits[0]!.score).toBeCloseTo(Math.cos(Math.PI / 18), 4)
          expect(hits[2]!.score).toBeCloseTo(Math.cos((70 * Math.PI) / 180), 4)
        })
        expect(await vectors.query(target, at(10), { topK: 1 })).toHaveLength(1)
      }))

    test("opposite vectors score -1", () =>
      using(async (vectors) => {
        await vectors.upsert(target, [record("a", 180)])
        await eventually(async () => {
          const [hit] = await vectors.query(target, at(0), { topK: 1 })
          expect(hit?.score).toBeCloseTo(-1, 4)
        })
      }))

    test("writing an id again replaces its values and its metadata", () =>
      using(async (vectors) => {
        await vectors.upsert(target, [record("a", 0, { source: "github" })])
        await vectors.upsert(target, [record("a", 90, { source: "linear" })])
        await eventually(async () => {
          const options = { topK: 5, filter: { source: ["linear"] } }
          const hits = await vectors.query(target, at(90), options)
          expect(hits).toHaveLength(1)
          expect(hits[0]!.score).toBeCloseTo(1, 4)
          expect(await vectors.query(target, at(90), { topK: 5, filter: { source: ["github"] } })).toEqual([])
          expect(await vectors.count(target)).toBe(1)
        })
      }))

    test("an id twice in one write keeps the last", () =>
      using(async (vectors) => {
        await vectors.upsert(target, [record("a", 0), record("b", 45), record("a", 90)])
        await eventually(async () => {
          expect(await vectors.count(target)).toBe(2)
          const [hit] = await vectors.query(target, at(90), { topK: 1 })
          expect(hit).toMatchObject({ id: "a", score: expect.closeTo(1, 4) })
        })
      }))

    test("says which of some ids are there", () =>
      using(async (vectors) => {
        await vectors.upsert(target, [record("a", 0), record("b", 40)])
        await eventually(async () => {
          expect((await vectors.present(target, ["b", "never-there", "a"])).sort()).toEqual(["a", "b"])
        })
        await vectors.remove(target, ["a"])
        await eventually(async () => expect(await vectors.present(target, ["a", "b"])).toEqual(["b"]))
        expect(await vectors.present(target, [])).toEqual([])
        expect(await vectors.present({ index: "memory", namespace: "never-written" }, ["a"])).toEqual([])
        expect(await vectors.present({ index: "never-made", namespace: "chunks" }, ["a"])).toEqual([])
      }))

    test("lists every id once, whatever they are called, and none of another namespace", () =>
      using(async (vectors) => {
        const many = Array.from({ length: 2_345 }, (_, i) => record(`v${i * 7}`, i / 10))
        const odd = ["a#title", "a", "B", "ä", "~", "0"].map((id, i) => record(id, i))
        await vectors.upsert(target, [...many, ...odd])
        await vectors.upsert({ index: "memory", namespace: "observations" }, [record("elsewhere", 0)])
        const listed = async (where: typeof target) => {
          const ids: string[] = []
          for await (const page of vectors.list(where)) ids.push(...page)
          return ids.sort()
        }
        const all = [...many, ...odd].map(({ id }) => id).sort()
        await eventually(async () => expect(await listed(target)).toEqual(all))
        expect(await listed({ index: "memory", namespace: "never-written" })).toEqual([])
        expect(await listed({ index: "never-made", namespace: "chunks" })).toEqual([])
      }))

    test("says what each vector was written as", () =>
      using(async (vectors) => {
        const many = Array.from({ length: 450 }, (_, i) => record(`v${i}`, i / 10, { hash: `h${i}` }))
        await vectors.upsert(target, [...many, record("bare", 1, { source: "github" })])
        await vectors.upsert(target, [record("v7", 3, { hash: "again" })])
        await eventually(async () => {
          const hashes = await vectors.hashes(target, [...many.map(({ id }) => id), "bare", "never-there"])
          expect(hashes.size).toBe(451)
          expect([hashes.get("v0"), hashes.get("v449"), hashes.get("v7")]).toEqual(["h0", "h449", "again"])
          expect(hashes.get("bare")).toBe("")
          expect(hashes.has("never-there")).toBe(false)
        })
        expect(await vectors.hashes(target, [])).toEqual(new Map())
        expect(await vectors.hashes({ index: "never-made", namespace: "chunks" }, ["v0"])).toEqual(new Map())
      }))

    test("empties one namespace, which can be written again", () =>
      using(async (vectors) => {
        const other = { index: "memory", namespace: "observations" }
        await vectors.upsert(
          target,
          Array.from({ length: 600 }, (_, i) => record(`v${i}`, i / 10)),
        )
        await vectors.upsert(other, [record("a", 0)])
        await vectors.clear(target)
        await vectors.clear({ index: "memory", namespace: "never-written" })
        await vectors.clear({ index: "never-made", namespace: "chunks" })
        await eventually(async () => expect(await vectors.count(target)).toBe(0))
        await vectors.upsert(target, [record("v1", 0)])
        await eventually(async () => {
          expect(await vectors.count(target)).toBe(1)
          expect(await vectors.count(other)).toBe(1)
        })
      }))

    test("what was removed is gone, and removing it again or what never was is no error", () =>
      using(async (vectors) => {
        await vectors.upsert(target, [record("a", 0), record("b", 40)])
        await vectors.remove(target, ["a", "never-there"])
        await vectors.remove(target, ["a"])
        await vectors.remove({ index: "memory", namespace: "never-written" }, ["a"])
        await vectors.remove({ index: "never-made", namespace: "chunks" }, ["a"])
        await vectors.remove(target, [])
        await eventually(async () => {
          const hits = await vectors.query(target, at(0), { topK: 5 })
          expect(hits.map(({ id }) => id)).toEqual(["b"])
          expect(await vectors.count(target)).toBe(1)
        })
      }))

    test("all conditions of a filter hold, and its times are inclusive", () =>
      using(async (vectors) => {
        await vectors.upsert(target, [
          record("pr-1", 0, { source: "github", type: "pull_request", occurredAt: 1_000 }),
          record("pr-2", 1, { source: "github", type: "pull_request", occurredAt: 2_000 }),
          record("issue", 2, { source: "github", type: "issue", occurredAt: 2_000 }),
          record("ticket", 3, { source: "linear", type: "issue", occurredAt: 3_000, labels: ["bug", "p1"] }),
          record("bare", 4, {}),
        ])
        const found = async (filter: NonNullable<Parameters<VectorIndex["query"]>[2]["filter"]>) =>
          (await vectors.query(target, at(0), { topK: 10, filter })).map(({ id }) => id)
        await eventually(async () => {
          expect(await found({})).toEqual(["pr-1", "pr-2", "issue", "ticket", "bare"])
          expect(await found({ source: ["github"] })).toEqual(["pr-1", "pr-2", "issue"])
          expect(await found({ source: ["github", "linear"], type: ["issue"] })).toEqual(["issue", "ticket"])
          expect(await found({ since: 2_000 })).toEqual(["pr-2", "issue", "ticket"])
          expect(await found({ until: 2_000 })).toEqual(["pr-1", "pr-2", "issue"])
          expect(await found({ since: 2_000, until: 2_000, type: ["issue"] })).toEqual(["issue"])
          expect(await found({ source: ["slack"] })).toEqual([])
          expect(await found({ source: [] })).toEqual([])
        })
      }))

    test("one query reads any of the memory namespaces it names, and no other", () =>
      using(async (vectors) => {
        const memory = (id: string, degrees: number, namespace: string) =>
          record(id, degrees, { namespace, type: id.startsWith("f") ? "fact" : "summary" })
        await vectors.upsert(target, [
          memory("f1", 0, "team:a@1"),
          memory("s1", 1, "team:b@1"),
          memory("f2", 2, "team:c@1"),
          record("chunk", 3, { source: "github" }),
        ])
        const found = async (filter: NonNullable<Parameters<VectorIndex["query"]>[2]["filter"]>) =>
          (await vectors.query(target, at(0), { topK: 10, filter })).map(({ id }) => id)
        const hundred = Array.from({ length: 98 }, (_, i) => `team:none-${i}@1`)
        await eventually(async () => {
          expect(await found({ namespaces: ["team:a@1", "team:c@1", ...hundred] })).toEqual(["f1", "f2"])
          expect(await found({ namespaces: ["team:a@1", "team:b@1"], type: ["summary"] })).toEqual(["s1"])
          expect(await found({ namespaces: [] })).toEqual([])
        })
        await vectors.upsert(target, [memory("f1", 0, "team:b@1")])
        await eventually(async () => {
          expect(await found({ namespaces: ["team:a@1"] })).toEqual([])
          expect(await found({ namespaces: ["team:b@1"] })).toEqual(["f1", "s1"])
        })
      }))

    test("namespaces and indexes do not see each other", () =>
      using(async (vectors) => {
        await vectors.ensure("other", dimension)
        await vectors.upsert(target, [record("a", 0)])
        await vectors.upsert({ index: "memory", namespace: "observations" }, [record("a", 90), record("b", 0)])
        await vectors.upsert({ index: "other", namespace: "chunks" }, [record("c", 0)])
        await vectors.remove({ index: "other", namespace: "chunks" }, ["a"])
        await eventually(async () => {
          const [hit, ...rest] = await vectors.query(target, at(0), { topK: 5 })
          expect(hit).toMatchObject({ id: "a", score: expect.closeTo(1, 4) })
          expect(rest).toEqual([])
          expect(await vectors.count({ index: "memory", namespace: "observations" })).toBe(2)
        })
      }))

    test("a namespace or index never written to is empty", () =>
      using(async (vectors) => {
        for (const nowhere of [
          { index: "memory", namespace: "never-written" },
          { index: "never-made", namespace: "chunks" },
        ]) {
          expect(await vectors.query(nowhere, at(0), { topK: 5 })).toEqual([])
          expect(await vectors.count(nowhere)).toBe(0)
        }
      }))

    test("a write to an index that does not exist is to be tried again once it is ensured", () =>
      using(async (vectors) => {
        const lost = { index: "lost", namespace: "chunks" }
        await expect(vectors.upsert(lost, [record("a", 0)])).rejects.toBeInstanceOf(RetryLater)
        await vectors.ensure("lost", dimension)
        await vectors.upsert(lost, [record("a", 0)])
        await eventually(async () => expect(await vectors.count(lost)).toBe(1))
      }))

    test("several callers may ensure the same index at once, and again", () =>
      using(async (vectors, open) => {
        const clients = [vectors, open(), open(), open()]
        await Promise.all([...clients, ...clients].map((client) => client.ensure("shared", dimension)))
        await vectors.ensure("shared", dimension)
        const shared = { index: "shared", namespace: "chunks" }
        await Promise.all(clients.map((client, i) => client.upsert(shared, [record(`v${i}`, i)])))
        await eventually(async () => expect(await clients[3]!.count(shared)).toBe(4))
      }))

    test("an index keeps the dimension it was made with", () =>
      using(async (vectors, open) => {
        const refused = { name: Rejected.name, code: "dimension_mismatch" }
        await expect(vectors.ensure("memory", dimension * 2)).rejects.toMatchObject(refused)
        await expect(open().ensure("memory", dimension * 2)).rejects.toMatchObject(refused)
        const wide = { id: "a", values: new Float32Array(dimension * 2).fill(0.25), metadata: {} }
        await expect(vectors.upsert(target, [wide])).rejects.toMatchObject(refused)
        await expect(vectors.query(target, wide.values, { topK: 1 })).rejects.toMatchObject(refused)
      }))

    test("2,500 vectors in one write are all there, and all removed in one removal", () =>
      using(async (vectors) => {
        const many = Array.from({ length: 2_500 }, (_, i) =>
          record(`v${i}`, i / 10, { source: "github", occurredAt: i }),
        )
        await vectors.upsert(target, many)
        await eventually(async () => expect(await vectors.count(target)).toBe(2_500))
        await eventually(async () => {
          const [hit] = await vectors.query(target, at(0), { topK: 1, filter: { since: 1_700, until: 1_700 } })
          expect(hit?.id).toBe("v1700")
        })
        await vectors.remove(
          target,
          many.map(({ id }) => id),
        )
        await eventually(async () => expect(await vectors.count(target)).toBe(0))
      }))

    test("a healthy index passes its check", () => using(async (vectors) => void (await vectors.check())))
  })
}

function record(id: string, degrees: number, metadata: VectorRecord["metadata"] = { source: "github" }): VectorRecord {
  return { id, values: at(degrees), metadata }
}

/** A vector of length 1 at an angle, so that cosines are known. */
function at(degrees: number): Float32Array {
  const angle = (degrees * Math.PI) / 180
  const values = new Float32Array(dimension)
  values[0] = Math.cos(angle)
  values[3] = Math.sin(angle)
  return values
}
