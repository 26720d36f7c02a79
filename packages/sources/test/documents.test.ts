import type { Drafts, MergedPart, Normalized } from "@engram/contracts/draft"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { github } from "../src/github/index.ts"
import { deliver, draftsOf, example, examples, liveParts, type Payload, request } from "./delivery.ts"

const every = examples.flatMap(({ name, payload }): Drafts[] => {
  const read = deliver(name, payload)
  return read.outcome === "drafts" ? [read.drafts] : []
})
const sourceIds = [...new Set(every.flatMap(({ documents }) => documents.map(({ sourceId }) => sourceId)))]

const body = (fields: MergedPart["fields"]): MergedPart => ({
  partId: "body",
  kind: "body",
  at: 2_000,
  fields: { title: "T", createdAt: 1_000, number: 2, repository: "o/r", authorId: 5, author: "ada", ...fields },
})
const comment = (id: number, text: string, createdAt = id): MergedPart => ({
  partId: `comment:${id}`,
  kind: "comment",
  at: createdAt,
  fields: { text, createdAt, author: "bob", authorId: 6 },
})
const render = (parts: readonly MergedPart[], sourceId = "repository:1#2") => github.render({ sourceId, parts })

describe("parts", () => {
  it("list only what the payload carries: a review's pull request has fewer fields", () => {
    const whole = draftsOf("pull_request", example("pull_request", 0)).documents[0]!.parts[0]!
    const carried = draftsOf("pull_request_review", example("pull_request_review", 0)).documents[0]!.parts[0]!
    expect(Object.keys(whole.fields)).toContain("additions")
    expect(Object.keys(carried.fields)).not.toContain("additions")
    expect(Object.values(carried.fields)).not.toContain(undefined)
    expect(carried.rank).toBeLessThan(whole.rank)
  })

  it("tell a text that is empty from one that is absent", () => {
    const payload = example("issues", 15)
    const issue = payload.issue as Payload
    issue.body = null
    expect(draftsOf("issues", payload).documents[0]!.parts[0]!.fields.text).toBe("")
    delete issue.body
    expect(draftsOf("issues", payload).documents[0]!.parts[0]!.fields).not.toHaveProperty("text")
  })

  it("die with a deletion and move with a transfer, at the payload's own time", () => {
    const deleted = draftsOf("issue_comment", example("issue_comment", 5)).documents[0]!.parts
    expect(deleted.map(({ partId, alive }) => [partId, alive])).toEqual([
      ["body", true],
      ["comment:492700400", false],
    ])
    expect(draftsOf("issues", example("issues", 4)).documents[0]!.parts[0]!.alive).toBe(false)
    const moved = draftsOf("issues", example("issues", 21)).documents
    expect(moved.map(({ sourceId, parts }) => [sourceId, parts[0]!.alive])).toEqual([
      ["repository:17273051#1", false],
      ["repository:186853002#1", true],
    ])
  })

  it("end the edges they no longer list", () => {
    const assigned = draftsOf("issues", example("issues", 1)).documents[0]!.parts[0]!
    const unassigned = example("issues", 1)
    Object.assign(unassigned.issue as Payload, { assignees: [] })
    const nobody = draftsOf("issues", unassigned).documents[0]!.parts[0]!
    expect(assigned.links.assignees?.map(({ type }) => type)).toEqual(["ASSIGNED_TO"])
    expect(nobody.links.assignees).toEqual([])
  })

  it("make joining a team an edge that leaving ends", () => {
    const member = (index: number) =>
      draftsOf("membership", example("membership", index)).documents[0]!.parts.find(({ kind }) => kind === "member")!
    expect(member(1)).toMatchObject({ alive: true, links: { member: [{ type: "MEMBER_OF" }] } })
    expect(member(0)).toMatchObject({ alive: false, partId: member(1).partId })
    // Members are told as removed after their team is deleted, which must not bring the team back.
    expect(draftsOf("membership", example("membership", 0)).documents[0]!.parts[0]).not.toHaveProperty("alive")
  })

  describe("of a release", () => {
    const times = { created_at: "2026-01-01T00:00:00Z", published_at: "2026-01-01T00:00:10Z" }
    const told = (action: string, said: Payload, receivedAt = Date.UTC(2026, 0, 2)): Drafts => {
      const payload = example("release", 0)
      const release = { ...(payload.release as Payload), ...times, ...said }
      const read = github.normalize({
        ...request("release", JSON.stringify({ ...payload, action, release })),
        receivedAt,
      })
      return (read as Normalized & { outcome: "drafts" }).drafts
    }
    /** How it reads in the end, in whatever order that was received. */
    const read = (...drafts: Drafts[]) => {
      const parts = liveParts(drafts, "repository:186853002/release:17372790")
      expect(liveParts(drafts.toReversed(), "repository:186853002/release:17372790")).toEqual(parts)
      return parts.map(({ fields }) => [fields.text, fields.state])
    }

    it.each([
      ["says when, to the second", { updated_at: times.published_at }],
      ["does not say when", {}],
    ])("say how it reads after each change, where GitHub %s", (_, dated) => {
      const prereleased = told("published", { ...dated, body: "notes", prerelease: true })
      const released = told("released", { ...dated, body: "notes" })
      const edited = told("edited", { ...dated, body: "corrected notes" })
      const unpublished = told("unpublished", { ...dated, body: "corrected notes", draft: true, published_at: null })
      expect(read(prereleased, released)).toEqual([["notes", "released"]])
      expect(read(prereleased, released, edited)).toEqual([["corrected notes", "released"]])
      expect(read(prereleased, released, edited, unpublished)).toEqual([["corrected notes", "draft"]])
      const again = told("published", { body: "new notes", published_at: "2026-01-03T00:00:00Z" })
      expect(read(edited, unpublished, again)).toEqual([["new notes", "released"]])
    })

    it.each([
      ["and is published", { published_at: times.published_at }],
      ["and is a draft", { published_at: null, draft: true }],
      ["and says when it changed", { updated_at: times.published_at }],
    ])("say how it reads after each change, where its commit is of the future %s", (_, said) => {
      const dated = { ...said, created_at: "2099-01-01T00:00:00Z" }
      const created = told("created", { ...dated, body: "notes" })
      for (const n of [1, 2, 3, 4]) {
        const later = (hours: number) => ("updated_at" in said ? { updated_at: `2026-01-02T0${hours}:00:00Z` } : {})
        const once = told("edited", { ...dated, ...later(1), body: `once ${n}` }, Date.UTC(2026, 0, 2, 1))
        const twice = told("edited", { ...dated, ...later(2), body: `twice ${n}` }, Date.UTC(2026, 0, 2, 2))
        expect(read(created, once, twice).map(([text]) => text)).toEqual([`twice ${n}`])
        expect(read(once, twice, told("deleted", { ...dated, ...later(3) }, Date.UTC(2026, 0, 2, 3)))).toEqual([])
      }
    })

    it("are removed for good, when an edit without a time is received afterwards, too", () => {
      const late = told("edited", {}, Date.UTC(2026, 0, 3))
      expect(read(told("published", {}), told("deleted", {}), late)).toEqual([])
    })
  })

  it("name a renamed repository by its new name, and never by the old one", () => {
    const { entities } = draftsOf("repository", example("repository", 9))
    const names = entities.flatMap(({ kind, aliases }) => (kind === "repository" ? aliases : []))
    const { full_name: fullName } = example("repository", 9).repository as { full_name: string }
    expect(names).toEqual([{ type: "github:repository_name", value: fullName.toLowerCase() }])
  })

  it("mark bots", () => {
    const payload = example("issues", 15)
    Object.assign((payload.issue as Payload).user as Payload, { login: "renovate[bot]", id: 99 })
    const { entities } = draftsOf("issues", payload)
    expect(entities.find(({ alias }) => alias.value === "99")?.fields.bot).toBe(true)
  })
})

