import { expect, it } from "vitest"
import { aliasesAsked } from "../src/text/asked-names.ts"

it.each([
  ["octo/App#12", "github:ref octo/app#12"],
  ["https://github.com/octo/app/pull/12/files", "github:ref octo/app#12"],
  ["ENG-123", "linear:issue_key ENG-123"],
  ["eng-123", "linear:issue_key ENG-123"],
  ["https://linear.app/acme/issue/ENG-123/x", "linear:issue_key ENG-123"],
  ["https://acme.slack.com/archives/C024BE91L/p1355517523000005", "slack:message C024BE91L:1355517523.000005"],
  ["slack:message:C024BE91L:1355517523.000005", "slack:message C024BE91L:1355517523.000005"],
  ["github:login:octocat", "github:login octocat"],
  ["events:wiki:author:u1", "events:wiki:author u1"],
  ["Octo/App", "github:repository_name octo/app"],
  ["@octo/api", "github:team_name octo/api"],
  ["@OctoCat", "github:login octocat"],
  ["octocat", "github:login octocat"],
  [" Ada@Example.com ", "email:address ada@example.com"],
  ["6113728f27ae82c7b1a177c8d03f9e96e0adf246", "github:commit 6113728f27ae82c7b1a177c8d03f9e96e0adf246"],
])("%s may mean %s", (asked, alias) => {
  expect(aliasesAsked(asked).map(({ type, value }) => `${type} ${value}`)).toContain(alias)
})

it("what is no name means little, however long it is", () => {
  expect(aliasesAsked("")).toEqual([])
  expect(aliasesAsked(":".repeat(100_000)).length).toBeLessThan(20)
  expect(aliasesAsked("a b c")).toEqual([])
})
