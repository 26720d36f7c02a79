import type { SummaryWriter, WrittenSummary } from "@engram/contracts/consolidation"
import { Rejected, RetryLater } from "@engram/contracts/errors"
import { expect, test } from "vitest"
import { extractiveWriter } from "../../src/consolidate/extract.ts"
import { writeOrFallBack } from "../../src/consolidate/write-or-fall-back.ts"
import { evidence, subject } from "./evidence.ts"

const all = ["The cache was dropped.", "Login moved to a service.", "Deploys wait for green."].map((text) =>
  evidence(text),
)
const cites = [all[0]!.id]
const good: WrittenSummary = {
  sentences: ["One is said.", "Two is said.", "Three is said."].map((text) => ({ text, cites })),
  writer: "model:1",
}

/** A writer over one that answers as told, and what became of it. */
function over(answer: () => Promise<WrittenSummary | undefined>) {
  const told: string[] = []
  let asked = 0
  const primary: SummaryWriter = {
    name: "model:1",
    write: () => {
      asked++
      return answer()
    },
  }
  const onFallback = (standIn: string, reason: string) => told.push(`${standIn}: ${reason}`)
  const writer = writeOrFallBack({ primary, fallback: extractiveWriter, onFallback })
  return { writer, told, asked: () => asked, write: () => writer.write(subject, all) }
}
const outage = () => Promise.reject(new RetryLater("the model is away", { afterMs: 5_000 }))

test("a right answer is the model's, and says so", async () => {
  const { writer, write, told } = over(async () => good)
  expect(await write()).toEqual(good)
  expect(told).toEqual([])
  expect(writer.name).toBe("model:1")
})

test("a model that has nothing to say is believed", async () => {
  expect(await over(async () => undefined).write()).toBeUndefined()
})

test("an answer that breaks a rule is replaced, whatever the model claims to have checked, and the next is asked for", async () => {
  const { write, told, asked } = over(async () => ({ ...good, sentences: good.sentences.slice(1) }))
  for (let i = 0; i < 3; i++) expect(await write()).toMatchObject({ writer: "extract:1", standIn: "refused" })
  expect(asked()).toBe(3)
  expect(told[0]).toBe("refused: model:1's summary was refused: it has 2 sentences, fewer than 3")
})

test("a refused answer says nothing of the next", async () => {
  const { write, told, asked } = over(() => Promise.reject(new Rejected("answer_broken", "it broke off")))
  for (let i = 0; i < 3; i++) expect(await write()).toMatchObject({ writer: "extract:1", standIn: "refused" })
  expect([asked(), told[2]]).toEqual([3, "refused: it broke off"])
})

test.each([
  ["an outage", outage],
  ["a wrong key", () => Promise.reject(new Rejected("credentials_refused", "check the key"))],
  ["a bug", () => Promise.reject(new TypeError("x is not a function"))],
  [
    "a bug before any promise",
    () => {
      throw new TypeError("x is not a function")
    },
  ],
  ["no summary at all", async () => ({ writer: "model:1" }) as WrittenSummary],
])("%s costs no summary, and a thousand of them ask the model 14 times", async (_, answer) => {
  const { write, told, asked } = over(answer)
  for (let i = 0; i < 1_000; i++) expect(await write()).toMatchObject({ writer: "extract:1", standIn: "away" })
  expect(asked()).toBe(14)
  expect(told).toHaveLength(14)
})

test("those who ask at the same time find one outage", async () => {
  const { write, asked } = over(outage)
  await Promise.all(Array.from({ length: 20 }, write))
  expect(asked()).toBe(20)
  await write()
  expect(asked()).toBe(20)
  await write()
  expect(asked()).toBe(21)
})

test("a model that is back is asked for everything again", async () => {
  let away = true
  const { write, asked } = over(() => (away ? outage() : Promise.resolve(good)))
  for (let i = 0; i < 20; i++) await write()
  away = false
  const before = asked()
  for (let i = 0; i < 17; i++) await write()
  const since = asked()
  expect(since).toBeGreaterThan(before)
  for (let i = 0; i < 10; i++) expect(await write()).toEqual(good)
  expect(asked()).toBe(since + 10)
})
