import type { Drafts } from "@engram/contracts/draft"
import type { EntityDraft, Link } from "@engram/contracts/graph"
import { describe, expect, it } from "vitest"
import { linear } from "../src/linear/index.ts"
import { changed, documentOf, draftsOf, fixture, incident, rendered } from "./linear-delivery.ts"

const entityOf = (drafts: Drafts, type: string): EntityDraft =>
  drafts.entities.find(({ alias }) => alias.type === type)!
const edges = (links: readonly Link[] | undefined) => links?.map(({ type, to }) => `${type} ${to.type}`)
const bodyOf = (name: string) => documentOf(fixture(name)).parts[0]!

describe("an issue", () => {
  it("is one document of its body, comments, attachments and relations", () => {
    const issue = rendered(incident, "issue")
    expect(issue).toMatchObject({
      kind: "issue",
      title: "ENG-101 Search answers 500 for long questions",
      state: "completed",
      labels: ["Bug", "Incident"],
      occurredAt: Date.parse("2026-03-03T09:00:00.000Z"),
      metadata: { key: "ENG-101", team: "Engineering", assignee: "Grace Hopper", cycle: "Cycle 41", milestone: "Beta" },
    })
    expect(issue.sections.map(({ label }) => label)).toEqual([
      "body",
      "attachment",
      "relation",
      "comment by Ada Lovelace",
      "reply by Grace Hopper",
      "comment by Linus Holm",
      "comment by GitHub",
      "comment by Robin",
      "attachment",
      "comment by Grace Hopper",
    ])
    expect(JSON.stringify(issue)).not.toContain("hunter2")
    expect(issue.importance).toBeGreaterThan(0.9)
  })

  it("remembers what was decided, asked for, and said last when it was done", () => {
    const said = rendered(incident, "issue").statements.map(({ kind, text }) => `${kind}: ${text.split("\n")[0]}`)
    expect(said).toEqual([
      "summary: Questions of more than 512 tokens are answered with 500 since Tuesday's deploy. The embedder refuses them, and the search door turns that into a 500.",
      "acceptance: - A long question is cut at a sentence and answered.",
      "decision: cut at the last sentence that fits, never refuse.",
      "decision: we cut at the last sentence that fits, and count it.",
      "outcome: Cut at the sentence, deployed as 4.2.2, and the error rate is back at zero. The dashboard has a line for it.",
    ])
  })

  it("has no outcome while it is open, and none from thanks, bots or what was written days later", () => {
    const outcomes = (names: readonly string[]) =>
      rendered(names, "issue").statements.filter(({ kind }) => kind === "outcome")
    expect(outcomes(["issue-create", "comment-create-closing"])).toEqual([])
    expect(outcomes(["issue-update-completed", "comment-create-thanks", "comment-create-by-bot"])).toEqual([])
    const late = changed("comment-create-closing", { createdAt: "2026-03-09T09:00:00.000Z" })
    const parts = [documentOf(fixture("issue-update-completed")), documentOf(late)].flatMap(
      (document) => document.parts,
    )
    const { statements } = linear.render({ sourceId: `issue:${fixture("issue-create").data.id}`, parts })
    expect(statements.filter(({ kind }) => kind === "outcome")).toEqual([])
  })

  it("is blocked while a blocker stands and it is not over", () => {
    expect(rendered(["issue-create", "issue_relation-create-blocks"], "issue").statements[0]!.tags).toContain("blocked")
    expect(
      rendered(["issue-update-completed", "issue_relation-create-blocks"], "issue").statements[0]!.tags,
    ).not.toContain("blocked")
  })

  it("that is known by its comments alone is called what they call it", () => {
    expect(rendered(["comment-create"], "issue")).toMatchObject({
      title: "ENG-101 Search answers 500 for long questions",
      state: null,
      url: "https://linear.app/acme/issue/ENG-101/search-answers-500-for-long-questions",
      scope: documentOf(fixture("issue-create")) && rendered(["issue-create"], "issue").scope,
    })
    expect(rendered(["comment-create-2021"], "issue").title).toBe("Errors point at the wrong line")
  })

  it("says where it belongs, who has it, and ends what it does not list any more", () => {
    const { links } = bodyOf("issue-update-planned")
    expect(Object.fromEntries(Object.entries(links).map(([name, list]) => [name, edges(list)]))).toEqual({
      author: ["AUTHORED_BY linear:user"],
      assignees: ["ASSIGNED_TO linear:user"],
      team: ["PART_OF linear:team"],
      parent: ["PART_OF linear:issue"],
      project: ["PART_OF linear:project"],
      cycle: ["PART_OF linear:cycle"],
      milestone: ["PART_OF linear:milestone"],
    })
    expect(bodyOf("issue-update-unassigned").links.assignees).toEqual([])
    expect(bodyOf("issue-create").links).not.toHaveProperty("assignees")
  })

  it("claims its key, and the keys it had", () => {
    const { entities } = draftsOf(fixture("issue-update-moved-team"))
    const issue = entities.find(({ kind }) => kind === "thing")!
    expect(issue.aliases).toEqual([
      { type: "linear:issue_key", value: "OPS-7" },
      { type: "linear:issue_key", value: "ENG-102" },
    ])
    expect(entityOf(draftsOf(fixture("issue-create-2021")), "linear:issue").aliases[0]!.value).toBe("KOR-11")
    expect(entityOf(draftsOf(fixture("issue-remove-2021")), "linear:issue").aliases[0]!.value).toBe("KOR-11")
  })

  it("makes the team that its key names known in every payload", () => {
    const team = { kind: "team", aliases: [{ type: "linear:team_key", value: "ENG" }] }
    for (const name of ["issue-create", "comment-create", "reaction-create", "issue_relation-create-blocks"])
      expect(entityOf(draftsOf(fixture(name)), "linear:team"), name).toMatchObject(team)
    const bare = changed("comment-create", {
      issue: { ...(fixture("comment-create").data.issue as object), team: undefined },
    })
    expect(entityOf(draftsOf(bare), "linear:team")).toMatchObject(team)
  })
})

