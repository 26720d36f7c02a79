import { describe, expect, it } from "vitest"
import { isChatter } from "../src/observe/importance.ts"
import { deliver, draftsOf, example } from "./delivery.ts"
import { agreements, kept, realTitles, routineTitles } from "./fixtures/quality.ts"

const weighty = (name: string, payload: unknown) => {
  const read = deliver(name, payload)
  return read.outcome === "skipped" ? [] : read.drafts.moments.filter(({ importance }) => importance > 0.2)
}

function pullRequest(title: string, author: { type: string; login: string } | undefined, body = "") {
  const payload = example("pull_request", 0)
  const pull = payload.pull_request as { title: string; body: string; user: object }
  Object.assign(pull, { title, body })
  if (author) Object.assign(pull.user, author)
  return payload
}

describe("what is remembered of real payloads", () => {
  it("agrees with a person in at least nine of ten, of more than forty", () => {
    const differences = kept.filter(([name, index, moments]) => {
      const kinds = weighty(name, example(name, index)).map(({ kind }) => kind)
      return JSON.stringify(kinds) !== JSON.stringify(moments)
    })
    const agreement = 1 - differences.length / kept.length
    process.stdout.write(`quality: ${(agreement * 100).toFixed(1)} % of ${kept.length} hand-labelled payloads\n`)
    expect(kept.length).toBeGreaterThanOrEqual(40)
    expect(agreement, JSON.stringify(differences)).toBeGreaterThanOrEqual(0.9)
  })

  it.each(routineTitles)("never weighs more than 0.2 when it is %j", (title, byBot) => {
    const payload = pullRequest(title, byBot ? { type: "Bot", login: "dependabot[bot]" } : undefined)
    expect(weighty("pull_request", payload)).toEqual([])
    expect(draftsOf("pull_request", payload).moments).toHaveLength(1)
  })

  it.each(realTitles)("weighs more when it is work: %j", (title) => {
    expect(weighty("pull_request", pullRequest(title, undefined))).toHaveLength(1)
  })

  it.each(agreements)("is nothing when a review only says %j", (body) => {
    const payload = example("pull_request_review", 0)
    Object.assign(payload.review as object, { state: "approved", body })
    expect(draftsOf("pull_request_review", payload).moments).toEqual([])
  })

  it("does not take reasons for chatter", () => {
    for (const text of [
      "Nice, but the lock is never released.",
      "Done: moved to #12 because of the index",
      "ok if the tests pass on Windows",
    ])
      expect(isChatter(text), text).toBe(false)
  })
})
