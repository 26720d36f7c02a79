import { Rejected } from "@engram/contracts/errors"
import { describe, expect, it } from "vitest"
import { events } from "../src/events/index.ts"
import { sources } from "../src/registry.ts"

const envelope = {
  idempotencyKey: "evt-1",
  source: "jira",
  sourceId: "PROJ-7",
  kind: "ticket",
  occurredAt: "2026-03-01T10:00:00+02:00",
  title: "Cache the index",
  body: "We are slow.\n\nDecision: cache it",
  url: "https://jira.example/PROJ-7",
  author: { id: "u1", name: "Ada" },
  labels: ["perf"],
  scope: { id: "proj", name: "Project", privacy: "private" },
  metadata: { sprint: 4 },
}
const at = Date.UTC(2026, 2, 1, 8)
const request = (body: unknown) => ({
  headers: { "content-type": "application/json" },
  body: new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)),
  receivedAt: 5,
})
function draftsOf(body: unknown) {
  const read = events.normalize(request(body))
  if (read.outcome === "skipped") throw new Error(read.reason)
  return read.drafts
}
const rendered = (body: unknown) => {
  const [document] = draftsOf(body).documents
  return events.render({ sourceId: document!.sourceId, parts: document!.parts })
}

describe("an envelope", () => {
  it("is the whole state of one document", () => {
    const { documents, entities, scopes, moments } = draftsOf(envelope)
    expect(documents).toMatchObject([
      {
        sourceId: "jira:PROJ-7",
        parts: [{ partId: "body", at, alive: true, links: { author: [{ type: "AUTHORED_BY" }] } }],
      },
    ])
    expect(entities).toEqual([
      { kind: "account", alias: { type: "events:jira:author", value: "u1" }, aliases: [], fields: { name: "Ada" }, at },
    ])
    expect(scopes).toEqual([{ key: "proj", kind: "events", name: "Project", privacy: "private", at }])
    expect(moments).toEqual([])
  })

  it("reads as its title, body and statements", () => {
    const document = rendered(envelope)
    expect(document).toMatchObject({
      kind: "ticket",
      title: "Cache the index",
      url: "https://jira.example/PROJ-7",
      scope: "proj",
      author: { type: "events:jira:author", value: "u1" },
      occurredAt: at,
      labels: ["perf"],
      metadata: { sprint: 4 },
      sections: [{ label: "body", markdown: envelope.body }],
    })
    expect(document.statements.map(({ kind, text }) => [kind, text])).toEqual([
      ["summary", "We are slow."],
      ["decision", "cache it"],
    ])
  })

  it("without a scope belongs to everybody, and without an author ends the edge to the last one", () => {
    const { author: _, scope: __, ...plain } = envelope
    expect(draftsOf(plain).scopes).toMatchObject([{ key: "default", privacy: "org" }])
    expect(draftsOf(plain).documents[0]!.parts[0]!.links).toEqual({ author: [] })
    expect(rendered(plain)).toMatchObject({ scope: "default", author: null })
  })

  it("may remove what it names", () => {
    const part = draftsOf({ ...envelope, action: "remove" }).documents[0]!.parts[0]!
    expect(part).toMatchObject({ alive: false, at })
  })

  it("is named by its own key and vouched for by nobody but an API key", () => {
    expect(events.deliveryKey(request(envelope))).toBe("evt-1")
    for (const body of ["", "{", "[]", "null", '{"idempotencyKey":7}'])
      expect(events.deliveryKey(request(body))).toBeUndefined()
    expect(events.isAuthentic(request(envelope), ["secret"], 0)).toBe(false)
  })

  it.each([
    [{ ...envelope, occurredAt: "yesterday" }, "occurredAt"],
    [{ ...envelope, source: "Jira!" }, "source"],
    [{ ...envelope, author: {} }, "author.id"],
    [{ ...envelope, labels: ["a", 1] }, "labels.1"],
  ])("names the field that cannot be read: %#", (body, path) => {
    expect(() => draftsOf(body)).toThrow(Rejected)
    expect(() => draftsOf(body)).toThrow(expect.objectContaining({ code: "payload_unreadable", path }))
  })

  it("is cleaned of what databases refuse, and refused when it is nested without end", () => {
    const json = JSON.stringify(envelope).replace("We are slow.", "We\\u0000 are\\ud800 slow.")
    expect(rendered(json).sections[0]!.markdown).toBe("We are\ufffd slow.\n\nDecision: cache it")
    const deep = JSON.stringify(envelope).replace('"sprint":4', `"a":${"[".repeat(100_000)}${"]".repeat(100_000)}`)
    expect(() => draftsOf(deep)).toThrow(expect.objectContaining({ code: "payload_unreadable" }))
  })

  it("cannot reach prototypes by its metadata", () => {
    const json = JSON.stringify(envelope).replace('"sprint":4', '"__proto__":{"polluted":1}')
    draftsOf(json)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe("the registry", () => {
  it("knows every source by its own name", () => {
    for (const [name, source] of Object.entries(sources)) expect(source.name).toBe(name)
    expect(Object.keys(sources)).toEqual(expect.arrayContaining(["github", "linear", "events"]))
  })
})
