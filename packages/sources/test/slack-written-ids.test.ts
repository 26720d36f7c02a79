import { expect, test } from "vitest"
import { writtenIds } from "../src/slack/text/written-ids.ts"

const url = "https://app.slack.com/client/T1/C1/p1"
const idsIn = (text: string, at = url) =>
  writtenIds(text, at).map(({ from, to, alias }) => `${text.slice(from, to)} ${alias.type} ${alias.value}`)

test("ids of people and apps are found with the team they belong to", () => {
  expect(idsIn("@U0ADA00001: ask @W0BOB0002, says (@B0BOT0001)")).toEqual([
    "U0ADA00001 slack:user T1:U0ADA00001",
    "W0BOB0002 slack:user T1:W0BOB0002",
    "B0BOT0001 slack:bot T1:B0BOT0001",
  ])
})

test("nothing is taken for an id that may be another's, or another thing", () => {
  expect(idsIn("@U0ADA0… and @U0ADA00001-x, mail@U0ADA00001.example, @UPPER, @u0ada00001")).toEqual([])
  expect(idsIn("@U0ADA00001", "https://github.com/acme/app/issues/1")).toEqual([])
  expect(idsIn("@U0ADA00001", "https://app.slack.com.example/client/T1/C1/p1")).toEqual([])
})
