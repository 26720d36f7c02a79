import { describe, expect, test } from "vitest"
import { createNamespaceTree } from "../../src/backfill/namespace-tree.ts"

const workspace = (id: string, parentId: string | null = null) => ({ id, parentId, name: id, removed: false })
const family = createNamespaceTree([workspace("root"), workspace("child", "root"), workspace("leaf", "child")])
const namespaceOf = (workspaceId: string, scope: string) => {
  const place = family.placeOf({ workspaceId, scope })
  return place.outcome === "copy" ? place.namespace : place.outcome
}

test("a memory goes where its scope and its workspace's place in the tree say", () => {
  expect(["LOCAL", "TEAM", "GLOBAL"].map((scope) => namespaceOf("root", scope))).toEqual([
    "workspace:root",
    "team:root",
    "org:root",
  ])
  expect(["LOCAL", "TEAM", "GLOBAL"].map((scope) => namespaceOf("child", scope))).toEqual([
    "workspace:child",
    "team:root",
    "skip",
  ])
  expect(["LOCAL", "TEAM", "GLOBAL"].map((scope) => namespaceOf("leaf", scope))).toEqual([
    "workspace:leaf",
    "team:child",
    "skip",
  ])
})

test("only a root may write GLOBAL, and the others are told why not", () => {
  expect(family.placeOf({ workspaceId: "child", scope: "GLOBAL" })).toEqual({
    outcome: "skip",
    reason: "its scope is GLOBAL, and only a root workspace may write there",
  })
})

test("what belongs in a namespace is what its readers' rows map to", () => {
  for (const id of ["root", "child", "leaf"]) {
    const sources = family.readable(id)
    if (typeof sources === "string") throw new Error(sources)
    for (const { namespace, scope, workspaceIds } of sources) {
      for (const member of workspaceIds) expect(namespaceOf(member, scope)).toBe(namespace)
    }
  }
  expect(family.readable("child")).toEqual([
    { namespace: "workspace:child", scope: "LOCAL", workspaceIds: ["child"] },
    { namespace: "team:root", scope: "TEAM", workspaceIds: ["child", "root"] },
    { namespace: "org:root", scope: "GLOBAL", workspaceIds: ["root"] },
  ])
})

describe("a tree that is none is an error for the row, not a hang", () => {
  const chain = Array.from({ length: 52 }, (_, n) => workspace(`w${n}`, n === 0 ? null : `w${n - 1}`))
  const tree = createNamespaceTree([
    ...chain,
    workspace("a", "b"),
    workspace("b", "a"),
    workspace("self", "self"),
    workspace("orphan", "nowhere"),
  ])
  const reasonFor = (workspaceId: string | null, scope: string | null) => {
    const place = tree.placeOf({ workspaceId, scope })
    return place.outcome === "copy" ? place.namespace : `${place.outcome}: ${place.reason}`
  }

  test("50 levels below the root are read, 51 are not", () => {
    expect(reasonFor("w50", "TEAM")).toBe("team:w49")
    expect(reasonFor("w51", "TEAM")).toBe("error: workspace w51 is more than 50 levels below its root")
  })

  test.each([
    ["a", "LOCAL", /^error: .*go round in a circle through a$/],
    ["self", "GLOBAL", /^error: .*circle through self$/],
    ["orphan", "TEAM", /^error: workspace nowhere, above orphan, is not in the table/],
    ["gone", "LOCAL", /^error: workspace gone is not in the table/],
    [null, "LOCAL", /^error: the row names no workspace/],
    ["w0", "PUBLIC", /^error: its scope is "PUBLIC", not LOCAL, TEAM or GLOBAL/],
    ["w0", null, /^error: its scope is null/],
  ])("%s %s", (workspaceId, scope, words) => {
    expect(reasonFor(workspaceId, scope)).toMatch(words)
    expect(tree.readable("a")).toMatch(/circle/)
  })
})
