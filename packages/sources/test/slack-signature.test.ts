import { createHmac } from "node:crypto"
import { describe, expect, it } from "vitest"
import { slack } from "../src/slack/index.ts"
import { payloadOf } from "./slack-fixtures.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const body = bytes('{"type":"event_callback","event_id":"Ev1"}')
const now = 1_700_000_000_000
const seconds = String(now / 1_000)

function signed(secret: string, timestamp = seconds, message = body) {
  const hex = createHmac("sha256", secret).update(`v0:${timestamp}:`).update(message).digest("hex")
  return { "x-slack-signature": `v0=${hex}`, "x-slack-request-timestamp": timestamp }
}
const authentic = (
  headers: Record<string, string>,
  secrets: readonly string[] = ["secret"],
  at = now,
  message = body,
) => slack.isAuthentic({ headers, body: message }, secrets, at)

describe("a Slack signature", () => {
  it("is the one that Slack's own documentation works out", () => {
    const documented =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    const headers = {
      "x-slack-request-timestamp": "1531420618",
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    const at = 1_531_420_618_000
    expect(authentic(headers, ["8f742231b10e8888abcd99yyyzzz85a5"], at, bytes(documented))).toBe(true)
    expect(authentic(headers, ["8f742231b10e8888abcd99yyyzzz85a6"], at, bytes(documented))).toBe(false)
  })

  it("holds for five minutes, before and after", () => {
    for (const [offset, good] of [
      [0, true],
      [300, true],
      [-300, true],
      [301, false],
      [-301, false],
    ] as const)
      expect(authentic(signed("secret"), ["secret"], now + offset * 1_000), String(offset)).toBe(good)
  })

  it("covers its time: an old request with a new time is nobody's", () => {
    const later = String(Number(seconds) + 600)
    expect(authentic({ ...signed("secret"), "x-slack-request-timestamp": later }, ["secret"], now + 600_000)).toBe(
      false,
    )
  })

  it("may be made by any of two secrets, and is never authentic without one", () => {
    expect(authentic(signed("old"), ["new", "old"])).toBe(true)
    expect(authentic(signed("third"), ["new", "old"])).toBe(false)
    expect(authentic(signed(""), [])).toBe(false)
    expect(authentic(signed(""), [""])).toBe(false)
  })

  it("is refused without throwing when it, or its time, is missing or nonsense", () => {
    const good = signed("secret")
    for (const [name, value] of [
      ["x-slack-signature", ""],
      ["x-slack-signature", "v0="],
      ["x-slack-signature", good["x-slack-signature"].slice(3)],
      ["x-slack-signature", `${good["x-slack-signature"]}00`],
      ["x-slack-signature", `v1=${good["x-slack-signature"].slice(3)}`],
      ["x-slack-request-timestamp", ""],
      ["x-slack-request-timestamp", "soon"],
      ["x-slack-request-timestamp", "2023-11-14T22:13:20Z"],
      ["x-slack-request-timestamp", "1e9"],
      ["x-slack-request-timestamp", "-1700000000"],
    ] as const)
      expect(authentic({ ...good, [name]: value }), `${name}: ${value}`).toBe(false)
    expect(authentic({})).toBe(false)
  })

  it("covers the bytes, not the text", () => {
    const changed = body.slice()
    changed[1] = 0x20
    expect(slack.isAuthentic({ headers: signed("secret"), body: changed }, ["secret"], now)).toBe(false)
  })
})

describe("the names of a delivery", () => {
  const asked = (payload: unknown) => ({ headers: {}, body: bytes(JSON.stringify(payload)) })
  it("are the event's id, which a retry keeps, and what happened", () => {
    const edit = asked(payloadOf("message_changed"))
    expect(slack.deliveryKey(edit)).toBe(payloadOf("message_changed").event_id)
    expect(slack.deliveryKey({ ...edit, headers: { "x-slack-retry-num": "2" } })).toBe(slack.deliveryKey(edit))
    expect(slack.eventName(edit)).toBe("message_changed")
    expect(slack.eventName(asked(payloadOf("message")))).toBe("message")
    expect(slack.eventName(asked(payloadOf("channel_rename")))).toBe("channel_rename")
  })

  it("of the notice that Slack holds events back are its workspace and minute", () => {
    expect(slack.deliveryKey(asked(payloadOf("app_rate_limited")))).toBe("app_rate_limited:T123ABC456:1700000100")
  })

  it.each(["", "{", "[]", "null", '{"event_id":7}', '{"event":[]}'])("are none in %j", (text) => {
    const request = { headers: {}, body: bytes(text) }
    expect([slack.deliveryKey(request), slack.eventName(request), slack.handshake?.(request)]).toEqual([
      undefined,
      "unknown",
      undefined,
    ])
  })

  it("keep the retry's number and reason, and no signature", () => {
    expect(slack.keptHeaders).toEqual(expect.arrayContaining(["x-slack-retry-num", "x-slack-retry-reason"]))
    expect(slack.keptHeaders.filter((name) => /signature|authorization|cookie|secret/.test(name))).toEqual([])
    expect(slack.keptHeaders).toEqual(slack.keptHeaders.map((name) => name.toLowerCase()))
  })
})

describe("the handshake", () => {
  const shake = (payload: unknown) => slack.handshake?.({ headers: {}, body: bytes(JSON.stringify(payload)) })
  it("gives Slack its challenge back", () => {
    const { challenge } = payloadOf("url_verification")
    expect(shake(payloadOf("url_verification"))).toEqual({ answer: { challenge } })
  })
  it("is no other request, and none without a challenge", () => {
    expect(shake(payloadOf("message"))).toBeUndefined()
    expect(shake({ ...payloadOf("message"), challenge: "x" })).toBeUndefined()
    expect(shake({ type: "url_verification", challenge: { $ne: 1 } })).toBeUndefined()
  })
})