describe("a document", () => {
  it("of every published thing has a title, a scope, and sections of live parts", () => {
    for (const sourceId of sourceIds) {
      const parts = liveParts(every, sourceId)
      if (!parts.some(({ partId }) => partId === "body")) continue
      const document = render(parts, sourceId)
      expect(document.title, sourceId).not.toBe("")
      expect(document.scope, sourceId).toMatch(/^(?:(?:repository|organization):\d+|github)$/)
      expect(document.sections[0], sourceId).toMatchObject({ partId: "body" })
      expect(Number.isFinite(document.occurredAt), sourceId).toBe(true)
      expect(JSON.parse(JSON.stringify(document))).toEqual(document)
    }
  })

  it("reads as its body, comments and reviews, each under a label", () => {
    const review: MergedPart = {
      partId: "review:9",
      kind: "review",
      at: 9,
      fields: { text: "No.", state: "changes_requested", author: "eve" },
    }
    const inline: MergedPart = {
      partId: "review_comment:8",
      kind: "review_comment",
      at: 8,
      fields: { text: "Here", path: "src/a.ts", author: "bob" },
    }
    const parts = [
      body({ text: "Hello", pullRequest: true, mergedAt: 5 }),
      comment(3, "Hi"),
      inline,
      review,
      comment(4, " "),
    ]
    const document = render(parts)
    expect(document).toMatchObject({ kind: "pull_request", state: "merged", occurredAt: 1_000, scope: "repository:1" })
    expect(document.author).toEqual({ type: "github:user", value: "5" })
    expect(document.sections.map(({ label, markdown }) => `${label}: ${markdown}`)).toEqual([
      "body: Hello",
      "comment by bob: Hi",
      "review comment by bob on src/a.ts: Here",
      "review by eve (changes requested): No.",
    ])
  })

  it("without a text is its title", () => {
    expect(render([body({ text: "" })]).sections[0]?.markdown).toBe("T")
  })

  it("is an issue until a payload says that it is a pull request, and closes issues only then", () => {
    const text = "Fixes #7"
    expect(render([body({ text })]).links).toMatchObject([{ type: "REFERENCES", since: 1_000 }])
    expect(render([body({ text, pullRequest: true })]).links).toMatchObject([{ type: "RESOLVES" }])
    expect(render([body({ pullRequest: true }), comment(3, text)]).links).toMatchObject([
      { type: "REFERENCES", since: 3 },
    ])
  })

  it("refers to another once, since the first part that says so, and never to itself", () => {
    const document = render([body({ text: "#2" }), comment(30, "see #7"), comment(20, "#7 and o/r#7")])
    expect(document.links).toEqual([
      { type: "REFERENCES", to: { type: "github:thing", value: "1#7" }, confidence: 0.8, since: 20 },
    ])
  })

  it("is the same whatever the order of fields, and whichever time it is rendered", () => {
    const parts = [body({ text: "Decision: go\n\n#7 @ada" }), comment(3, "Resolution: stop")]
    const expected = render(parts)
    const names = Object.keys(parts[0]!.fields)
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: names.length }), (order) => {
        const fields = Object.fromEntries(order.map((name) => [name, parts[0]!.fields[name]!]))
        expect(render([{ ...parts[0]!, fields }, parts[1]!])).toEqual(expected)
      }),
    )
  })

  it("is the same from the same drafts in any order", () => {
    const thing = "repository:186853002#1"
    const expected = render(liveParts(every, thing), thing)
    fc.assert(
      fc.property(fc.shuffledSubarray(every, { minLength: every.length }), (shuffled) => {
        const repeated = [...shuffled, ...shuffled.slice(0, 20)]
        const parts = liveParts(repeated, thing)
        // Claims of equal clock are the merge's business; what is compared is what no tie decides.
        expect(render(parts, thing).sections.map(({ label }) => label)).toEqual(
          expected.sections.map(({ label }) => label),
        )
      }),
      { numRuns: 20 },
    )
  })
})

