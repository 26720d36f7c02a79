import type { Evidence, SummarySentence } from "@engram/contracts/consolidation"
import fc from "fast-check"
import { expect, test } from "vitest"
import { summaryFault, summaryText } from "../../src/consolidate/check-summary.ts"
import { extract } from "../../src/consolidate/extract.ts"
import { anyEvidence, evidence, shuffled } from "./evidence.ts"

const ids = (all: readonly Evidence[]) => new Set(all.map(({ id }) => id))
const texts = (sentences: readonly SummarySentence[] | undefined) => sentences?.map(({ text }) => text)
const three = ["The cache was dropped.", "Login moved to a service of its own.", "Deploys wait for a green build."]

test("whatever the evidence, there is no summary or one that keeps every rule", () => {
  fc.assert(
    fc.property(anyEvidence, (all) => {
      const sentences = extract(all)
      if (sentences === undefined) return
      expect(summaryFault({ sentences }, ids(all))).toBeUndefined()
      for (const { text } of sentences) expect(text.length).toBeLessThanOrEqual(280)
    }),
    { numRuns: 300 },
  )
})

test("the same evidence in any order gives the same summary", () => {
  const both = anyEvidence.chain((all) => fc.tuple(fc.constant(all), shuffled(all)))
  fc.assert(
    fc.property(both, ([all, other]) => {
      expect(extract(other)).toEqual(extract(all))
    }),
    { numRuns: 300 },
  )
})

test("evidence given twice counts once", () => {
  const all = three.map((text) => evidence(text))
  expect(extract([...all, ...all])).toEqual(extract(all))
})

test("sentences come in the order of time, and of equal times in the order of ids", () => {
  const later = evidence("This came last of all three.", { id: "obs_a", occurredAt: 2 })
  const tied = evidence("This came first, by its id.", { id: "obs_b", occurredAt: 1 })
  const tiedToo = evidence("This came second, by its id.", { id: "obs_c", occurredAt: 1 })
  expect(extract([tiedToo, later, tied])?.map(({ cites }) => cites)).toEqual([["obs_b"], ["obs_c"], ["obs_a"]])
})

test("sentences that say the same become one that cites all who say it", () => {
  const all = [...three, "The cache was dropped!", "**Cache** was  dropped"].map((text) => evidence(text))
  const sentences = extract(all)
  expect(texts(sentences)).toEqual(three)
  expect(sentences![0]!.cites).toEqual([all[0]!.id, all[3]!.id, all[4]!.id])
})

test("sentences that differ by a number, an order or a denial are never one", () => {
  const apart = (texts: string[]) => expect(extract(texts.map((text) => evidence(text)))).toHaveLength(texts.length)
  apart(
    ["1.2.0", "1.2.1", "1.2.2"].map((version) => `Release ${version} of the app went to everybody on all platforms.`),
  )
  apart(["moved from 3 to 5", "moved from 5 to 3", "stays at 5"].map((what) => `The limit of the search door ${what}.`))
  apart(["was", "was not", "will be"].map((so) => `The plan to move all of billing to the new vendor ${so} approved.`))
})

test("fewer than three different sentences are no summary", () => {
  expect(extract([])).toBeUndefined()
  expect(extract(three.slice(1).map((text) => evidence(text)))).toBeUndefined()
  expect(extract(Array.from({ length: 200 }, () => evidence("All the same.")))).toBeUndefined()
  expect(extract([evidence(""), evidence("🎉"), evidence("…"), evidence("A."), evidence("B.")])).toBeUndefined()
})

test("of much evidence it says seven sentences, of little half of it, and never fewer than three", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      evidence(`Team ${i} ${"abcdefghijklmnopqrstuvwxyz"[i % 26]}${i} shipped part ${i}.`),
    )
  expect(extract(many(3))).toHaveLength(3)
  expect(extract(many(10))).toHaveLength(5)
  expect(extract(many(200))).toHaveLength(7)
})

test("what is important, and what is near the middle of all, is said before what is neither", () => {
  const beside = (angle: number) => Float32Array.of(Math.cos(angle), Math.sin(angle))
  const all = Array.from({ length: 10 }, (_, i) =>
    evidence(`Thing ${i} happened to part ${i}.`, { values: beside(i / 20) }),
  )
  const outlier = evidence("Somebody watered the plants in the corner.", { values: beside(-1.5), importance: 0.1 })
  const weighty = evidence("Production was down for two hours.", { values: beside(1.2), importance: 1 })
  const said = texts(extract([...all, outlier, weighty]))!
  expect(said).toContain(weighty.text)
  expect(said).not.toContain(outlier.text)
})

test("values that are no numbers, nothing, or of another length count as none and spoil no others", () => {
  const beside = (angle: number) => Float32Array.of(Math.cos(angle), Math.sin(angle))
  const all = Array.from({ length: 12 }, (_, i) =>
    evidence(`Thing ${i} happened to part ${i}.`, { values: beside(i / 4) }),
  )
  const withLast = (values: Float32Array | null) => texts(extract([...all.slice(0, 11), { ...all[11]!, values }]))
  const without = withLast(null)
  expect(withLast(Float32Array.of(Number.NaN, 1))).toEqual(without)
  expect(withLast(Float32Array.of(Number.POSITIVE_INFINITY, 1))).toEqual(without)
  expect(withLast(new Float32Array(2))).toEqual(without)
  expect(withLast(Float32Array.of(1, 0, 0))).toEqual(without)
})

