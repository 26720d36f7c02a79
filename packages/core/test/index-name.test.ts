import fc from "fast-check"
import { expect, test } from "vitest"
import { indexName } from "../src/index-name.ts"

test("an index name is legal for whatever a store is called, and begins readable", () => {
  expect(indexName({ workspaceId: "acme", storeId: "default", dimension: 512 })).toMatch(
    /^engram-acme-default-[0-9a-f]{20}$/,
  )
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.integer({ min: 1, max: 4096 }), (workspaceId, storeId, dimension) => {
      const name = indexName({ workspaceId, storeId, dimension })
      expect(name).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
      expect(name.length).toBeLessThanOrEqual(45)
    }),
  )
})

test("workspaces, stores and dimensions that read alike have indexes of their own", () => {
  const names = [
    indexName({ workspaceId: "a-b", storeId: "c", dimension: 512 }),
    indexName({ workspaceId: "a", storeId: "b-c", dimension: 512 }),
    indexName({ workspaceId: "a", storeId: "b-c", dimension: 1024 }),
    indexName({ workspaceId: "a", storeId: "B-c", dimension: 512 }),
  ]
  expect(new Set(names).size).toBe(4)
  expect(indexName({ workspaceId: "a", storeId: "b-c", dimension: 512 })).toBe(names[1])
})
