import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { linear } from "../src/linear/index.ts"
import { rules } from "../src/linear/normalize.ts"
import { liveParts } from "./delivery.ts"
import { changed, deliver, draftsOf, fixture, fixtureNames } from "./linear-delivery.ts"

const kept = [
  "Issue",
  "Comment",
  "Project",
  "ProjectUpdate",
  "Initiative",
  "InitiativeUpdate",
  "Cycle",
  "Document",
  "IssueLabel",
  "Reaction",
]

describe("every recorded shape", () => {
  it.each(fixtureNames)("%s ends in drafts, or is skipped with a reason", (name) => {
    const read = deliver(fixture(name))
    if (read.outcome === "skipped") expect(read.reason).toMatch(/^[A-Z].+\.$/)
    else expect(read.drafts.entities.length + read.drafts.documents.length).toBeGreaterThan(0)
  })

  it("is there for each type that Engram keeps, created, updated and removed", () => {
    const recorded = new Set(fixtureNames.map((name) => `${fixture(name).type} ${fixture(name).action}`))
    const missing = kept.flatMap((type) => ["create", "update", "remove"].map((action) => `${type} ${action}`))
    expect(missing.filter((pair) => !recorded.has(pair))).toEqual([])
  })

  it("says in the README where it comes from", () => {
    const readme = readFileSync(new URL("fixtures/linear/README.md", import.meta.url), "utf8")
    const described = [...readme.matchAll(/^\| `([\w-]+)\.json` \| (.{20,}) \|$/gm)].map(([, name]) => name)
    expect(described).toEqual(fixtureNames)
  })

  it("gives the same drafts each time, all of it storable as JSON", () => {
    for (const name of fixtureNames) {
      const read = deliver(fixture(name))
      expect(deliver(fixture(name)), name).toEqual(read)
      expect(JSON.parse(JSON.stringify(read)), name).toEqual(read)
    }
  })

  it("renders within the limits of the contract", () => {
    const drafts = fixtureNames.flatMap((name) => {
      const read = deliver(fixture(name))
      return read.outcome === "drafts" ? [read.drafts] : []
    })
    for (const id of new Set(drafts.flatMap(({ documents }) => documents.map(({ sourceId }) => sourceId)))) {
      const parts = liveParts(drafts, id)
      if (parts.length === 0) continue
      const document = linear.render({ sourceId: id, parts })
      expect(document.title, id).not.toBe("")
      expect(document.scope, id).toMatch(/^(?:team|organization):[\da-f-]{36}$/)
      expect(document.importance).toBeGreaterThan(0)
      for (const { title = "", summary = "", text, importance } of document.statements) {
        expect(title.length).toBeLessThanOrEqual(120)
        expect(summary.length).toBeLessThanOrEqual(320)
        expect(text.length).toBeLessThanOrEqual(2_000)
        expect(importance).toBeLessThanOrEqual(1)
      }
    }
  })

  it("names a scope that it brings along itself", () => {
    for (const name of fixtureNames) {
      const read = deliver(fixture(name))
      if (read.outcome === "skipped") continue
      const scopes = new Set(read.drafts.scopes.map(({ key }) => key))
      for (const { scope, kind } of read.drafts.moments) expect(scopes, `${name} ${kind}`).toContain(scope)
    }
  })
})

describe("what Linear may add", () => {
  it("is skipped: a type, an action, a kind of relation", () => {
    expect(deliver({ ...fixture("issue-create"), type: "Dashboard" })).toEqual({
      outcome: "skipped",
      reason: "Unknown type Dashboard.",
    })
    expect(deliver({ ...fixture("issue-create"), action: "snooze" })).toEqual({
      outcome: "skipped",
      reason: "Unknown action snooze of Issue.",
    })
    expect(deliver(changed("issue_relation-create-blocks", { type: "precedes" })).outcome).toBe("skipped")
  })

  it("never reaches a document by its name alone", () => {
    for (const type of ["constructor", "__proto__", "toString"])
      expect(deliver({ ...fixture("issue-create"), type }).outcome).toBe("skipped")
  })

  it("passes unread where it is a field, a state or a health", () => {
    const drafts = draftsOf(
      changed("issue-create", { flavour: "new", state: { id: "s", name: "Waiting", type: "waiting" } }),
    )
    expect(drafts.documents[0]!.parts[0]!.fields).toMatchObject({ state: "waiting", status: "Waiting" })
    expect(draftsOf(changed("project_update-create", { health: "unknown" })).moments[0]!.kind).toBe("reported")
  })

  it("has a reason for every type that Engram knows and does not keep", () => {
    const skipped = [...rules].filter(([, rule]) => "skips" in rule)
    expect(skipped.length).toBeGreaterThan(10)
    for (const [type] of skipped) expect(deliver({ type, action: "create" }).outcome, type).toBe("skipped")
  })
})
