import { existsSync, readFileSync } from "node:fs"
import { expect, test } from "vitest"

const root = new URL("..", import.meta.url)
const readme = readFileSync(new URL("README.md", root), "utf8")

test("the tour in the README names files that exist and are no longer than it says", () => {
  const stops = [...readme.matchAll(/^\| \d+ `([^`]+)` \|.*\| (\d+) \|$/gm)]
  expect(stops.length).toBeGreaterThanOrEqual(8)
  for (const [, path = "", lines] of stops) {
    const length = readFileSync(new URL(path, root), "utf8").trimEnd().split("\n").length
    expect(length, path).toBeLessThanOrEqual(Number(lines))
  }
})

test("every file that the documents name exists", () => {
  for (const page of ["README.md", "CONTRIBUTING.md", "docs/ARCHITECTURE.md"]) {
    const text = readFileSync(new URL(page, root), "utf8")
    const named = [...text.matchAll(/`((?:apps|packages|db|test|docs|infra|scripts)\/[\w./-]+\.(?:ts|md|cjs|mjs))`/g)]
    for (const [, path = ""] of named) expect(existsSync(new URL(path, root)), `${path}, named in ${page}`).toBe(true)
  }
})
