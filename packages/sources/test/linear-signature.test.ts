import { createHmac } from "node:crypto"
import { LINEAR_WEBHOOK_SIGNATURE_HEADER, LinearWebhookClient } from "@linear/sdk/webhooks"
import { describe, expect, it } from "vitest"
import { linear } from "../src/linear/index.ts"

const secret = "lin_wh_f3a9"
const sentAt = Date.UTC(2026, 2, 3, 9)
const bodyOf = (webhookTimestamp: unknown) =>
  new TextEncoder().encode(JSON.stringify({ action: "create", type: "Issue", title: "✓", webhookTimestamp }))
const signed = (body: Uint8Array, by = secret) => ({
  headers: { [LINEAR_WEBHOOK_SIGNATURE_HEADER]: createHmac("sha256", by).update(body).digest("hex") },
  body,
})

describe("a Linear signature", () => {
  it("is what Linear's own library accepts, at the same times", () => {
    const now = Date.now()
    for (const [ageMs, accepted] of [
      [0, true],
      [59_000, true],
      [-59_000, true],
      [75_000, false],
      [-75_000, false],
    ] as const) {
      const request = signed(bodyOf(now - ageMs))
      const theirs = () =>
        new LinearWebhookClient(secret).verify(
          Buffer.from(request.body),
          request.headers[LINEAR_WEBHOOK_SIGNATURE_HEADER]!,
        )
      expect(linear.isAuthentic(request, [secret], now), `${ageMs} ms`).toBe(accepted)
      if (accepted) expect(theirs()).toBe(true)
      else expect(theirs).toThrow("timestamp")
    }
  })

  it("may be made by any of the secrets during rotation", () => {
    const request = signed(bodyOf(sentAt))
    expect(linear.isAuthentic(request, ["new", secret], sentAt)).toBe(true)
    expect(linear.isAuthentic(request, [secret, "old"], sentAt)).toBe(true)
    expect(linear.isAuthentic(request, ["new"], sentAt)).toBe(false)
    expect(linear.isAuthentic(request, [], sentAt)).toBe(false)
  })

  it("stands for a minute, before and after, and not a millisecond more", () => {
    const request = signed(bodyOf(sentAt))
    expect(linear.isAuthentic(request, [secret], sentAt + 60_000)).toBe(true)
    expect(linear.isAuthentic(request, [secret], sentAt + 60_001)).toBe(false)
    expect(linear.isAuthentic(request, [secret], sentAt - 60_000)).toBe(true)
    expect(linear.isAuthentic(request, [secret], sentAt - 60_001)).toBe(false)
  })

  it.each([undefined, null, "1772528400000", Number.NaN, {}, 1_772_528_400])(
    "is refused for a body that was sent at %j: the time is in ms and signed",
    (webhookTimestamp) => {
      expect(linear.isAuthentic(signed(bodyOf(webhookTimestamp)), [secret], sentAt)).toBe(false)
    },
  )

  it.each(["", "null", "[]", "{", "\u0000", "7"])("is refused for the signed body %j, without throwing", (text) => {
    expect(linear.isAuthentic(signed(new TextEncoder().encode(text)), [secret], sentAt)).toBe(false)
  })

  it("covers every byte, and is refused without throwing when it is missing or no hex", () => {
    const request = signed(bodyOf(sentAt))
    expect(linear.isAuthentic({ ...request, body: bodyOf(sentAt + 1) }, [secret], sentAt)).toBe(false)
    for (const signature of [undefined, "", "00", "z".repeat(64)])
      expect(linear.isAuthentic({ ...request, headers: { "linear-signature": signature } }, [secret], sentAt)).toBe(
        false,
      )
  })
})

describe("a Linear delivery", () => {
  it("is named by Linear's id and its type, and keeps no signature", () => {
    const headers = { "linear-delivery": " 234d1a4e ", "linear-event": "Issue" }
    expect(linear.deliveryKey({ headers, body: new Uint8Array() })).toBe("234d1a4e")
    expect(linear.eventName({ headers, body: new Uint8Array() })).toBe("Issue")
    expect(linear.deliveryKey({ headers: {}, body: new Uint8Array() })).toBeUndefined()
    expect(linear.keptHeaders).not.toContain("linear-signature")
  })
})
