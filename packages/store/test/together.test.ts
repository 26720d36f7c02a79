import { setImmediate as turn } from "node:timers/promises"
import { Rejected, RetryLater } from "@engram/contracts/errors"
import { waitUntil } from "@engram/testkit/wait-until"
import { expect, test } from "vitest"
import { askedTogether } from "../src/memories/together.ts"

interface Question {
  readonly kind: string
  readonly at: number
}

/** What is asked waits until it is let go. */
function held() {
  const asked: (readonly Question[])[] = []
  const letGo: (() => void)[] = []
  const failures = new Map<string, Error>()
  const ask = askedTogether<Question, string>(
    async (questions) => {
      asked.push(questions)
      await new Promise<void>((resolve) => letGo.push(resolve))
      for (const { kind, at } of questions) {
        const failure = failures.get(`${kind}${at}`)
        if (failure) throw failure
      }
      return questions.map(({ kind, at }) => `${kind}${at}`)
    },
    (a, b) => a.kind === b.kind,
  )
  return { ask, asked, failures, answerOldest: () => letGo.shift()!() }
}

const of = (kind: string, count: number): Question[] => Array.from({ length: count }, (_, at) => ({ kind, at }))

test("one alone is asked at once; of what comes while two statements are under way the alike go together, eight at most, in order", async () => {
  const { ask, asked, answerOldest } = held()
  const first = ask({ kind: "a", at: 0 })
  await turn()
  const second = ask({ kind: "a", at: 1 })
  await turn()
  expect(asked.map((questions) => questions.length)).toEqual([1, 1])

  const later = [...of("c", 3), ...of("b", 9)].map((question) => ask(question))
  await turn()
  expect(asked).toHaveLength(2)
  answerOldest()
  expect(await first).toBe("a0")
  await turn()
  expect(asked[2]).toEqual(of("c", 3))
  answerOldest()
  expect(await second).toBe("a1")
  await turn()
  expect(asked[3]).toEqual(of("b", 9).slice(0, 8))
  answerOldest()
  answerOldest()
  await turn()
  await turn()
  answerOldest()
  expect(await Promise.all(later)).toEqual([...of("c", 3), ...of("b", 9)].map(({ kind, at }) => `${kind}${at}`))
  expect(asked).toHaveLength(5)
})

test("what waits behind statements that do not end is asked beside them", async () => {
  const { ask, asked } = held()
  for (let at = 0; at < 12; at++) {
    void ask({ kind: "a", at })
    await turn()
  }
  const counts = () => asked.map((questions) => questions.length)
  expect(counts()).toEqual([1, 1])
  await waitUntil("the others are asked", async () => asked.length === 4)
  expect(counts()).toEqual([1, 1, 8, 2])
})

test("of a batch that is refused only what is at fault fails", async () => {
  const { ask, asked, failures, answerOldest } = held()
  failures.set("a1", new Rejected("row_refused", "of its own"))
  const ends = Promise.allSettled(of("a", 3).map((question) => ask(question)))
  for (let statements = 0; statements < 4; statements++) {
    await turn()
    answerOldest()
    await turn()
  }
  expect(await ends).toMatchObject([
    { status: "fulfilled", value: "a0" },
    { status: "rejected", reason: { message: "of its own" } },
    { status: "fulfilled", value: "a2" },
  ])
  expect(asked.map((questions) => questions.length)).toEqual([3, 1, 1, 1])
})

test("while Postgres is away a batch fails as one, and what comes after is asked", async () => {
  const { ask, asked, failures, answerOldest } = held()
  failures.set("a1", new RetryLater("away", { afterMs: 1 }))
  const ends = Promise.allSettled(of("a", 3).map((question) => ask(question)))
  await turn()
  answerOldest()
  expect((await ends).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"])
  const after = ask({ kind: "b", at: 0 })
  await turn()
  await turn()
  answerOldest()
  expect(await after).toBe("b0")
  expect(asked).toHaveLength(2)
})