describe("statements", () => {
  it("are the first paragraph, acceptance criteria and decisions as the text stands", () => {
    const text = "We should cache.\n\n## Acceptance criteria\n\n- fast\n\n**Decision:** use LRU"
    const { statements } = render([body({ text }), comment(3, "Resolution: shipped"), comment(4, "LGTM")])
    expect(statements.map(({ kind, text: said, partId }) => [partId, kind, said])).toEqual([
      ["body", "summary", "We should cache."],
      ["body", "acceptance", "- fast\n\n**Decision:** use LRU"],
      ["body", "decision", "use LRU"],
      ["comment:3", "decision", "shipped"],
    ])
    expect(statements[3]).toMatchObject({ at: 3, title: "T", tags: ["decision"] })
    expect(statements[3]!.importance).toBeGreaterThan(statements[0]!.importance)
  })

  it("of routine work weigh 0.2 at most", () => {
    const bump = {
      title: "Bump a from 1.0.0 to 1.0.1",
      text: "Bumps a.\n\nDecision: merge",
      authorBot: true,
      pullRequest: true,
    }
    for (const { importance } of render([body(bump)]).statements) expect(importance).toBeLessThanOrEqual(0.2)
  })

  it("take a discussion's accepted answer for its decision, as long as it is accepted and there", () => {
    const id = "repository:1/discussion#2"
    const answer = comment(3, "Use the index.")
    const decided = (parts: MergedPart[]) => render(parts, id).statements.filter(({ kind }) => kind === "decision")
    expect(decided([body({ answerId: 3 }), answer])).toMatchObject([{ partId: "comment:3", text: "Use the index." }])
    expect(decided([body({ answerId: null }), answer])).toEqual([])
    expect(decided([body({ answerId: 3 })])).toEqual([])
  })

  it("do not repeat the title", () => {
    expect(render([body({ text: "T" })]).statements).toEqual([])
  })
})

describe("normalize is pure", () => {
  it("the same delivery gives the same drafts, and its payload is not touched", () => {
    for (const { name, payload } of examples) {
      const before = JSON.stringify(payload)
      expect(deliver(name, payload)).toEqual(deliver(name, payload))
      expect(JSON.stringify(payload)).toBe(before)
    }
  })

  it("and a payload with a time of its own does not read the time of receipt", () => {
    const undated = new Set([
      ...["membership", "team", "team_add", "organization", "label", "gollum"],
      ...["release edited", "release deleted"],
    ])
    const isDated = ({ name, payload }: (typeof examples)[number]) =>
      !undated.has(name) && !undated.has(`${name} ${payload.action}`)
    for (const { name, payload } of examples.filter(isDated)) {
      const request = {
        headers: { "content-type": "application/json", "x-github-event": name },
        body: new TextEncoder().encode(JSON.stringify(payload)),
      }
      const early = github.normalize({ ...request, receivedAt: 1 })
      expect(github.normalize({ ...request, receivedAt: 2 }), name).toEqual(early)
    }
  })
})
