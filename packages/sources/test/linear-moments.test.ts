import { describe, expect, it } from "vitest"
import { changed, fixture, momentsOf } from "./linear-delivery.ts"

const kindsOf = (body: unknown) => momentsOf(body).map(({ kind }) => kind)
const only = (body: unknown) => {
  const moments = momentsOf(body)
  expect(moments).toHaveLength(1)
  return moments[0]!
}

describe("an issue's moments", () => {
  it("say what moved, who moved it and when Linear says it did", () => {
    const done = only(fixture("issue-update-completed"))
    expect(done).toMatchObject({
      kind: "completed",
      at: Date.parse("2026-03-04T16:00:00.000Z"),
      title: "Issue ENG-101 moved to Done by Grace Hopper: Search answers 500 for long questions",
      tags: ["bug", "incident"],
    })
    expect(done.text).toContain("A long question is cut at a sentence and answered.")
    expect(done.subjects.map(({ type }) => type)).toEqual(["linear:team", "linear:user", "linear:project"])
  })

  it.each([
    ["issue-create", ["opened"]],
    ["issue-update-assigned", []],
    ["issue-update-urgent", ["urgent"]],
    ["issue-update-blocked", ["blocked"]],
    ["issue-update-reassigned", ["reassigned"]],
    ["issue-update-planned", []],
    ["issue-update-described", []],
    ["issue-update-sorted", []],
    ["issue-update-completed", ["completed"]],
    ["issue-update-reopened", ["reopened"]],
    ["issue-update-canceled", ["canceled"]],
    ["issue-update-unassigned", []],
    ["issue-update-moved-team", []],
    ["issue-update-2021", []],
    ["issue-update-2023", []],
    ["issue-remove", []],
    ["issue-restore", []],
  ])("of %s are %j", (name, kinds) => {
    expect(kindsOf(fixture(name))).toEqual(kinds)
  })

  it("come from what changed, not from what is so: an edit of an urgent, done issue tells nothing", () => {
    const updatedFrom = { description: "before", updatedAt: "2026-03-04T15:00:00.000Z" }
    expect(kindsOf({ ...fixture("issue-update-completed"), updatedFrom })).toEqual([])
  })

  it("do not come from a field that is listed and did not change", () => {
    const { data, ...body } = fixture("issue-update-completed")
    expect(kindsOf({ ...body, data, updatedFrom: { stateId: data.stateId, priority: data.priority } })).toEqual([])
  })

  it("are more than one where more happened at once", () => {
    const body = fixture("issue-update-completed")
    expect(kindsOf({ ...body, updatedFrom: { ...body.updatedFrom, priority: 3 } })).toEqual(["completed", "urgent"])
  })

  it("are told once for a redelivery, and differ for a second closing", () => {
    const [first, again] = ["issue-update-completed", "issue-update-completed-again"].map((name) => only(fixture(name)))
    const retried = only({ ...fixture("issue-update-completed"), webhookTimestamp: 1, webhookId: "other" })
    expect(retried).toEqual(first)
    expect(again!.at).toBeGreaterThan(first!.at)
  })

  it("weigh more for the urgent, and never more than 0.2 for what nobody decides on", () => {
    const plain = only(changed("issue-create", { priority: 0, labels: [] })).importance
    expect(only(changed("issue-create", { priority: 1, labels: [] })).importance).toBeCloseTo(plain + 0.25, 2)
    for (const name of ["issue-create-by-bot", "issue-create-mistake", "issue-update-reassigned"])
      expect(only(fixture(name)).importance, name).toBeLessThanOrEqual(0.2)
  })

  it("keep their limits whatever is written", () => {
    const { title, summary, text } = only(
      changed("issue-create", { title: "word ".repeat(200), description: "word ".repeat(9_000) }),
    )
    expect(title!.length).toBeLessThanOrEqual(120)
    expect(summary!.length).toBeLessThanOrEqual(320)
    expect(text.length).toBeLessThanOrEqual(2_000)
  })
})

describe("other moments", () => {
  it.each([
    ["project-create", ["opened"]],
    ["project-update-started", ["started"]],
    ["project-update-rescheduled", ["rescheduled"]],
    ["project-update-completed", ["completed"]],
    ["project_update-create", ["on_track"]],
    ["project_update-update-health", ["at_risk"]],
    ["project_update-update-2023", []],
    ["initiative-create", ["opened"]],
    ["initiative-update-active", ["started"]],
    ["initiative-update-project-added", []],
    ["initiative_update-create", ["off_track"]],
    ["initiative_update-update", []],
    ["cycle-create", []],
    ["cycle-update-named", []],
    ["cycle-update-completed", ["completed"]],
    ["cycle-update-2021", []],
    ["document-create", []],
    ["document-create-written", ["opened"]],
    ["document-update", []],
    ["comment-create-reply", []],
    ["reaction-create", []],
    ["attachment-create-pull-request", []],
    ["issue_relation-create-blocks", ["blocked"]],
    ["issue_relation-create-related", []],
    ["project-remove", []],
  ])("of %s are %j", (name, kinds) => {
    expect(kindsOf(fixture(name))).toEqual(kinds)
  })

  it("tell the health of a project with what was written, and a new date with the old one", () => {
    expect(only(fixture("project_update-update-health"))).toMatchObject({
      title: "Project Search that understands is at risk",
      at: Date.parse("2026-03-09T08:30:00.000Z"),
    })
    expect(only(fixture("project_update-create")).text).toContain("71 to 52 of 100")
    expect(only(fixture("project-update-rescheduled")).title).toContain("2026-04-03 instead of 2026-03-20")
    expect(only(fixture("cycle-update-completed")).title).toBe("Cycle 41: Long questions ended with 7 of 9 issues done")
  })

  it("of a trashed thing are none", () => {
    expect(momentsOf(changed("issue-update-completed", { trashed: true }))).toEqual([])
  })
})
