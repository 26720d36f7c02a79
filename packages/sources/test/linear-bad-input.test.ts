import { describe, expect, it } from "vitest"
import { linear } from "../src/linear/index.ts"
import { changed, deliver, documentOf, draftsOf, fixture, request } from "./linear-delivery.ts"
import { refusal } from "./refusal.ts"

/** Time this process worked, so that a busy machine fails nothing. */
const cpuMs = () => process.cpuUsage().user / 1_000

describe("a body that cannot be read is refused in words", () => {
  it.each([
    ["truncated JSON", JSON.stringify(fixture("issue-create")).slice(0, 300)],
    ["an empty body", ""],
    ["an array", "[]"],
    ["null", "null"],
    ["a text", '"hi"'],
    ["invalid UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
  ])("%s", (_, body) => {
    const error = refusal(() => linear.normalize(request(body)))
    expect(error.code).toBe("payload_unreadable")
    expect(error.message).toMatch(/^[A-Z].+/)
  })

  it.each([
    ["issue-create", "id", undefined],
    ["issue-create", "id", ""],
    ["issue-create", "id", 7],
    ["issue-create", "title", null],
    ["issue-create", "createdAt", "yesterday"],
    ["issue-create", "labels", {}],
    ["issue-create", "team", { name: "no id" }],
    ["comment-create", "body", 7],
    ["project-create", "name", undefined],
    ["project-create", "teamIds", "all"],
    ["project_update-create", "projectId", undefined],
    ["initiative_update-create", "initiativeId", null],
    ["cycle-create", "number", "41"],
    ["document-create", "title", undefined],
    ["initiative-create", "name", undefined],
    ["issue_label-create", "name", undefined],
    ["reaction-create", "emoji", undefined],
    ["attachment-create-slack", "issueId", undefined],
    ["attachment-create-slack", "url", null],
    ["user-create", "id", null],
  ])("%s names data.%s as what is wrong when it is %j", (name, field, value) => {
    const error = refusal(() => deliver(changed(name, { [field]: value })))
    expect(error.code).toBe("payload_unreadable")
    expect(error.path).toMatch(new RegExp(`^data\\.${field}(?:\\.|$)`))
    expect(error.message).toContain(`data.${field}`)
  })

  it.each([
    ["type", undefined],
    ["type", 7],
    ["action", null],
    ["createdAt", undefined],
    ["createdAt", "soon"],
    ["organizationId", ""],
    ["data", undefined],
    ["data", []],
    ["updatedFrom", "title"],
  ])("the envelope's %s when it is %j", (field, value) => {
    expect(refusal(() => deliver({ ...fixture("issue-create"), [field]: value })).path).toBe(field)
  })

  it("a relation of one issue names the end that is missing", () => {
    const one = changed("issue_relation-create-blocks", { relatedIssue: undefined, relatedIssueId: undefined })
    expect(refusal(() => deliver(one)).path).toBe("data.relatedIssueId")
    const none = changed("issue_relation-create-blocks", { issue: undefined, issueId: undefined })
    expect(refusal(() => deliver(none)).path).toBe("data.issueId")
  })

  it("is no stack overflow when it is nested fifty thousand deep", () => {
    const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`
    const body = JSON.stringify(fixture("issue-create")).replace('"number":101', `"number":${deep}`)
    expect(refusal(() => linear.normalize(request(body))).code).toBe("payload_unreadable")
  })
})

describe("a remove before its create", () => {
  it.each([
    "issue-remove",
    "comment-remove-2021",
    "project-remove",
    "project_update-remove",
    "initiative-remove",
    "initiative_update-remove",
    "cycle-remove",
    "document-remove",
    "attachment-remove",
    "reaction-remove",
    "issue_relation-remove",
  ])("leaves a tombstone: %s", (name) => {
    const { parts } = documentOf(fixture(name))
    expect(parts).toHaveLength(1)
    expect(parts[0]).toMatchObject({ alive: false, at: Date.parse(fixture(name).createdAt), rank: 9 })
  })
})

describe("strange and large payloads", () => {
  it("NULs and halves of characters are taken out before Postgres refuses them", () => {
    const body = JSON.stringify(changed("issue-create", { title: "TITLE" })).replace("TITLE", "a\\u0000b\\ud800")
    const read = linear.normalize(request(body))
    expect(JSON.stringify(read)).toContain('"ab\ufffd"')
  })

  it("a comment on nothing that is kept is skipped", () => {
    expect(deliver(changed("comment-create", { issueId: null, issue: null, postId: "p" })).outcome).toBe("skipped")
  })

  it("an actor or bot of an unknown form is nobody, and no error", () => {
    for (const actor of [null, 7, "github", { id: 7 }, { type: "user" }])
      expect(draftsOf({ ...fixture("issue-update-completed"), actor }).moments).toHaveLength(1)
    for (const botActor of [7, "{", "null", "[]", {}, { id: {} }])
      expect(documentOf(changed("comment-create-by-bot", { botActor })).parts[0]!.fields).not.toHaveProperty("author")
  })

  it("reactions of an unknown form count for nothing", () => {
    for (const reactionData of [null, {}, "x", [null], [{ reactions: 7 }], [{ reactions: [null] }]])
      expect(draftsOf(changed("comment-create", { reactionData })).documents).toHaveLength(1)
  })

  it("10,000 labels are kept", () => {
    const labels = Array.from({ length: 10_000 }, (_, id) => ({ id: `l${id}`, name: `label ${id}` }))
    expect(documentOf(changed("issue-create", { labels })).parts[0]!.fields.labels).toHaveLength(10_000)
  })

  it.each(["ENG-1 ", "https://linear.app/a/issue/A-1 ", "+++ a\n", "` `` ", "Decision:\n", "\n", "> "])(
    "a megabyte of %j takes less than five seconds of work",
    (piece) => {
      const description = piece.repeat(1_000_000 / piece.length)
      const started = cpuMs()
      const document = documentOf(changed("issue-create", { description }))
      linear.render({ sourceId: document.sourceId, parts: document.parts })
      expect(cpuMs() - started).toBeLessThan(5_000)
    },
  )

  it("an address or URL of a megabyte names nothing, and takes no time", () => {
    const started = cpuMs()
    const url = `https://linear.app/acme/project/${"a-".repeat(500_000)}`
    draftsOf(changed("project-create", { url, slugId: null }))
    documentOf(changed("attachment-create-slack", { url: `https://${"a.".repeat(500_000)}` }))
    expect(cpuMs() - started).toBeLessThan(1_000)
  })
})
