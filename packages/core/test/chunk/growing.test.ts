import type { Section } from "@engram/contracts/draft"
import { expect, test } from "vitest"
import { splitBlocks } from "../../src/chunk/blocks.ts"
import { chunkLimits, chunkSections } from "../../src/chunk/chunk.ts"

const line = (n: number): string =>
  n % 97 === 0
    ? `\`\`\`\ncode ${n}\n\`\`\``
    : `Message ${n} says that the importer ${n % 7} waits for worker ${n % 11}.`

const section = (markdown: string): Section[] => [{ partId: "message:1", label: "messages", markdown, occurredAt: 0 }]

test("a text that grew reads as it does to whoever sees it for the first time", () => {
  // Longer than two of the parser's windows.
  const lines = Array.from({ length: 5_000 }, (_, n) => line(n))
  for (const count of [4_998, 4_999, 5_000]) chunkSections("", section(lines.slice(0, count).join("\n\n")), chunkLimits)
  const grown = lines.join("\n\n")
  const again = chunkSections("", section(grown), chunkLimits)
  // One character more at the start moves every window, so nothing of this was read before.
  const fresh = chunkSections("", section(`\n${grown}`), chunkLimits)
  expect(again).toEqual(fresh)
  expect(splitBlocks(grown)).toEqual(splitBlocks(`\n${grown}`))
  expect(splitBlocks(grown)).toHaveLength(5_000)
})