describe("removal and return", () => {
  it("count at the time of the act: `updatedAt` stands still", () => {
    const removed = bodyOf("issue-remove")
    expect(removed).toMatchObject({ alive: false, at: Date.parse("2026-03-07T09:01:00.000Z") })
    expect(removed.at).toBeGreaterThan(bodyOf("issue-create-mistake").at)
    expect(bodyOf("issue-restore")).toMatchObject({ alive: true, at: Date.parse("2026-03-07T12:00:00.000Z") })
  })

  it("an update of what is in the trash does not bring it back", () => {
    expect(documentOf(changed("issue-update-described", { trashed: true })).parts[0]!.alive).toBe(false)
  })

  it("archiving by Linear itself takes nothing away", () => {
    expect(bodyOf("issue-remove-auto-archived")).not.toHaveProperty("alive")
    expect(documentOf(changed("issue-remove-auto-archived", { trashed: true })).parts[0]!.alive).toBe(false)
  })

  it("a comment says nothing of whether its issue exists", () => {
    for (const name of ["comment-create", "comment-remove", "attachment-create-slack", "reaction-create"])
      expect(
        documentOf(fixture(name)).parts.map(({ partId }) => partId.split(":")[0]),
        name,
      ).not.toContain("body")
  })

  it("a removed comment is found by ids alone", () => {
    expect(documentOf(fixture("comment-remove-on-document")).sourceId).toBe(
      documentOf(fixture("comment-create-on-document-again")).sourceId,
    )
    expect(
      rendered(
        ["comment-create-on-document", "comment-create-on-document-again", "comment-remove-on-document"],
        "content",
      ),
    ).toMatchObject({
      kind: "comments",
      title: "Comments on Post-mortem: long questions",
      sections: [{ markdown: "> one question in twelve\n\nPlease say how many people noticed." }],
    })
  })
})

