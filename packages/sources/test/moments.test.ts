import { describe, expect, it } from "vitest"
import { deliver, draftsOf, example, type Payload } from "./delivery.ts"

function pull(index: number, changes: Payload, action?: string) {
  const payload = example("pull_request", index)
  Object.assign(payload.pull_request as Payload, changes)
  if (action) payload.action = action
  return payload
}

function issue(changes: Payload, action: string) {
  const payload = example("issues", 15)
  Object.assign(payload.issue as Payload, changes)
  payload.action = action
  return payload
}

const momentOf = (name: string, payload: Payload) => {
  const { moments } = draftsOf(name, payload)
  expect(moments).toHaveLength(1)
  return moments[0]!
}

const merge = {
  merged_at: "2019-05-15T15:21:00Z",
  closed_at: "2019-05-15T15:21:00Z",
  state: "closed",
  merge_commit_sha: "c4295bd74fb0f4fda03689c3df3f2803b658fd85",
}

describe("a pull request's moments", () => {
  it("say what was merged, when, as which commit and what it closes", () => {
    const body = "We teach the parser.\n\nDetails.\n\nFixes #1"
    const merged = momentOf("pull_request", pull(3, { ...merge, body }, "closed"))
    expect(merged).toMatchObject({
      kind: "merged",
      at: Date.parse(merge.merged_at),
      documentSourceId: "repository:186853002#2",
      thing: { type: "github:thing", value: "186853002#2" },
      scope: "repository:186853002",
    })
    expect(merged.text).toBe(
      `Pull request Codertocat/Hello-World#2 merged as ${merge.merge_commit_sha}: Update the README with new information.\n\nWe teach the parser.\n\nFixes #1`,
    )
    expect(merged.subjects).toContainEqual({ type: "github:thing", value: "186853002#1" })
    expect(merged.links).toEqual([
      {
        type: "PART_OF",
        from: { type: "github:commit", value: merge.merge_commit_sha },
        to: merged.thing,
        confidence: 1,
      },
    ])
  })

  it("tell merged from closed unmerged and from reverted", () => {
    expect(momentOf("pull_request", pull(3, {}, "closed")).kind).toBe("closed")
    const reverted = momentOf("pull_request", pull(3, { ...merge, title: 'Revert "Teach the parser"' }, "closed"))
    expect(reverted.kind).toBe("reverted")
    expect(reverted.importance).toBeGreaterThan(0.5)
  })

  it("take the Summary section, and a summary view only of a long description", () => {
    const long = `Intro.\n\n## Summary\n\nOne sentence. Two sentences. Three. Four.\n\n## Test plan\n\n${"x ".repeat(300)}`
    const opened = momentOf("pull_request", pull(0, { body: long }))
    expect(opened.text).toContain("One sentence.")
    expect(opened.text).not.toContain("Intro.")
    expect(opened.summary).toBe("One sentence. Two sentences. Three.")
    expect(momentOf("pull_request", pull(0, { body: "Short." })).summary).toBeUndefined()
  })

  it("are tagged by their labels and titles", () => {
    const tagged = pull(0, { title: "refactor!: drop the old API", labels: [{ id: 1, name: "breaking change" }] })
    expect(momentOf("pull_request", tagged).tags).toEqual(["refactor", "breaking-change"])
  })

  it("keep their limits whatever the title", () => {
    const moment = momentOf("pull_request", pull(0, { title: "word ".repeat(200), body: "word ".repeat(5_000) }))
    expect(moment.title!.length).toBeLessThanOrEqual(120)
    expect(moment.title).toMatch(/word…$/)
    expect(moment.summary!.length).toBeLessThanOrEqual(320)
    expect(moment.text.length).toBeLessThanOrEqual(2_000)
  })
})

describe("a moment derives from its delivery alone", () => {
  it("so a redelivery, or a stale one, has the same identity", () => {
    const first = momentOf("pull_request", pull(0, {}))
    const later = momentOf("pull_request", pull(0, { updated_at: "2020-01-01T00:00:00Z", title: "Renamed since" }))
    expect([later.thing, later.kind, later.at]).toEqual([first.thing, first.kind, first.at])
  })
  it("and a release told as published and as released is one", () => {
    const [published, released] = ["published", "released"].map((action) =>
      momentOf("release", { ...example("release", 12), action }),
    )
    expect(released).toEqual(published)
  })
})

describe("an issue's moments", () => {
  it.each([
    ["completed", "completed"],
    [null, "completed"],
    ["not_planned", "not_planned"],
    ["duplicate", "duplicate"],
  ])("closed as %s is %s", (reason, kind) => {
    const closed = issue({ state: "closed", state_reason: reason, closed_at: "2019-06-01T00:00:00Z" }, "closed")
    expect(momentOf("issues", closed)).toMatchObject({ kind, at: Date.UTC(2019, 5, 1) })
  })

  it("weigh more with severity, discussion and people", () => {
    const plain = momentOf("issues", issue({ labels: [] }, "opened")).importance
    const grave = issue(
      {
        labels: [
          { id: 1, name: "sev1" },
          { id: 2, name: "incident" },
        ],
        comments: 31,
      },
      "opened",
    )
    const moment = momentOf("issues", grave)
    expect(moment.importance).toBeCloseTo(plain + 0.25 + 0.2 + 0.15, 1)
    expect(moment.tags).toContain("incident")
  })

  it("are about the goals that their labels name", () => {
    const goal = issue(
      {
        labels: [
          { id: 77, name: "goal: faster search" },
          { id: 78, name: "bug" },
        ],
      },
      "opened",
    )
    const { subjects } = momentOf("issues", goal)
    expect(subjects).toContainEqual({ type: "github:label", value: "77" })
    expect(subjects).not.toContainEqual({ type: "github:label", value: "78" })
  })
})

