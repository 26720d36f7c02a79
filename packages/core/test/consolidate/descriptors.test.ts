import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { background, describe as describedBy, termsOf } from "../../src/consolidate/descriptors.ts"

const phrases = (texts: readonly string[], others: readonly string[] = []) =>
  describedBy(texts.map(termsOf), background([...texts, ...others])).map(({ phrase }) => phrase)

describe("a descriptor is a word or phrase that a person recognises", () => {
  test.each([
    ["an advisory", "Advisory: GHSA-qqgx-2p2h-9c37, CVE-2018-16470", ["advisory"]],
    ["an issue's key", "This fixes ENG-142 today", ["fixes", "today"]],
    ["a Slack user", "Look here, @U0MIRA0011 and <@U0MIRA0011> U0MIRA0011", ["look"]],
    ["a Slack channel", "Asked in C0CHECKOUT", ["asked"]],
    ["a commit", "Reverts 6dcb09b5b57875f334f61aebed695e2e4193db5e and deadbee1", ["reverts"]],
    ["an UUID", "Page 5c0a1f6e-0142-4a11-9d04-000000000142 moved", ["moved", "page"]],
    [
      "an address",
      "See https://acme.slack.com/archives/C0C/p1773133320000100 or mail mira@acme.example",
      ["mail", "see"],
    ],
    [
      "a link's target",
      "The [old parser](https://linear.app/acme/issue/ENG-142/checkout-answers)",
      ["old", "old parser", "parser"],
    ],
    ["a path or reference", "Touches packages/core/src/index.ts of acme/checkout#87", ["touches"]],
    ["a version or time", "Patched in 2.0.6 at 08:55", ["patched"]],
    ["markup", 'Shown <img src="chart.png" alt="chart"> <!-- a note --> <br/>below', ["below", "shown"]],
    ["a number", "Ten processes, one pool", ["pool", "processes"]],
  ])("no piece of %s", (_, text, expected) => {
    expect([...termsOf(text)].sort()).toEqual(expected)
  })

  test.each([
    ["Post-mortem of the on-call week", ["on-call", "on-call week", "post-mortem", "week"]],
    ["oauth2 and SHA256 for k8s", ["k8s", "oauth2", "sha256"]],
    [
      "Die Straße heißt Müllerstraße",
      ["die", "die straße", "heißt", "heißt müllerstraße", "müllerstraße", "straße", "straße heißt"],
    ],
    ["max_connections was raised", ["max_connections", "raised"]],
    ["trailing- dash -- and - more words", ["dash", "trailing", "words"]],
  ])("%s", (text, expected) => {
    expect([...termsOf(text)].sort()).toEqual(expected)
  })

  test("it sets the entity apart from the others, phrases before their words, the strongest with a weight of 1", () => {
    const own = ["The ledger queue is slow.", "Drain the ledger queue.", "A ledger queue for payments."]
    const others = ["The build is slow.", "Drain the build.", "Nothing for payments."]
    expect(phrases(own, others)).toEqual(["ledger queue"])
    const [first] = describedBy(own.map(termsOf), background([...own, ...others]))
    expect(first).toEqual({ phrase: "ledger queue", weight: 1 })
  })

  test("what is said once, or by everybody as often, is none", () => {
    expect(phrases(["The giraffe sleeps."])).toEqual([])
    expect(phrases(["Deploy today.", "Deploy tomorrow."])).toEqual([])
  })

  test("the same texts in any order have the same descriptors, at most eight", () => {
    const words = ["ledger", "queue", "payments", "retry", "backoff", "audit", "trail", "canary", "shard", "index"]
    const texts = fc.array(
      fc.shuffledSubarray(words, { minLength: 1 }).map((some) => some.join(" ")),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(
        texts.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([a, b]) => {
          const others = ["nothing to see"]
          const found = phrases(a, [...others, ...words])
          expect(phrases(b, [...words, ...others])).toEqual(found)
          expect(found.length).toBeLessThanOrEqual(8)
        },
      ),
    )
  })
})