describe("projects, initiatives, cycles, documents", () => {
  it("a project says who leads it, who is in it, and what it is part of", () => {
    const { links } = bodyOf("project-create")
    const author = links.author!
    expect(edges(author)).toEqual(["AUTHORED_BY linear:user"])
    expect(edges(links.lead)).toEqual(["OWNED_BY linear:user"])
    expect(links.members!.map(({ type, from, to }) => [type, from?.type, to.type])).toEqual([
      ["MEMBER_OF", "linear:user", "linear:project"],
      ["MEMBER_OF", "linear:user", "linear:project"],
    ])
    expect(edges(links.initiatives)).toEqual(["PART_OF linear:initiative"])
    expect(edges(links.teams)).toEqual(["PART_OF linear:team", "PART_OF linear:team"])
    expect(entityOf(draftsOf(fixture("project-create")), "linear:project").aliases).toEqual([
      { type: "linear:project_slug", value: "37f87fe3d558" },
    ])
  })

  it("an update is a document of its own, part of its project, with its comments", () => {
    const update = rendered(
      ["project_update-create", "project_update-update-health", "comment-create-on-project-update"],
      "project_update",
    )
    expect(update).toMatchObject({
      kind: "project_update",
      title: "Update on Search that understands",
      state: "atRisk",
    })
    expect(update.sections.map(({ label }) => label)).toEqual(["body", "comment by Linus Holm"])
    expect(edges(bodyOf("project_update-create").links.subject)).toEqual(["PART_OF linear:project"])
    expect(rendered(["comment-create-on-project-update"], "project_update").title).toBe(
      "Update on Search that understands",
    )
  })

  it("an initiative names its projects, whichever of the two says so", () => {
    const [link] = bodyOf("initiative-update-project-added").links.projects!
    expect(link).toMatchObject({ type: "PART_OF", from: { type: "linear:project" }, to: { type: "linear:initiative" } })
    const [back] = bodyOf("project-create").links.initiatives!
    expect([back!.to, documentOf(fixture("project-create")).alias]).toEqual([link!.to, link!.from])
  })

  it("a cycle is a milestone of its team, with how it stands", () => {
    expect(rendered(["cycle-create", "cycle-update-named", "cycle-update-completed"], "cycle")).toMatchObject({
      title: "Cycle 41: Long questions",
      state: "completed",
      metadata: { progress: "7 of 9 issues done" },
      sections: [{ markdown: "From 2026-03-02 to 2026-03-16.\n\nFinish what the incident opened." }],
    })
  })

  it("a document says what it decides, and is found by its address", () => {
    const document = rendered(["document-create", "document-update"], "document")
    expect(document.statements.map(({ kind }) => kind)).toEqual(["summary", "decision"])
    expect(entityOf(draftsOf(fixture("document-update")), "linear:document").aliases).toEqual([
      { type: "linear:document_slug", value: "b7c6d5e4f3a1" },
    ])
  })

  it("tag what is an objective", () => {
    expect(rendered(["initiative-create"], "initiative").statements[0]!.tags).toEqual(["objective", "initiative"])
  })
})

describe("scopes", () => {
  it("are the team; projects of several teams, initiatives and documents are everybody's", () => {
    expect(rendered(["issue-create"], "issue").scope).toMatch(/^team:/)
    expect(rendered(["cycle-create"], "cycle").scope).toMatch(/^team:/)
    expect(rendered(["project-create-tryout"], "project").scope).toMatch(/^team:/)
    expect(rendered(["project-create"], "project").scope).toMatch(/^organization:/)
    expect(rendered(["initiative-create"], "initiative").scope).toMatch(/^organization:/)
  })

  it("are private when the payload says so, and no payload that leaves it out opens them again", () => {
    const team = fixture("issue-create").data.team as object
    const claims = (body: unknown) =>
      draftsOf(body)
        .scopes.filter(({ key }) => key.startsWith("team"))
        .map(({ name, privacy, at }) => ({ name, privacy, at }))
    const at = Date.parse("2026-03-03T09:00:00.000Z")
    expect(claims(changed("issue-create", { team: { ...team, private: true } }))).toEqual([
      { name: "Engineering", at },
      // A moment later, so that it stands over what opens the team at the same time.
      { privacy: "private", at: at + 1 },
    ])
    const later = draftsOf(fixture("issue-update-completed")).scopes.find(({ name }) => name === "Engineering")!.at
    expect(claims(fixture("issue-update-completed"))).toEqual([
      { name: "Engineering", at: later },
      { privacy: "org", at: 0 },
    ])
    expect(claims(fixture("cycle-create"))).toEqual([{ privacy: "org", at: 0 }])
  })

  it("do not let an issue of a private team be named by another's relation", () => {
    expect(documentOf(fixture("issue_relation-create-blocks")).parts[0]!.fields.text).toBe("Blocked by ENG-90")
  })
})

