import { describe, expect, it } from "vitest"
import { ownershipOf } from "../src/github/codeowners.ts"
import { componentOf } from "../src/github/components.ts"
import { deliver, draftsOf } from "./delivery.ts"

/** `component owner`, a `~` where only a part is theirs. */
const owned = (content: string) =>
  ownershipOf(content).map(({ component, owner, whole }) => `${component || "."} ${whole ? "" : "~"}${owner.value}`)

describe("owners of components", () => {
  // Syntax as docs.github.com tells it, in "About code owners".
  it.each<[content: string, owners: string[]]>([
    ["* @octocat", [". octocat"]],
    ["*       @global-owner1 @Global-Owner2\n", [". global-owner1", ". global-owner2"]],
    ["/packages/api/ @octo/api-team", ["packages/api octo/api-team"]],
    ["packages/api @octo/Api-Team docs@Example.com", ["packages/api octo/api-team", "packages/api docs@example.com"]],
    ["/packages/api/** @a", ["packages/api a"]],
    ["/docs/ @a\n/docs/guides/ @b", ["docs a", "docs ~b"]],
    ["/docs/guides/ @b\n/docs/ @a", ["docs a"]],
    ["* @a\n/docs/ @b", [". a", "docs b"]],
    ["* @a\n/docs/guides/ @b", [". a", "docs a", "docs ~b"]],
    ["/docs/ @a\n* @b", [". b", "docs b"]],
    ["/docs/ @a\n/docs/", []],
    ["/packages/ @a\n/packages/api/ @b", ["packages a", "packages/api b"]],
    ["/packages/api/ @b\n/packages/ @a", ["packages a", "packages/api a"]],
    ["/docs/* @a", ["docs ~a"]],
    ["docs/ @a\n/src/ @b", ["docs a", "src b"]],
    ["/src/main.ts @a", ["src ~a"]],
    ["/packages/api/README.md @a", ["packages/api ~a"]],
    ["/README.md @a\nLICENSE @b\n/Makefile @c", []],
    ["*.js @js-owner", []],
    ["**/logs @a\n/src/ @b", ["src b"]],
    ["/apps/*/ @a\n/apps/web/ @b", ["apps/web b"]],
    ["/apps/web/ @b\n/apps/*/ @a", ["apps/web a"]],
    ["/packages/*-api/ @a\n/packages/user-api/src/ @b", ["packages/user-api a", "packages/user-api ~b"]],
    ["# a comment\n\n/src/ @a # and why", ["src a"]],
    ["/my\\ docs/ @a", ["my docs a"]],
    ["[Section]\n^[Other][2] @x\n!/src/ @a\n/lib[ab]/ @a", []],
    ["/src/ nobody", []],
    ["/Docs/ @a", ["Docs a"]],
    ["\r\n/src/ @a\r\n", ["src a"]],
    ["", []],
  ])("%j", (content, owners) => {
    expect(owned(content)).toEqual(owners)
  })

  it("are named as changed files name their components", () => {
    const files = [
      "packages/api/src/index.ts",
      "docs/guide.md",
      "services/billing/Dockerfile",
      ".github/workflows/ci.yml",
    ]
    const patterns = ["/packages/api/", "docs/", "services/billing/**", "/.github/workflows/ci.yml"]
    const named = ownershipOf(patterns.map((pattern) => `${pattern} @a`).join("\n")).map(({ component }) => component)
    expect(named.toSorted()).toEqual(files.map((file) => componentOf(file)).toSorted())
  })

  it.each([
    ["wildcards", (n: number) => `/${"*a".repeat(150)}/ @a\n`.repeat(n / 300)],
    ["stars between", (n: number) => `/${"a*a*a*a*a*a".repeat(1)}b/ @a\n/${"a".repeat(200)}/ @a\n`.repeat(n / 200)],
    ["owners", (n: number) => `/src/ ${"@abcdefgh ".repeat(n / 10)}`],
    ["components", (n: number) => Array.from({ length: n / 12 }, (_, i) => `/dir${i}/ @a`).join("\n")],
    ["backslashes", (n: number) => "\\".repeat(n)],
    ["an address", (n: number) => `/src/ ${"a@".repeat(n / 2)}`],
  ])("cost no more than their text when it is a bomb of %s", (_, made) => {
    const timed = (chars: number) => {
      const started = performance.now()
      ownershipOf(made(chars))
      return performance.now() - started
    }
    timed(10_000)
    // Tried again, since the machine has other things to do; below 20 ms the clock says more than the rule.
    const grewAsItShould = () => timed(1_000_000) / Math.max(timed(125_000), 20) < 30
    expect(grewAsItShould() || grewAsItShould() || grewAsItShould()).toBe(true)
  })
})

const repository = { id: 7, full_name: "octo/app", html_url: "https://github.com/octo/app", default_branch: "main" }
const state = (content: string | null, more = {}) => ({
  repository,
  ref: "main",
  path: ".github/CODEOWNERS",
  content,
  sha: "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
  at: "2024-01-01T00:00:00Z",
  ...more,
})

describe("the state of a CODEOWNERS file", () => {
  it("is a document that lists every owner", () => {
    const { documents, entities } = draftsOf("codeowners", state("* @octocat\n/packages/api/ @octo/api a@b.example"))
    expect(documents).toHaveLength(1)
    const [document] = documents
    expect(document).toMatchObject({ sourceId: "repository:7/codeowners", alias: { value: "7" } })
    const links = document!.parts[0]!.links.owners!
    expect(links.map(({ type, from, to }) => `${from?.value} ${type} ${to.type} ${to.value}`)).toEqual([
      "7 OWNED_BY github:login octocat",
      "7:packages/api PART_OF github:repository 7",
      "7:packages/api OWNED_BY github:team_name octo/api",
      "7:packages/api PART_OF github:repository 7",
      "7:packages/api OWNED_BY email:address a@b.example",
    ])
    expect(entities).toContainEqual(
      expect.objectContaining({ kind: "component", fields: expect.objectContaining({ name: "packages/api" }) }),
    )
  })

  it("is over when there is no file, and is none of a branch that is not the default one", () => {
    expect(draftsOf("codeowners", state(null)).documents[0]?.parts[0]?.alive).toBe(false)
    expect(deliver("codeowners", state("* @a", { ref: "refs/heads/wip" })).outcome).toBe("skipped")
    expect(deliver("codeowners", state("* @a", { ref: "refs/heads/main" })).outcome).toBe("drafts")
  })

  it("keeps what the file says out of prose", () => {
    const { documents } = draftsOf("codeowners", state("* @octocat\n# ```` fixes #1"))
    const text = documents[0]!.parts[0]!.fields.text as string
    expect(text.startsWith("`````\n")).toBe(true)
    expect(text.endsWith("\n`````")).toBe(true)
  })
})
