import { describe, expect, it } from "vitest"
import { kept, quoted } from "./fixtures/linear-quality.ts"
import { deliver, fixture, rendered } from "./linear-delivery.ts"

function weighty(name: string): string[] {
  const read = deliver(fixture(name))
  if (read.outcome === "skipped") return []
  return read.drafts.moments.filter(({ importance }) => importance > 0.2).map(({ kind }) => kind)
}

describe("what is remembered of Linear", () => {
  it("agrees with a person in at least nine of ten, of more than sixty", () => {
    const differences = kept.filter(([name, moments]) => JSON.stringify(weighty(name)) !== JSON.stringify(moments))
    const agreement = 1 - differences.length / kept.length
    process.stdout.write(`quality: ${(agreement * 100).toFixed(1)} % of ${kept.length} hand-labelled Linear payloads\n`)
    expect(kept.length).toBeGreaterThanOrEqual(60)
    expect(agreement, JSON.stringify(differences)).toBeGreaterThanOrEqual(0.9)
  })

  it.each(quoted)("quotes a %s after %j as a person would", (kind, fixtures, words) => {
    const statements = rendered(fixtures, kind).statements.map(({ text }) => text)
    expect(statements).toHaveLength(words.length)
    for (const [at, word] of words.entries()) expect(statements[at]).toContain(word)
  })
})
