import type { Drafts, Normalized } from "@engram/contracts/draft"
import { expect, test } from "vitest"
import { github } from "../src/github/index.ts"
import { example, type Payload, request } from "./delivery.ts"

const noon = Date.UTC(2026, 0, 2, 12)
const future = "2099-01-01T00:00:00Z"
const times = { updated_at: "2026-01-01T10:00:00Z", pushed_at: Date.UTC(2026, 0, 1, 11) / 1000 }
const pushedAt = Date.UTC(2026, 0, 1, 11)

function received(name: string, payload: Payload, receivedAt = noon): Drafts {
  const read = github.normalize({ ...request(name, JSON.stringify(payload)), receivedAt })
  return (read as Normalized & { outcome: "drafts" }).drafts
}
/** The clocks of all entities of a kind. */
const clocks = ({ entities }: Drafts, kind: string) => [
  ...new Set(entities.flatMap((entity) => (entity.kind === kind ? [entity.at] : []))),
]
const repositoryWith = (payload: Payload, said: object) => ({ ...(payload.repository as Payload), ...said })

test("a push claims at its repository's time, or at that of its receipt, whatever time its commits have", () => {
  const payload = example("push", 4)
  const head = { ...(payload.head_commit as Payload), timestamp: future }
  const push = (said: object) =>
    received("push", { ...payload, head_commit: head, commits: [head], repository: repositoryWith(payload, said) })
  for (const [drafts, at] of [
    [push(times), pushedAt],
    [push({ updated_at: null, pushed_at: null }), noon],
  ] as const) {
    for (const kind of ["account", "repository", "commit"]) expect(clocks(drafts, kind)).toEqual([at])
    expect(drafts.scopes.map((scope) => scope.at)).toEqual([at])
    expect(drafts.moments.map((moment) => moment.at)).toEqual([Date.parse(future)])
  }
})

test("a release claims accounts at no time of its commit's", () => {
  const payload = example("release", 0)
  const release = (said: object, receivedAt = noon) => {
    const told = { ...(payload.release as Payload), created_at: future, ...said }
    return received("release", { ...payload, release: told }, receivedAt)
  }
  expect(clocks(release({ published_at: "2026-01-01T00:00:00Z" }), "account")).toContain(Date.UTC(2026, 0, 1))
  expect(clocks(release({ published_at: null, draft: true }), "account")).toContain(noon)
  for (const said of [{ published_at: "2026-01-01T00:00:00Z" }, { published_at: null }])
    expect(Math.max(...clocks(release(said), "account"))).toBeLessThanOrEqual(noon)
})

test("a file of code owners claims at its commit's time up to that of its receipt", () => {
  const repository = { id: 7, full_name: "octo/app", default_branch: "main" }
  const at = (time: string) =>
    received("codeowners", { repository, ref: "main", path: "CODEOWNERS", content: "* @octocat", at: time })
  expect(at("2026-01-01T00:00:00Z").documents[0]!.parts[0]!.at).toBe(Date.UTC(2026, 0, 1))
  expect(at(future).documents[0]!.parts[0]!.at).toBe(noon)
})

test("a team or an organization is named at the receipt of its own event, and fills gaps where it is carried along", () => {
  const told = (name: string, action: string) => {
    const member = { id: 1, login: "octocat" }
    const common = { action, organization: { id: 2, login: "octo" }, team: { id: 3, name: "Core", slug: "core" } }
    return received(name, { ...common, member, membership: { user: member } })
  }
  const named = (name: string, action: string) => {
    const drafts = told(name, action)
    return [...clocks(drafts, "team"), ...clocks(drafts, "organization"), ...drafts.scopes.map(({ at }) => at)]
  }
  expect(named("team", "created")).toEqual([noon, 0, 0])
  expect(named("team", "edited")).toEqual([noon, 0, 0])
  for (const action of ["deleted", "added_to_repository", "removed_from_repository"])
    expect(named("team", action)).toEqual([0, 0, 0])
  expect(named("membership", "added")).toEqual([0, 0, 0])
  expect(named("organization", "renamed")).toEqual([noon, noon])
  for (const action of ["member_added", "member_removed", "deleted"])
    expect(named("organization", action)).toEqual([0, 0])
})

test("a label and a wiki page are claimed at the later of the receipt and their repository's time", () => {
  const claimed = (name: string, said: object, receivedAt: number) => {
    const payload = example(name, 0)
    if (name === "label") payload.action = "edited"
    return received(name, { ...payload, repository: repositoryWith(payload, said) }, receivedAt)
  }
  const never = { updated_at: null, pushed_at: null }
  for (const [said, receivedAt, at] of [
    [times, noon, noon],
    [times, pushedAt - 1, pushedAt],
    [never, noon, noon],
  ] as const) {
    const label = claimed("label", said, receivedAt)
    const page = claimed("gollum", said, receivedAt)
    expect(clocks(label, "label")).toEqual([at])
    expect(page.documents[0]!.parts[0]!.at).toBe(at)
    if (said === never) continue
    // What is only carried along is as old as the repository says.
    for (const drafts of [label, page]) expect(clocks(drafts, "account")).toEqual([pushedAt])
    for (const drafts of [label, page]) expect(clocks(drafts, "repository")).toEqual([pushedAt])
  }
})
