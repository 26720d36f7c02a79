import { expect, test } from "vitest"
import { install, run } from "./cli-fixture.ts"

test("a workspace's choices are changed one by one, listed, and a wrong one is refused in words", async () => {
  const { json, ok, environment } = await install()
  await json("connect", "github", "--workspace", "acme", "--store", "main")
  const before = {
    id: "acme",
    redactEmails: false,
    redactPhones: null,
    keepRaw: true,
    timeZone: "UTC",
    retentionDays: null,
    legalHold: false,
  }
  expect(await json("workspace", "list")).toEqual({ workspaces: [before] })
  expect(await json("workspace", "set", "acme", "--redact-phones", "US")).toEqual({ ...before, redactPhones: "US" })
  expect(await json("workspace", "set", "acme", "--redact-emails", "on", "--keep-raw", "off")).toEqual({
    ...before,
    redactEmails: true,
    redactPhones: "US",
    keepRaw: false,
  })
  expect(await json("workspace", "set", "acme", "--time-zone", "europe/berlin")).toMatchObject({
    timeZone: "Europe/Berlin",
  })
  expect(await ok("workspace", "set", "acme", "--redact-phones", "off")).toContain(
    "redact phones off, keep raw off, time zone Europe/Berlin",
  )

  expect(await json("workspace", "set", "acme", "--retention-days", "730", "--legal-hold", "on")).toMatchObject({
    retentionDays: 730,
    legalHold: true,
    retention: { state: "held", due: { documents: 0, observations: 0, deliveries: 0 } },
  })
  expect(await ok("workspace", "set", "acme", "--retention-days", "730")).toContain(
    "Retention would remove nothing: under legal hold.",
  )
  expect(await ok("workspace", "list")).toMatch(/acme .* 730 +on/)
  expect(await json("workspace", "show", "acme")).toMatchObject({ id: "acme", retentionDays: 730, legalHold: true })
  const refused = await run(["forget", "--workspace", "acme", "--yes"], environment)
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("acme is under legal hold") })
  expect(refused.stderr.trim()).not.toContain("\n")
  expect(await ok("workspace", "set", "acme", "--legal-hold", "off", "--retention-days", "none")).toContain(
    "retention days none, legal hold off",
  )
  expect(await run(["forget", "--workspace", "acme", "--yes"], environment)).toMatchObject({ code: 0 })

  const wrong: [args: string[], code: number, words: string][] = [
    [["set", "acme"], 2, "say what to change"],
    [["set", "nobody", "--keep-raw", "on"], 1, "there is no workspace nobody"],
    [["set", "acme", "--keep-raw", "maybe"], 2, "Expected on or off"],
    [["set", "acme", "--time-zone", "Mars/Olympus"], 2, "expected an IANA name like Europe/Berlin"],
    [["show", "nobody"], 1, "there is no workspace nobody"],
    [["set", "acme", "--retention-days", "0"], 2, "Expected a number of days from 1 to 36500, or none"],
    [["set", "acme", "--retention-days", "1.5"], 2, "Expected a number of days"],
    [["set", "acme", "--legal-hold", "maybe"], 2, "Expected on or off"],
    [["set", "acme", "--redact-phones", "Mars"], 2, "Expected off, international, or a country"],
  ]
  for (const [args, code, words] of wrong) {
    expect(await run(["workspace", ...args], environment)).toMatchObject({
      code,
      stderr: expect.stringContaining(words),
    })
  }
}, 240_000)
