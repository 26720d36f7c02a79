import { describe, expect, it } from "vitest"
import { github } from "../src/github/index.ts"
import { deliver, draftsOf, example, request } from "./delivery.ts"
import { refusal } from "./refusal.ts"

/** The example with one value replaced, by its path. */
function changed(name: string, index: number, path: string, value: unknown) {
  const payload = example(name, index)
  const keys = path.split(".")
  const last = keys.pop()!
  const parent = keys.reduce((object, key) => object[key] as Record<string, unknown>, payload)
  parent[last] = value
  return payload
}

describe("a body that cannot be read is refused in words", () => {
  const whole = JSON.stringify(example("issues", 0))
  it.each([
    ["truncated JSON", whole.slice(0, 500)],
    ["an empty body", ""],
    ["white space", " \n"],
    ["an array", "[]"],
    ["a text", '"hi"'],
    ["null", "null"],
    ["invalid UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ["a lone continuation byte", new Uint8Array([...new TextEncoder().encode('{"a":"'), 0x80, 0x22, 0x7d])],
  ])("%s", (_, body) => {
    const error = refusal(() => github.normalize(request("issues", body)))
    expect(error.code).toBe("payload_unreadable")
    expect(error.message).toMatch(/^[A-Z].+/)
  })

  it.each([
    ["pull_request", 0, "pull_request.user.id", "583231"],
    ["pull_request", 0, "pull_request.number", null],
    ["pull_request", 0, "pull_request.title", 7],
    ["pull_request", 0, "repository.id", 1.5],
    ["pull_request", 0, "repository", undefined],
    ["pull_request", 0, "pull_request.created_at", "yesterday"],
    ["pull_request", 0, "action", 7],
    ["issues", 0, "issue.body", ["a"]],
    ["issues", 0, "issue.assignees", {}],
    ["push", 4, "commits", "none"],
    ["release", 0, "release.id", {}],
    ["security_advisory", 0, "security_advisory.ghsa_id", null],
  ])("%s[%i] names %s as what is wrong when it is %j", (name, index, path, value) => {
    const error = refusal(() => deliver(name, changed(name, index, path, value)))
    expect(error).toMatchObject({ code: "payload_unreadable", path })
    expect(error.message).toContain(path)
  })

  it("names a field inside a list", () => {
    const payload = changed("issues", 0, "issue.labels", [{ id: 1, name: 2 }])
    expect(refusal(() => deliver("issues", payload)).path).toBe("issue.labels.0.name")
  })

  it("names the form's payload field when it is missing or broken", () => {
    const form = { "content-type": "application/x-www-form-urlencoded" }
    for (const body of ["a=b", "payload=%E0%A4%A", "payload=%FF"])
      expect(refusal(() => github.normalize(request("issues", body, form))).path).toBe("payload")
  })

  it("is no stack overflow when it is nested ten thousand deep", () => {
    const deep = `${"[".repeat(50_000)}"\\u0000"${"]".repeat(50_000)}`
    const run = () => github.normalize(request("issues", `{"action":"opened","issue":${deep}}`))
    expect(refusal(run).code).toBe("payload_unreadable")
  })
})

describe("what GitHub may add is skipped with a reason", () => {
  it("an unknown event, even if its body is broken", () => {
    expect(github.normalize(request("issue_vibes", "{"))).toEqual({
      outcome: "skipped",
      reason: "Unknown event issue_vibes.",
    })
  })
  it("an event whose name is a property of every object", () => {
    for (const name of ["constructor", "__proto__", "toString"])
      expect(github.normalize(request(name, "{}")).outcome).toBe("skipped")
  })
  it("an unknown action of a known event", () => {
    const payload = changed("issues", 0, "action", "levitated")
    expect(deliver("issues", payload)).toEqual({ outcome: "skipped", reason: "Unknown action levitated of issues." })
  })
  it("and unknown fields pass", () => {
    const payload = { ...example("issues", 0), quantum: { state: "both" } }
    expect(deliver("issues", payload)).toEqual(deliver("issues", example("issues", 0)))
  })
})

describe("text that databases refuse", () => {
  it("loses its NULs and half surrogates before it reaches a draft", () => {
    const json = JSON.stringify(changed("issues", 0, "issue.title", "TITLE")).replace(
      "TITLE",
      "a\\u0000b\\ud83dc\\uDE00 \\ud83d\\ude00",
    )
    const drafts = JSON.stringify(github.normalize(request("issues", json)))
    expect(drafts).toContain("ab\ufffdc\ufffd 😀")
    expect(drafts).not.toContain("\\u0000")
    expect(drafts.isWellFormed()).toBe(true)
  })
  it("is cleaned in keys and forms too", () => {
    const json = JSON.stringify(changed("issues", 0, "issue.title", "TITLE")).replace("TITLE", "a\\u0000b")
    const form = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" }
    const body = new URLSearchParams({ payload: json }).toString()
    const drafts = github.normalize(request("issues", body, form))
    expect(drafts).toEqual(github.normalize(request("issues", json)))
    expect(JSON.stringify(drafts)).toContain('"title":"ab"')
  })
  it("does no harm as a key that objects treat specially", () => {
    const json = JSON.stringify(example("issues", 0)).replace(
      "{",
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},',
    )
    expect(github.normalize(request("issues", json))).toEqual(deliver("issues", example("issues", 0)))
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe("size is no reason to refuse", () => {
  it("10,000 labels are kept", () => {
    const labels = Array.from({ length: 10_000 }, (_, id) => ({ id, name: `label ${id}` }))
    const [document] = draftsOf("pull_request", changed("pull_request", 0, "pull_request.labels", labels)).documents
    expect(document?.parts[0]?.fields.labels).toHaveLength(10_000)
  })

  it.each(["#1 ", "fixes #1 ", "` `` ", "Decision:\n", "```\n", "\n"])(
    "a megabyte of %j takes less than five seconds",
    (piece) => {
      const text = piece.repeat(1_000_000 / piece.length)
      const started = process.cpuUsage()
      const payload = changed("pull_request", 0, "pull_request.body", text)
      const [document] = draftsOf("pull_request", payload).documents
      const body = document!.parts[0]!
      const rendered = github.render({ sourceId: document!.sourceId, parts: [{ ...body }] })
      expect(rendered.sections[0]?.markdown.length).toBeGreaterThan(0)
      expect(process.cpuUsage(started).user / 1_000).toBeLessThan(5_000)
    },
  )
})

describe("a time that somebody chose", () => {
  const pushedAt = (timestamp: string) => {
    const payload = example("push", 4) as unknown as { commits: object[]; head_commit: object }
    payload.commits = payload.commits.map((commit) => ({ ...commit, timestamp }))
    payload.head_commit = { ...payload.head_commit, timestamp }
    return payload as unknown as ReturnType<typeof example>
  }
  const odd = [
    "+010000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "292277026596-12-04T15:30:07Z",
  ]

  it.each(odd)("costs a push nothing when it is %s: the push is of the time that the repository tells", (timestamp) => {
    const { moments, entities } = draftsOf("push", pushedAt(timestamp))
    const { pushed_at } = (example("push", 4) as unknown as { repository: { pushed_at: number } }).repository
    expect(moments.map(({ at }) => at)).toEqual([pushed_at * 1_000])
    const commits = entities.filter(({ kind }) => kind === "commit")
    expect(commits.length).toBeGreaterThan(0)
    expect(commits.every(({ fields }) => !("createdAt" in fields))).toBe(true)
  })

  it.each(odd)("is none when a milestone is due then, or a release's commit made: %s", (time) => {
    const release = draftsOf("release", changed("release", 0, "release.created_at", time))
    expect(release.documents[0]!.parts[0]!.at).toBeGreaterThan(0)
    const due = draftsOf("milestone", changed("milestone", 0, "milestone.due_on", time))
    expect(due.entities.find(({ kind }) => kind === "milestone")?.fields.dueAt).toBeNull()
  })
})

describe("accounts that are gone", () => {
  it("leave a document without an author", () => {
    const drafts = draftsOf("issues", changed("issues", 15, "issue.user", null))
    expect(drafts.documents[0]?.parts[0]?.links.author).toBeUndefined()
    expect(drafts.moments).toHaveLength(1)
  })

  it.each([
    ["issues", 1, "issue.assignees", "assignees"],
    ["pull_request", 0, "pull_request.requested_reviewers", "requestedReviewers"],
  ])("are left out of %s[%i] %s", (name, index, path, links) => {
    const mona = { id: 7, login: "mona" }
    const [document] = draftsOf(name, changed(name, index, path, [null, mona, null])).documents
    expect(document?.parts[0]?.links[links]?.map(({ to }) => to)).toEqual([{ type: "github:user", value: "7" }])
  })

  it.each(["member", "membership"])("make a %s event one to skip, with a reason", (name) => {
    expect(deliver(name, changed(name, 0, "member", null))).toMatchObject({
      outcome: "skipped",
      reason: expect.stringMatching(/^The account that .+ is gone\.$/),
    })
  })
})
