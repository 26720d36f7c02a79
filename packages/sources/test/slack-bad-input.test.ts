import { describe, expect, it } from "vitest"
import { slack } from "../src/slack/index.ts"
import { refusal } from "./refusal.ts"
import { deliver, draftsOf, message, payloadOf, request } from "./slack-fixtures.ts"

/** The recorded event with one value replaced, by its path. */
function changed(name: string, path: string, value: unknown, index = 0) {
  const payload = payloadOf(name, index)
  const keys = path.split(".")
  const last = keys.pop()!
  const parent = keys.reduce((object, key) => object[key] as Record<string, unknown>, payload)
  parent[last] = value
  return payload
}

const textIn = (payload: unknown) => draftsOf(payload).documents[0]?.parts[0]?.fields.text

describe("a body that cannot be read is refused in words", () => {
  const whole = JSON.stringify(payloadOf("message"))
  it.each([
    ["truncated JSON", whole.slice(0, 200)],
    ["an empty body", ""],
    ["an array", "[]"],
    ["a text", '"hi"'],
    ["null", "null"],
    ["invalid UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
  ])("%s", (_, body) => {
    const error = refusal(() => slack.normalize(request(body)))
    expect(error.code).toBe("payload_unreadable")
    expect(error.message).toMatch(/^[A-Z].+/)
  })

  it.each([
    ["message", "event", null],
    ["message", "event.type", 7],
    ["message", "event.ts", 1_355_517_523.000005],
    ["message", "event.ts", "yesterday"],
    ["message", "event.ts", "2023-11-14T22:13:20Z"],
    ["message", "event.thread_ts", {}],
    ["message", "event.channel", ["C1"]],
    ["message", "event.channel", "general"],
    ["message", "event.text", { $gt: "" }],
    ["message", "event.user", 7],
    ["message", "team_id", undefined],
    ["message_changed", "event.message", null],
    ["message_changed", "event.message.ts", undefined],
    ["message_changed", "event.message.edited.ts", 5],
    ["message_deleted", "event.deleted_ts", null],
    ["message_deleted", "event.previous_message.thread_ts", 5],
    ["channel_rename", "event.channel", "C123ABC456"],
    ["channel_deleted", "event.channel", {}, 1],
    ["member_joined_channel", "event.user", null],
    ["user_change", "event.user.profile.email", ["a"]],
    ["user_change", "event.user.id", "ada"],
  ])("%s names %s as what is wrong when it is %j", (name, path, value, index = 0) => {
    const error = refusal(() => deliver(changed(name, path, value, index)))
    expect(error).toMatchObject({ code: "payload_unreadable", path })
    expect(error.message).toContain(path)
  })

  it("is no stack overflow when it is nested fifty thousand deep", () => {
    const deep = `${"[".repeat(50_000)}"\\u0000"${"]".repeat(50_000)}`
    const run = () =>
      slack.normalize(request(`{"type":"event_callback","team_id":"T1","event":{"type":"message","blocks":${deep}}}`))
    expect(refusal(run).code).toBe("payload_unreadable")
    const plain = JSON.stringify(message("hello")).replace('"text"', `"blocks":${deep.replace("\\u0000", "x")},"text"`)
    expect(slack.normalize(request(plain)).outcome).toBe("drafts")
  })
})

describe("what Slack may add is skipped with a reason", () => {
  it("an unknown event, kind of message or kind of request", () => {
    expect(deliver(changed("message", "event.type", "message_levitated"))).toEqual({
      outcome: "skipped",
      reason: "Unknown event message_levitated.",
    })
    expect(deliver(changed("message", "event.subtype", "hologram"))).toEqual({
      outcome: "skipped",
      reason: "Unknown kind of message hologram.",
    })
    expect(deliver(changed("message", "type", "telegram"))).toEqual({
      outcome: "skipped",
      reason: "Unknown request telegram.",
    })
  })
  it("an event whose name is a property of every object", () => {
    for (const type of ["constructor", "__proto__", "toString"]) {
      expect(deliver(changed("message", "event.type", type)).outcome).toBe("skipped")
      expect(deliver(changed("message", "event.subtype", type)).outcome).toBe("skipped")
    }
  })
  it("a change of a notice that is nobody's words", () => {
    expect(deliver(changed("message_changed", "event.message.subtype", "channel_join")).outcome).toBe("skipped")
  })
  it("and unknown fields pass", () => {
    const payload = { ...payloadOf("message"), quantum: { state: "both" } }
    expect(deliver(payload)).toEqual(deliver(payloadOf("message")))
  })
})

describe("what apps compose freely is read as far as it goes", () => {
  it.each([
    null,
    "x",
    7,
    {},
    [null],
    [[]],
    [{ type: 7 }],
    [{ type: "section", text: { text: 5 } }],
    [{ type: "rich_text", elements: {} }],
  ])("blocks that are %j", (blocks) => {
    expect(textIn(changed("message", "event.blocks", blocks, 3))).toBe("ok")
  })
  it("attachments, files and a thread's root that are nonsense", () => {
    expect(textIn(changed("message", "event.attachments", "x", 3))).toBe("ok")
    expect(textIn(changed("message", "event.files", { 0: "x" }, 3))).toBe("ok")
    expect(draftsOf(changed("thread_broadcast", "event.root", { ts: 5 })).documents[0]?.parts).toHaveLength(1)
  })
  it("a broadcast that carries another thread's root claims nothing of it", () => {
    expect(
      draftsOf(changed("thread_broadcast", "event.root.ts", "1600000000.000100")).documents[0]?.parts,
    ).toHaveLength(1)
  })
})

describe("text that databases refuse", () => {
  it("loses its NULs and half surrogates before it reaches a draft", () => {
    const json = JSON.stringify(message("TEXT")).replace("TEXT", "a\\u0000b\\ud83dc \\ud83d\\ude00")
    const drafts = JSON.stringify(slack.normalize(request(json)))
    expect(drafts).toContain("ab\ufffdc 😀")
    expect(drafts).not.toContain("\\u0000")
    expect(drafts.isWellFormed()).toBe(true)
  })
  it("does no harm as a key that objects treat specially", () => {
    const json = JSON.stringify(message("hi", { ts: "1700000000.000100" })).replace(
      "{",
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},',
    )
    expect(slack.normalize(request(json))).toEqual(deliver(message("hi", { ts: "1700000000.000100" })))
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe("size is no reason to refuse", () => {
  it.each(["#1 ", "ENG-1 ", "Decision:\n", "Resolved: x\n", "<@U12345> ", "```\n", "&gt;", "*a* "])(
    "a megabyte of %j takes the processor less than five seconds, also to render",
    (piece) => {
      const started = process.cpuUsage()
      const [document] = draftsOf(message(`${piece.repeat(1_000_000 / piece.length)}x`)).documents
      const { sourceId, parts } = document!
      const rendered = slack.render({ sourceId, parts: parts.map((part) => ({ ...part })) })
      expect(rendered.sections.length + rendered.title.length).toBeGreaterThan(0)
      expect(rendered.statements.length).toBeLessThanOrEqual(50)
      expect(process.cpuUsage(started).user / 1_000).toBeLessThan(5_000)
    },
  )
})
