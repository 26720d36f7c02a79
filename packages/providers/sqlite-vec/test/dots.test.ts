import { readFile } from "node:fs/promises"
import { expect, test } from "vitest"
import wabt from "wabt"

const sourceFile = (name: string): URL => new URL(`../src/${name}`, import.meta.url)

// To assemble it anew, write `assembled` to the file.
test("dots.wasm is dots.wat, assembled", async () => {
  const { parseWat } = await wabt()
  const text = await readFile(sourceFile("dots.wat"), "utf8")
  const assembled = Buffer.from(parseWat("dots.wat", text, { simd: true }).toBinary({}).buffer)
  expect(await readFile(sourceFile("dots.wasm"))).toEqual(assembled)
})
