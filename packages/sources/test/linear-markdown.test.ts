import { describe, expect, it } from "vitest"
import { readable } from "../src/linear/markdown.ts"

/** Time this process worked, so that a busy machine fails nothing. */
const cpuMs = () => process.cpuUsage().user / 1_000

describe("Linear's markdown", () => {
  it.each([
    ["+++ Stack trace\nline\n+++\nafter", "**Stack trace**\n\nline\n\nafter"],
    ["> +++ #### *Details*\n> inside\n> +++", "> **Details**\n>\n> inside\n>"],
    ["![chart.png](https://uploads.linear.app/a/b/chart.png)", "(image: chart.png)"],
    ["![](https://uploads.linear.app/a/b)", "(image: unnamed)"],
    ["[log.txt](https://uploads.linear.app/a/b/log.txt)", "log.txt"],
    ["see https://uploads.linear.app/a/b.mov", "see (file)"],
    ["[@Ada](https://linear.app/acme/profiles/ada) agreed", "@Ada agreed"],
    ["https://linear.app/acme/profiles/ada agreed", "@ada agreed"],
    [
      "as https://linear.app/acme/issue/ENG-5/fix-it says",
      "as [ENG-5](https://linear.app/acme/issue/ENG-5/fix-it) says",
    ],
    ["[ENG-5: fix](https://linear.app/acme/issue/ENG-5/fix)", "[ENG-5: fix](https://linear.app/acme/issue/ENG-5/fix)"],
    ["C+++ and a+++b", "C+++ and a+++b"],
    ["plain", "plain"],
  ])("%j reads %j", (written, read) => {
    expect(readable(written)).toBe(read)
  })

  it.each([
    "```\n+++ not a section\nhttps://linear.app/acme/profiles/ada\n```",
    "`https://linear.app/acme/issue/ENG-5`",
    "Use `+++` to fold.",
  ])("leaves code alone: %j", (text) => {
    expect(readable(text)).toBe(text)
  })

  it("is read once: what is readable stays as it is", () => {
    const text = "+++ A\n[@Ada](https://linear.app/acme/profiles/ada) https://linear.app/acme/issue/ENG-5/x\n+++"
    expect(readable(readable(text))).toBe(readable(text))
  })

  it.each([
    "+++ ",
    "[@a](https://linear.app/a/profiles/",
    "![",
    "https://linear.app/a/issue/A-1 ",
    "> ".repeat(50),
    "`",
  ])("a megabyte of %j takes less than two seconds of work", (piece) => {
    const text = `linear.app +++\n${piece.repeat(1_000_000 / piece.length)}`
    const started = cpuMs()
    readable(text)
    expect(cpuMs() - started).toBeLessThan(2_000)
  })
})
