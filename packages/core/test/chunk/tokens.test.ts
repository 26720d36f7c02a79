import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { expect, test } from "vitest"
import { countTokens } from "../../src/chunk/tokens.ts"

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

/** Counts words that no vocabulary has; gives what the heap holds afterwards, in MB. */
function heapAfterCounting(from: number, words: number): number {
  for (let n = from; n < from + words; n += 100) {
    countTokens(Array.from({ length: 100 }, (_, at) => `kelvo${((n + at) * 7_919).toString(36)}`).join(" "))
  }
  collectGarbage()
  return process.memoryUsage().heapUsed / 1e6
}

test("counting remembers little of the words it has counted, however many they were", () => {
  const first = heapAfterCounting(0, 2_000)
  const last = heapAfterCounting(2_000, 60_000)
  expect(last - first).toBeLessThan(3)
})
