import { expect, test } from "vitest"
import { install, run } from "./cli-fixture.ts"

test("a workspace's choices are changed one by one, listed, and a wrong one is refused in words", async () => {
  const { json, ok, environment } = await install()
  await json("connect", "github", "--workspace", "acme", "--store", "main")
  const before = { id: "acme", redactEmails: false, redactPhones: null, keepRaw: true, timeZone: "UTC" }
  expect(await json("workspace", "list")).toEqual({ workspaces: [before] })
  expect(await json("workspace", "set", "acme", "--redact-phones", "US")).toEqual({ ...before, redactPhones: "US" })
  expect(await json("workspace", "set", "acme", "--redact-emails", "on", "--keep-raw", "off")).toEqual({
    id: "acme",
    redactEmails: true,
    redactPhones: "US",
    keepRaw: false,
    timeZone: "UTC",
  })
  expect(await json("workspace", "set", "acme", "--time-zone", "europe/berlin")).toMatchObject({
    timeZone: "Europe/Berlin",
  })
  expect(await ok("workspace", "set", "acme", "--redact-phones", "off")).toContain(
    "redact phones off, keep raw off, time zone Europe/Berlin",
  )

  const wrong: [args: string[], code: number, words: string][] = [
    [["set", "acme"], 2, "say what to change"],
    [["set", "nobody", "--keep-raw", "on"], 1, "there is no workspace nobody"],
    [["set", "acme", "--keep-raw", "maybe"], 2, "Expected on or off"],
    [["set", "acme", "--time-zone", "Mars/Olympus"], 2, "expected an IANA name like Europe/Berlin"],
    [["set", "acme", "--redact-phones", "Mars"], 2, "Expected off, international, or a country"],
  ]
  for (const [args, code, words] of wrong) {
    expect(await run(["workspace", ...args], environment)).toMatchObject({
      code,
      stderr: expect.stringContaining(words),
    })
  }
}, 240_000)