describe("a review's verdict", () => {
  const review = (changes: Payload) => {
    const payload = example("pull_request_review", 0)
    Object.assign(payload.review as Payload, changes)
    return payload
  }
  it("is a moment when it asks for changes, or approves with reasons", () => {
    expect(momentOf("pull_request_review", review({ state: "changes_requested", body: null })).kind).toBe(
      "changes_requested",
    )
    const approved = momentOf("pull_request_review", review({ state: "approved", body: "The index makes it safe." }))
    expect(approved).toMatchObject({ kind: "approved", tags: ["decision"], at: Date.parse("2019-05-15T15:20:38Z") })
    expect(approved.text).toContain("The index makes it safe.")
  })

  it("is an edge from the pull request to its reviewer", () => {
    const ada = { id: 7, login: "ada", type: "User" }
    const [document] = draftsOf("pull_request_review", review({ user: ada, state: "approved", body: "" })).documents
    const part = document!.parts.find(({ partId }) => partId.startsWith("review:"))
    expect(part?.links.reviewer).toEqual([
      { type: "REVIEWED_BY", to: { type: "github:user", value: "7" }, confidence: 1 },
    ])
  })

  it("is none when it is the author's own", () => {
    const own = review({ user: (example("pull_request_review", 0).pull_request as Payload).user })
    expect(draftsOf("pull_request_review", own).documents[0]!.parts[1]!.links).toEqual({})
  })
})

describe("pushes, workflows and deployments", () => {
  it("a push to the default branch is one moment with its commits as evidence", () => {
    const payload = example("push", 4)
    const commit = (payload.commits as Payload[])[0]!
    const second = {
      ...commit,
      id: "b".repeat(40),
      message: "Speed up the index\n\nFixes #1, closes ENG-7",
      added: ["packages/api/a.ts"],
    }
    Object.assign(payload, { commits: [commit, second], head_commit: second, after: second.id })
    const pushed = momentOf("push", payload)
    expect(pushed).toMatchObject({ kind: "pushed", thing: { type: "github:commit", value: second.id } })
    expect(pushed.documentSourceId).toBeUndefined()
    expect(pushed.text).toContain("- Initial commit\n- Speed up the index")
    const edges = pushed.links.map(({ type, to }) => `${type} ${to.value}`)
    expect(edges).toEqual([
      "PART_OF 186853002",
      "AUTHORED_BY 21031067",
      "PART_OF 186853002",
      "AUTHORED_BY 21031067",
      "TOUCHES_COMPONENT 186853002:packages/api",
      "PART_OF 186853002",
      "RESOLVES 186853002#1",
      "RESOLVES ENG-7",
    ])
  })

  it("of a push of very many commits the newest are evidence, the head and what it closes among them", () => {
    const payload = example("push", 4)
    const commits = Array.from({ length: 250 }, (_, index) => ({
      ...(payload.commits as Payload[])[0]!,
      id: index.toString(16).padStart(40, "a"),
      message: `Step ${index}\n\nFixes #${index + 1}`,
    }))
    const pushed = momentOf("push", { ...payload, commits, head_commit: commits.at(-1) })
    expect(pushed.text).toContain("250 commits pushed")
    const closed = pushed.links.filter(({ type }) => type === "RESOLVES")
    expect(closed.map(({ from }) => from?.value)).toEqual(commits.slice(50).map(({ id }) => id))
    expect(closed.at(-1)).toMatchObject({ from: pushed.thing, to: { value: "186853002#250" } })
  })

  it("a push elsewhere, a deleted branch and an empty push are skipped", () => {
    const push = example("push", 4)
    for (const change of [{ ref: "refs/heads/dev" }, { deleted: true, head_commit: null }, { commits: [] }])
      expect(deliver("push", { ...push, ...change }).outcome).toBe("skipped")
  })

  it.each([
    ["failure", 1, "failed"],
    ["timed_out", 1, "failed"],
    ["success", 2, "recovered"],
  ])("a default-branch workflow that ends in %s at attempt %i has %s", (conclusion, attempt, kind) => {
    const payload = example("workflow_run", 1)
    Object.assign(payload.workflow_run as Payload, { conclusion, run_attempt: attempt })
    expect(momentOf("workflow_run", payload).kind).toBe(kind)
  })

  it("a failed deployment to production is an incident", () => {
    const payload = example("deployment_status", 0)
    Object.assign(payload.deployment_status as Payload, { state: "failure", environment: "production" })
    Object.assign(payload.deployment as Payload, { production_environment: true })
    expect(momentOf("deployment_status", payload)).toMatchObject({ kind: "failed", tags: ["incident"] })
  })
})

describe("an alert's secret", () => {
  it("is never read", () => {
    const payload = {
      action: "created",
      alert: {
        number: 3,
        secret_type: "aws_key",
        secret: "AKIAVERYSECRET",
        created_at: "2024-01-01T00:00:00Z",
        html_url: "https://github.com/o/r/security/secret-scanning/3",
      },
      repository: example("issues", 0).repository,
    }
    const drafts = draftsOf("secret_scanning_alert", payload)
    expect(drafts.documents[0]?.sourceId).toBe("repository:186853002/secret-scanning:3")
    expect(JSON.stringify(drafts)).not.toContain("AKIAVERYSECRET")
  })
})
