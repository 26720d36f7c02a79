import type { Drafts } from "@engram/contracts/draft"
import { describe, expect, it } from "vitest"
import { rules } from "../src/github/normalize.ts"
import { deliver, editions, enterpriseSets, example, exampleSets, examples, type Payload } from "./delivery.ts"

const outcomes = examples.map(({ name, index, payload }) => ({ name, index, payload, read: deliver(name, payload) }))
const drafted = outcomes.flatMap(({ name, index, read }) =>
  read.outcome === "drafts" ? [{ name, index, drafts: read.drafts }] : [],
)

describe("the 329 published payloads", () => {
  it("are all of them, of 58 events, and every event is known", () => {
    expect(examples).toHaveLength(329)
    expect(exampleSets).toHaveLength(58)
    expect(exampleSets.filter(({ name }) => !rules.has(name))).toEqual([])
  })

  it("become drafts or are skipped for a reason, each as its event deserves", () => {
    const table = Object.fromEntries(
      exampleSets.map(({ name }) => {
        const reads = outcomes.filter((outcome) => outcome.name === name)
        const skipped = reads.filter(({ read }) => read.outcome === "skipped").length
        return [name, `${reads.length - skipped} drafts, ${skipped} skipped`]
      }),
    )
    expect(table).toMatchInlineSnapshot(`
      {
        "branch_protection_rule": "0 drafts, 5 skipped",
        "check_run": "0 drafts, 9 skipped",
        "check_suite": "0 drafts, 9 skipped",
        "code_scanning_alert": "6 drafts, 0 skipped",
        "commit_comment": "5 drafts, 0 skipped",
        "create": "0 drafts, 5 skipped",
        "delete": "0 drafts, 4 skipped",
        "dependabot_alert": "3 drafts, 0 skipped",
        "deploy_key": "0 drafts, 2 skipped",
        "deployment": "0 drafts, 4 skipped",
        "deployment_review": "0 drafts, 1 skipped",
        "deployment_status": "0 drafts, 4 skipped",
        "discussion": "15 drafts, 0 skipped",
        "discussion_comment": "4 drafts, 0 skipped",
        "fork": "0 drafts, 3 skipped",
        "github_app_authorization": "0 drafts, 2 skipped",
        "gollum": "3 drafts, 0 skipped",
        "installation": "0 drafts, 7 skipped",
        "installation_repositories": "0 drafts, 3 skipped",
        "issue_comment": "9 drafts, 0 skipped",
        "issues": "29 drafts, 0 skipped",
        "label": "4 drafts, 2 skipped",
        "marketplace_purchase": "0 drafts, 4 skipped",
        "member": "4 drafts, 0 skipped",
        "membership": "5 drafts, 0 skipped",
        "merge_group": "0 drafts, 2 skipped",
        "meta": "0 drafts, 2 skipped",
        "milestone": "5 drafts, 0 skipped",
        "org_block": "0 drafts, 4 skipped",
        "organization": "4 drafts, 1 skipped",
        "package": "0 drafts, 3 skipped",
        "page_build": "0 drafts, 3 skipped",
        "ping": "0 drafts, 4 skipped",
        "project": "0 drafts, 3 skipped",
        "project_card": "0 drafts, 9 skipped",
        "project_column": "0 drafts, 4 skipped",
        "projects_v2_item": "0 drafts, 7 skipped",
        "public": "3 drafts, 0 skipped",
        "pull_request": "29 drafts, 0 skipped",
        "pull_request_review": "4 drafts, 0 skipped",
        "pull_request_review_comment": "5 drafts, 0 skipped",
        "pull_request_review_thread": "3 drafts, 0 skipped",
        "push": "2 drafts, 5 skipped",
        "release": "13 drafts, 0 skipped",
        "repository": "13 drafts, 0 skipped",
        "repository_dispatch": "0 drafts, 2 skipped",
        "repository_import": "0 drafts, 2 skipped",
        "repository_vulnerability_alert": "4 drafts, 0 skipped",
        "security_advisory": "4 drafts, 0 skipped",
        "sponsorship": "0 drafts, 4 skipped",
        "star": "0 drafts, 3 skipped",
        "status": "0 drafts, 4 skipped",
        "team": "6 drafts, 0 skipped",
        "team_add": "3 drafts, 0 skipped",
        "watch": "0 drafts, 3 skipped",
        "workflow_dispatch": "0 drafts, 2 skipped",
        "workflow_job": "0 drafts, 8 skipped",
        "workflow_run": "0 drafts, 5 skipped",
      }
    `)
  })

  it("are skipped with a sentence that a person understands", () => {
    for (const { name, read } of outcomes)
      if (read.outcome === "skipped") expect(read.reason, name).toMatch(/^[A-Z].{15,}\.$/)
  })

  it("hold the documents that an independent scan of the payloads finds, fewer than a hundred", () => {
    const documents = new Set(drafted.flatMap(({ drafts }) => drafts.documents.map(({ sourceId }) => sourceId)))
    expect([...documents].toSorted()).toEqual([...scan()].toSorted())
    expect(documents.size).toBeLessThan(100)
  })

  it("are claimed by drafts that keep the contract", () => {
    for (const { name, index, drafts } of drafted) expectWhole(drafts, `${name}[${index}]`)
  })

  it("teach nothing by themselves when they are delivered under another event's name", () => {
    for (const { name } of exampleSets) expect(() => deliver(name, { zen: "…" }), name).not.toThrow(TypeError)
  })
})