test("values need not be of length 1", () => {
  const of = (scale: number) =>
    Array.from({ length: 12 }, (_, i) => {
      const values = Float32Array.of(scale * Math.cos(i / 4), scale * Math.sin(i / 4))
      return evidence(`Thing ${i} happened to part ${i}.`, { id: `obs_${i}`, occurredAt: i, values })
    })
  expect(extract(of(3))).toEqual(extract(of(1)))
})

test("sentences differ: one of each of three subjects, though one subject has most of the evidence", () => {
  const values = [Float32Array.of(1, 0.1, 0.1), Float32Array.of(0.4, 1, 0), Float32Array.of(0.4, 0, 1)]
  const crowd = ["Search", "Index", "Query"].map((name) => evidence(`${name} got faster.`, { values: values[0]! }))
  const billing = evidence("Billing moved to euros.", { values: values[1]! })
  const hiring = evidence("Two engineers joined.", { values: values[2]! })
  expect(texts(extract([...crowd, billing, hiring]))).toEqual(expect.arrayContaining([billing.text, hiring.text]))
})

test.each([
  [
    "markup and links",
    "## Summary\n\n**We** moved [login](https://x.y/a) to `auth`.\n\n```js\nevil()\n```",
    "We moved login to auth.",
  ],
  [
    "an address",
    "The runbook is at https://wiki.example/a/b?c=d, read it first.",
    "The runbook is at (link), read it first.",
  ],
  [
    "comments, images and tags",
    "<!-- fill in -->\n<b>Login</b> is <i>down</i> ![shot](https://x/y.png) for all of us today",
    "Login is down for all of us today.",
  ],
  [
    "a list",
    "- [x] Rotate the keys of production\n- [ ] Tell everybody",
    "Rotate the keys of production. Tell everybody.",
  ],
  [
    "a title without a full stop",
    "Roll back the release of Tuesday, all of it",
    "Roll back the release of Tuesday, all of it.",
  ],
  [
    "short sentences",
    "Fixed. The cache key of logins lacked its tenant. It was our fault.",
    "Fixed. The cache key of logins lacked its tenant.",
  ],
  [
    "abbreviations",
    "We drop old browsers, e.g. Safari 12, from the list of Dr. Who. More follows.",
    "We drop old browsers, e.g. Safari 12, from the list of Dr. Who.",
  ],
  [
    "Japanese",
    "デプロイが失敗したので、昨日のリリースを元に戻しました。原因はキャッシュの設定でした。\n次回は確認します",
    "デプロイが失敗したので、昨日のリリースを元に戻しました。原因はキャッシュの設定でした。",
  ],
  [
    "Arabic",
    "هل تعطلت الخدمة بسبب انتهاء صلاحية الشهادة الرقمية؟ نعم",
    "هل تعطلت الخدمة بسبب انتهاء صلاحية الشهادة الرقمية؟",
  ],
  [
    "control characters and turned text",
    "Deploy \u202eevil\u202c is\0 done by\u2028the whole team today.",
    "Deploy evil is done by the whole team today.",
  ],
])("%s leave a plain sentence", (_, text, sentence) => {
  expect(texts(extract([evidence(text), evidence(three[1]!), evidence(three[2]!)]))![0]).toBe(sentence)
})

test("a word without end is cut between graphemes, a long sentence between words", () => {
  const family = "👩‍👩‍👧‍👦"
  const all = ["x".repeat(10_000), family.repeat(1_000), "漢".repeat(10_000), "many words ".repeat(900)].map((text) =>
    evidence(text),
  )
  const said = texts(extract(all))!
  expect(said.every((text) => text.length <= 280 && text.endsWith("…") && text.isWellFormed())).toBe(true)
  const words = texts(extract([all[3]!, evidence(three[1]!), evidence(three[2]!)]))![0]!
  expect(words).toMatch(/(many|words)…$/)
  const families = texts(
    extract([evidence(`Hello ${family.repeat(1_000)}`), evidence(three[1]!), evidence(three[2]!)]),
  )![0]!
  expect(families.slice(6, -1).replaceAll(family, "")).toBe("")
})

test("a text without words is stood for by its title", () => {
  const all = [
    evidence("```\ncode\n```", { title: "Reverted the migration of orders" }),
    evidence(three[1]!),
    evidence(three[2]!),
  ]
  expect(texts(extract(all))![0]).toBe("Reverted the migration of orders.")
})

test("texts of the greatest length fit all the same", () => {
  const long = (i: number) => evidence(Array.from({ length: 200 }, (_, j) => `word${i}x${j}`).join(" "))
  const sentences = extract(Array.from({ length: 200 }, (_, i) => long(i)))!
  expect(sentences.length).toBeGreaterThanOrEqual(3)
  expect(summaryText(sentences).length).toBeLessThanOrEqual(1_200)
})
