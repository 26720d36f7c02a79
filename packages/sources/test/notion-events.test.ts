import { createHmac } from "node:crypto"
import { signWebhookPayload } from "@notionhq/client"
import { expect, test } from "vitest"
import { notion } from "../src/notion/index.ts"
import { rules } from "../src/notion/normalize.ts"
import { events, ids } from "./fixtures/notion/events.ts"
import { deliver, draftsOf } from "./notion-delivery.ts"

const token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"
const at = Date.parse(events["page.created"].timestamp)

const request = (payload: unknown, signature?: string) => ({
  headers: { "content-type": "application/json", ...(signature && { "x-notion-signature": signature }) },
  body: new TextEncoder().encode(typeof payload === "string" ? payload : JSON.stringify(payload)),
})

test("the SDK's own signature of a body is authentic, and of any other body, or by another token, is not", async () => {
  const body = JSON.stringify(events["page.created"])
  const signature = await signWebhookPayload({ body, verificationToken: token })
  expect(notion.isAuthentic(request(body, signature), [token], 0)).toBe(true)
  expect(notion.isAuthentic(request(body, signature), ["an old one", token], 0)).toBe(true)
  expect(notion.isAuthentic(request(`${body} `, signature), [token], 0)).toBe(false)
  expect(notion.isAuthentic(request(body, signature), ["another"], 0)).toBe(false)
  expect(notion.isAuthentic(request(body, signature), [], 0)).toBe(false)
  expect(notion.isAuthentic(request(body), [token], 0)).toBe(false)
  // What an empty token would make of it.
  const empty = `sha256=${createHmac("sha256", "").update(body).digest("hex")}`
  expect(notion.isAuthentic(request(body, empty), [""], 0)).toBe(false)
  for (const wrong of [signature.slice(7), "sha256=", `sha1=${signature.slice(7)}`, `${signature}00`])
    expect(notion.isAuthentic(request(body, wrong), [token], 0), wrong).toBe(false)
})

test("the verification request is a handshake that brings the token; nothing else is", () => {
  const handshake = (payload: unknown) => notion.handshake?.(request(payload))
  expect(handshake({ verification_token: token })).toEqual({ secret: token })
  expect(handshake({ ...events["page.created"], verification_token: token })).toBeUndefined()
  expect(handshake(events["page.created"])).toBeUndefined()
  expect(handshake({ verification_token: "" })).toBeUndefined()
  expect(handshake({ verification_token: { $ne: "" } })).toBeUndefined()
  expect(handshake("not JSON")).toBeUndefined()
  expect(handshake([token])).toBeUndefined()
  expect(handshake({ verification_token: token, padding: "x".repeat(5_000) })).toBeUndefined()
})

test("an event's id is its delivery key, the same for every attempt", () => {
  const event = events["page.created"]
  expect(notion.deliveryKey(request(event))).toBe(event.id)
  expect(notion.deliveryKey(request({ ...event, attempt_number: 2 }))).toBe(event.id)
  expect(notion.eventName(request(event))).toBe("page.created")
  expect(notion.deliveryKey(request("{"))).toBeUndefined()
  expect(notion.deliveryKey(request({ id: 7 }))).toBeUndefined()
})

test("every event that Notion publishes is known by name, and none that it does not", () => {
  // What an import brings goes by names of ours.
  const theirs = [...rules.keys()].filter((name) => !name.startsWith("import."))
  expect(theirs.sort()).toEqual(Object.keys(events).sort())
})