describe.each(editions)("the payloads of GitHub Enterprise Server 3.%s", (edition) => {
  it("are read or skipped, never refused", () => {
    const sets = enterpriseSets(edition)
    expect(sets.length).toBeGreaterThan(40)
    for (const { name, examples: payloads } of sets)
      for (const payload of payloads) {
        const read = deliver(name, payload)
        if (read.outcome === "drafts") expectWhole(read.drafts, name)
      }
  })
})

describe("one thing has one identity", () => {
  it("whether an issue or a pull request event tells of it", () => {
    const ids = (name: string, index: number) => {
      const read = deliver(name, example(name, index))
      return read.outcome === "drafts" ? read.drafts.documents.map(({ sourceId }) => sourceId) : []
    }
    expect(ids("pull_request", 0)).toEqual(["repository:186853002#2"])
    expect(ids("issues", 5)).toEqual(["repository:186853002#2"])
    expect(ids("pull_request_review_comment", 0)).toEqual(["repository:186853002#2"])
  })

  it("and one name in the graph, wherever it is drafted", () => {
    const aliases = new Map<string, string>()
    for (const { drafts } of drafted)
      for (const { sourceId, alias } of drafts.documents) {
        const name = `${alias.type} ${alias.value}`
        expect(aliases.get(sourceId) ?? name).toBe(name)
        aliases.set(sourceId, name)
      }
    expect(new Set(aliases.values()).size).toBe(aliases.size)
  })

  it("and an account is of one kind in all payloads", () => {
    const kinds = new Map<string, string>()
    for (const { drafts } of drafted)
      for (const { alias, kind } of drafts.entities) {
        const name = `${alias.type} ${alias.value}`
        expect(kinds.get(name) ?? kind, name).toBe(kind)
        kinds.set(name, kind)
      }
  })
})

/** What the contract asks of every draft. */
function expectWhole(drafts: Drafts, where: string): void {
  const scopes = new Set(drafts.scopes.map(({ key }) => key))
  for (const { parts, sourceId } of drafts.documents) {
    expect(
      parts.filter(({ partId }) => partId === "body"),
      `${where} ${sourceId}`,
    ).toHaveLength(1)
    expect(new Set(parts.map(({ partId }) => partId)).size, where).toBe(parts.length)
    for (const part of parts) expect(part.at, `${where} ${part.partId}`).toBeGreaterThan(Date.UTC(2008))
  }
  for (const moment of drafts.moments) {
    expect(moment.title?.length ?? 0, where).toBeLessThanOrEqual(120)
    expect(moment.summary?.length ?? 0, where).toBeLessThanOrEqual(320)
    expect(moment.text, where).not.toBe("")
    expect(moment.importance, where).toBeGreaterThanOrEqual(0)
    expect(moment.importance, where).toBeLessThanOrEqual(1)
    expect(moment.at, where).toBeGreaterThan(Date.UTC(2008))
    expect(scopes, where).toContain(moment.scope)
  }
  for (const scope of drafts.scopes) expect(scope.privacy, where).toBe("org")
  // What Postgres and a repeat need: plain JSON, without undefined or surprises.
  expect(JSON.parse(JSON.stringify(drafts)), where).toEqual(drafts)
}

/** Where each event's payload names the thing it is about: the identity's beginning, then the way to its last piece. */
const things: readonly (readonly [event: RegExp, prefix: string, ...path: string[]])[] = [
  [/^(?:issues|issue_comment)$/, "repository#", "issue", "number"],
  [/^pull_request/, "repository#", "pull_request", "number"],
  [/^discussion/, "repository/discussion#", "discussion", "number"],
  [/^release$/, "repository/release:", "release", "id"],
  [/^commit_comment$/, "repository/commit:", "comment", "commit_id"],
  [/^milestone$/, "repository/milestone:", "milestone", "number"],
  [/^dependabot_alert$/, "repository/dependabot:", "alert", "number"],
  [/^code_scanning_alert$/, "repository/code-scanning:", "alert", "number"],
  [/^repository_vulnerability_alert$/, "repository/vulnerability:", "alert", "id"],
  [/^gollum$/, "repository/wiki:", "pages", "0", "page_name"],
  [/^security_advisory$/, "advisory:", "security_advisory", "ghsa_id"],
  [/^(?:team|team_add|membership)$/, "organization/team:", "team", "id"],
  [/^organization$/, "organization:", "organization", "id"],
]

/** Distinct things in the payloads, found by their own keys and by nothing of the source's code. */
function scan(): Set<string> {
  const found = new Set<string>()
  for (const { name, payload } of examples) {
    if (payload.action === "member_invited") continue
    const repository = `repository:${at(payload, ["repository", "id"])}`
    const organization = `organization:${at(payload, ["organization", "id"])}`
    for (const [event, prefix, ...path] of things)
      if (event.test(name))
        found.add(
          prefix.replace(/^repository/, repository).replace(/^organization(?=\/)/, organization) + at(payload, path),
        )
    const moved = at(payload, ["changes", "new_repository", "id"])
    if (name === "issues" && moved) found.add(`repository:${moved}#${at(payload, ["changes", "new_issue", "number"])}`)
    if (name === "discussion" && moved)
      found.add(`repository:${moved}/discussion#${at(payload, ["changes", "new_discussion", "number"])}`)
  }
  return found
}

const at = (payload: Payload, path: readonly string[]) =>
  path.reduce<unknown>((value, key) => (value as Payload | null | undefined)?.[key], payload)