describe("people", () => {
  it("are members with a confirmed address, apps are bots without one", () => {
    const { entities } = draftsOf(fixture("user-create"))
    expect(entities.find(({ alias }) => alias.value === fixture("user-create").data.id)).toMatchObject({
      kind: "account",
      aliases: [{ type: "email:address", value: "grace@acme.example" }],
      fields: {
        name: "Grace Hopper",
        handle: "grace",
        email: "grace@acme.example",
        emailVerified: true,
        bot: false,
        active: true,
      },
    })
    const app = draftsOf(fixture("comment-create-by-app")).entities.find(({ fields }) => fields.bot === true)!
    expect(app).toMatchObject({ kind: "account", aliases: [], fields: { name: "Robin" } })
    expect(app.fields).not.toHaveProperty("email")
  })

  it("of an integration's making prove nothing by their address", () => {
    const account = entityOf(draftsOf(fixture("issue-create-by-customer")), "linear:external_user")
    expect(account).toMatchObject({ aliases: [], fields: { name: "Pat Customer", email: "pat@customer.example" } })
    expect(account.fields).not.toHaveProperty("emailVerified")
  })

  it("that a payload only names are no less members for it", () => {
    const account = entityOf(draftsOf(fixture("comment-create-2021")), "linear:user")
    expect(account.fields).toEqual({ name: "Ada Lovelace" })
  })

  it("leave, and are inactive", () => {
    const user = (name: string) =>
      draftsOf(fixture(name)).entities.find(({ alias }) => alias.value === fixture(name).data.id)!
    expect(user("user-update-suspended").fields.active).toBe(false)
    expect(user("user-remove").fields.active).toBe(false)
  })

  it("write as integrations do, by name", () => {
    expect(documentOf(fixture("comment-create-by-bot")).parts[0]!.fields).toMatchObject({
      author: "GitHub",
      authorBot: true,
    })
  })
})

describe("what a text names", () => {
  it("is an edge: other issues, pull requests and documents, not the issue itself", () => {
    const { links } = rendered(["issue-create", "comment-create", "comment-create-by-bot"], "issue")
    expect(links.map(({ type, to, requires }) => [type, to.value, requires?.value])).toEqual([
      ["REFERENCES", "ENG-90", undefined],
      ["REFERENCES", "acme/search#41", undefined],
      ["BLOCKED_BY", "ENG-90", "ENG"],
    ])
    const [part] = documentOf(changed("issue-create", { description: "ENG-101 is this one; UTF-8 is none." })).parts
    expect(linear.render({ sourceId: documentOf(fixture("issue-create")).sourceId, parts: [part!] }).links).toEqual([])
    expect(rendered(["document-update"], "document").links.map(({ to }) => to.value)).toEqual(["acme/search#42"])
  })
})

describe("what hangs on an issue", () => {
  it("a pull request that closes it resolves it, from the pull request to the issue", () => {
    const [link] = bodyOf("attachment-create-pull-request").links.attached!
    expect(link).toEqual({
      type: "RESOLVES",
      from: { type: "github:ref", value: "acme/search#42" },
      to: documentOf(fixture("issue-create")).alias,
      confidence: 1,
    })
    const plain = documentOf(changed("attachment-create-pull-request", { metadata: { linkKind: "links" } }))
    expect(edges(plain.parts[0]!.links.attached)).toEqual(["REFERENCES github:ref"])
    expect(
      edges(documentOf(changed("attachment-create-pull-request", { metadata: "no object" })).parts[0]!.links.attached),
    ).toEqual(["REFERENCES github:ref"])
  })

  it("a Slack thread is named by its first message, a file names nothing", () => {
    expect(bodyOf("attachment-create-slack").links.attached).toEqual([
      { type: "REFERENCES", to: { type: "slack:message", value: "C024BE91L:1772528400.000200" }, confidence: 1 },
    ])
    expect(bodyOf("attachment-create-file").links.attached).toEqual([])
  })

  it("a relation is told on the issue that it says something of", () => {
    const blocked = documentOf(fixture("issue_relation-create-blocks"))
    expect(blocked.alias).toEqual(documentOf(fixture("issue-create")).alias)
    expect(edges(blocked.parts[0]!.links.related)).toEqual(["BLOCKED_BY linear:issue"])
    expect(edges(bodyOf("issue_relation-create-duplicate").links.related)).toEqual(["DUPLICATES linear:issue"])
    expect(edges(bodyOf("issue_relation-create-related").links.related)).toEqual(["RELATES_TO linear:issue"])
    expect(documentOf(fixture("issue_relation-remove")).sourceId).toBe(
      documentOf(fixture("issue_relation-create-related")).sourceId,
    )
  })

  it("reactions count for who takes part, and say no word", () => {
    const quiet = rendered(["issue-create"], "issue")
    const cheered = rendered(["issue-create", "reaction-create", "reaction-create-by-app"], "issue")
    expect(cheered.sections).toEqual(quiet.sections)
    expect(cheered.importance).toBeGreaterThan(quiet.importance)
    const counted = rendered(["issue-update-2023", "comment-update-reaction-2023"], "issue")
    expect(counted.importance).toBeGreaterThan(rendered(["issue-update-2023"], "issue").importance)
  })

  it("a reaction to a thing without a name makes no document", () => {
    const { issue: _, ...data } = fixture("reaction-create").data
    expect(documentOf({ ...fixture("reaction-create"), data }).parts[0]).not.toHaveProperty("alive")
  })
})
