import { randomBytes } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { packBody, unpackBody } from "../src/packed-body.ts"

const keptAndBack = async (body: Buffer) => {
  const kept = Buffer.from(await packBody(body))
  expect(kept.byteLength).toBeLessThanOrEqual(body.byteLength)
  return { kept, back: unpackBody(kept, body.byteLength) }
}

test("any body comes back byte for byte", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), fc.nat(40), async (bytes, times) => {
      const body = Buffer.concat(Array.from({ length: times }, () => bytes))
      expect((await keptAndBack(body)).back.equals(body)).toBe(true)
    }),
  )
})

test("a body that repeats itself is kept short, and one that does not as it is", async () => {
  const words = Buffer.from(
    JSON.stringify(Array.from({ length: 200 }, (_, n) => ({ url: `https://example.org/${n}` }))),
  )
  expect((await keptAndBack(words)).kept.byteLength).toBeLessThan(words.byteLength / 3)
  const noise = randomBytes(2_000)
  expect((await keptAndBack(noise)).kept.equals(noise)).toBe(true)
})

test("a body of 25 MB is packed beside the event loop", async () => {
  const body = Buffer.alloc(25 * 1024 * 1024, "the same again ")
  let turns = 0
  const counting = setInterval(() => turns++, 1)
  const { back } = await keptAndBack(body)
  clearInterval(counting)
  expect(back.equals(body)).toBe(true)
  expect(turns).toBeGreaterThan(0)
})
