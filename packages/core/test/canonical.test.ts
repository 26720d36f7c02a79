import type { Json } from "@engram/contracts/json"
import fc from "fast-check"
import { expect, test } from "vitest"
import { canonicalJson, storable } from "../src/canonical.ts"

test("equal values have equal text, in whatever order their keys come; the text says the value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = storable(value as Json)
      expect(JSON.parse(canonicalJson(json))).toEqual(JSON.parse(JSON.stringify(json)))
    }),
  )
  expect(canonicalJson({ b: 1, a: { d: 2, c: [3] } })).toBe('{"a":{"c":[3],"d":2},"b":1}')
  expect(canonicalJson({ a: { c: [3], d: 2 }, b: 1 })).toBe('{"a":{"c":[3],"d":2},"b":1}')
})

test("nothing is left that Postgres refuses or JSON cannot say", () => {
  const loose = { "k\0": "a\uDC00", none: undefined, nan: Number.NaN, zero: -0 } as unknown as Json
  expect(storable(loose)).toEqual({ "k\uFFFD": "a\uFFFD", nan: null, zero: 0 })
})
