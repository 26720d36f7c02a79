import { createHmac } from "node:crypto"
import { sign } from "@octokit/webhooks-methods"
import { describe, expect, it } from "vitest"
import { github } from "../src/github/index.ts"

const body = new TextEncoder().encode('{"zen":"Design for failure. ✓"}')
const request = (signature?: string, bytes = body) => ({
  headers: signature === undefined ? {} : { "x-hub-signature-256": signature },
  body: bytes,
})
const signed = (secret: string) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`

describe("a GitHub signature", () => {
  it("is what GitHub's own library makes", async () => {
    const signature = await sign("old secret", new TextDecoder().decode(body))
    expect(github.isAuthentic(request(signature), ["old secret"], 0)).toBe(true)
  })

  it("may be made by any of the secrets during rotation, whichever comes first", () => {
    expect(github.isAuthentic(request(signed("old")), ["new", "old"], 0)).toBe(true)
    expect(github.isAuthentic(request(signed("new")), ["new", "old"], 0)).toBe(true)
    expect(github.isAuthentic(request(signed("third")), ["new", "old"], 0)).toBe(false)
  })

  it("is never authentic without a secret", () => {
    expect(github.isAuthentic(request(signed("")), [], 0)).toBe(false)
    expect(github.isAuthentic(request(signed("")), [""], 0)).toBe(false)
  })

  it("is refused without throwing when it is missing, short, long or no hex", () => {
    const good = signed("secret")
    const bad = [undefined, "", "sha256=", "sha256=00", `${good}00`, good.slice(7), `sha1=${good.slice(7)}`]
    for (const signature of [...bad, `sha256=${"z".repeat(64)}`])
      expect(github.isAuthentic(request(signature), ["secret"], 0), String(signature)).toBe(false)
  })

  it("may be written in capitals", () => {
    const hex = signed("secret").slice(7).toUpperCase()
    expect(github.isAuthentic(request(`sha256=${hex}`), ["secret"], 0)).toBe(true)
  })

  it("covers the bytes, not the text", () => {
    const changed = body.slice()
    changed[0] = 0x20
    expect(github.isAuthentic(request(signed("secret"), changed), ["secret"], 0)).toBe(false)
  })

  it("is not kept, nor is any other secret header", () => {
    expect(github.keptHeaders.filter((name) => /signature|authorization|cookie|secret/.test(name))).toEqual([])
    expect(github.keptHeaders).toEqual(github.keptHeaders.map((name) => name.toLowerCase()))
    for (const name of ["content-type", "x-github-event", "x-github-delivery", "x-github-hook-id"])
      expect(github.keptHeaders).toContain(name)
  })
})

describe("the names of a delivery", () => {
  it("come from the headers alone", () => {
    const headers = { "x-github-delivery": "72d3162e", "x-github-event": "issues" }
    expect(github.deliveryKey({ headers, body })).toBe("72d3162e")
    expect(github.eventName({ headers, body })).toBe("issues")
    expect(github.deliveryKey({ headers: {}, body })).toBeUndefined()
    expect(github.deliveryKey({ headers: { "x-github-delivery": " " }, body })).toBeUndefined()
    expect(github.eventName({ headers: {}, body })).toBe("unknown")
  })
})