const { page, other, database, dataSource, comment } = ids
test.each<[keyof typeof events, object[]]>([
  ["page.created", [{ kind: "page", id: page, at }]],
  ["page.content_updated", [{ kind: "page", id: page, at }]],
  ["page.properties_updated", [{ kind: "page", id: page, at }]],
  ["page.moved", [{ kind: "page", id: page, at }]],
  ["page.undeleted", [{ kind: "page", id: page, at }]],
  ["page.deleted", [{ kind: "page", id: page, at }]],
  ["page.locked", [{ kind: "page", id: page, at }]],
  ["page.unlocked", [{ kind: "page", id: page, at }]],
  ["page.transcription_block.transcript_deleted", [{ kind: "page", id: page, at }]],
  ["database.created", [{ kind: "database", id: database, at }]],
  ["database.schema_updated", [{ kind: "database", id: database, at }]],
  ["database.moved", [{ kind: "database", id: database, at }]],
  ["database.deleted", [{ kind: "database", id: database, at }]],
  ["database.undeleted", [{ kind: "database", id: database, at }]],
  [
    "database.content_updated",
    [
      { kind: "page", id: page, at },
      { kind: "database", id: database, at },
    ],
  ],
  ["data_source.created", [{ kind: "data_source", id: dataSource, at }]],
  ["data_source.schema_updated", [{ kind: "data_source", id: dataSource, at }]],
  ["data_source.moved", [{ kind: "data_source", id: dataSource, at }]],
  ["data_source.deleted", [{ kind: "data_source", id: dataSource, at }]],
  ["data_source.undeleted", [{ kind: "data_source", id: dataSource, at }]],
  [
    "data_source.content_updated",
    [
      { kind: "page", id: page, at },
      { kind: "page", id: other, at },
      { kind: "data_source", id: dataSource, at },
    ],
  ],
  [
    "comment.created",
    [
      { kind: "comment", id: comment, within: page, at },
      { kind: "page", id: page, at: 0 },
    ],
  ],
  [
    "comment.updated",
    [
      { kind: "comment", id: comment, within: page, at },
      { kind: "page", id: page, at: 0 },
    ],
  ],
  ["comment.deleted", []],
])("%s wants what it names", (type, fetches) => {
  const drafts = draftsOf(events[type])
  expect(drafts.fetches).toEqual(fetches)
  expect(drafts.entities).toMatchObject([{ alias: { type: "notion:user", value: ids.person }, fields: { bot: false } }])
  const removed = drafts.documents.flatMap(({ sourceId, parts }) =>
    parts.map((part) => [sourceId, part.partId, part.alive]),
  )
  const kind = type.split(".")[0]!
  if (!type.endsWith(".deleted")) expect(removed).toEqual([])
  else if (kind === "comment") expect(removed).toEqual([[`page:${page}`, `comment:${comment}`, false]])
  else expect(removed).toEqual([[`${kind}:${events[type].entity.id}`, "body", false]])
})

test.each(Object.keys(events).filter((type) => /^(?:view|file_upload)/.test(type)))(
  "%s is skipped with a reason",
  (type) => {
    expect(deliver(events[type as keyof typeof events])).toEqual({
      outcome: "skipped",
      reason: expect.stringMatching(/\.$/),
    })
  },
)

test("a linked view, whose entity is a block, is no thing of its own", () => {
  const event = { ...events["database.content_updated"], entity: { id: ids.block, type: "block" } }
  expect(deliver(event)).toMatchObject({ outcome: "skipped" })
})

test("an event that Notion may add is skipped, and one it cannot have sent names the field", () => {
  expect(deliver({ ...events["page.created"], type: "page.teleported" })).toEqual({
    outcome: "skipped",
    reason: "Unknown event page.teleported.",
  })
  const broken: [object | string, string | undefined][] = [
    [{ ...events["page.created"], entity: { id: "nobody", type: "page" } }, "entity.id"],
    [{ ...events["page.created"], timestamp: "yesterday" }, "timestamp"],
    [{ ...events["page.created"], entity: undefined }, "entity"],
    [{ id: "x" }, "type"],
    ["[]", undefined],
    ["", undefined],
    ['{"type": "page.created"', undefined],
  ]
  for (const [payload, path] of broken)
    expect(() => deliver(payload), JSON.stringify(payload)).toThrow(
      expect.objectContaining({ code: "payload_unreadable", ...(path && { path }) }),
    )
  // Authors of a kind that is not known yet cost nothing.
  expect(draftsOf({ ...events["page.created"], authors: [{ id: 5 }] }).fetches).toHaveLength(1)
})
