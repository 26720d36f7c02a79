import { describe, expect, it } from "vitest"
import { slack } from "../src/slack/index.ts"
import { labelled } from "./fixtures/slack-quality.ts"
import { draftsOf, message } from "./slack-fixtures.ts"

const root = "1700000000.000100"
const ts = (index: number) => `${1_700_000_000 + index * 60}.000100`

/** The thread as its messages merge, each of which is claimed once. */
function rendered(messages: readonly string[]) {
  const parts = messages.flatMap((text, index) => {
    const bot = text.startsWith("[bot] ")
    const who = bot ? { bot: "B0ALERT0001" } : { user: `U0USER000${index % 3}` }
    const words = bot ? text.slice("[bot] ".length) : text
    const payload = message(words, { ...who, ts: ts(index), ...(index > 0 && { thread: root }) })
    return draftsOf(payload).documents.flatMap((document) => document.parts)
  })
  return slack.render({ sourceId: `C123ABC456:${root}`, parts })
}

describe("what is remembered of threads", () => {
  it("agrees with a person in at least nine of ten, of more than forty", () => {
    const differences = labelled.flatMap(({ messages, kept }) => {
      const found = rendered(messages).statements.filter(({ importance }) => importance > 0.2)
      const kinds = found.map(({ kind }) => kind)
      return kinds.join() === kept.join() ? [] : [{ messages, kept, kinds }]
    })
    const agreement = 1 - differences.length / labelled.length
    process.stdout.write(`quality: ${(agreement * 100).toFixed(1)} % of ${labelled.length} hand-labelled threads\n`)
    expect(labelled.length).toBeGreaterThanOrEqual(40)
    expect(agreement, JSON.stringify(differences, null, 1)).toBeGreaterThanOrEqual(0.9)
  })

  it.each(["ok", "thanks!", "LGTM", "done", ":+1:", "+1"])("%j is kept, and weighs no more than 0.2", (text) => {
    const thread = rendered([text])
    expect(thread.title).not.toBe("")
    expect(thread.importance).toBeLessThanOrEqual(0.2)
  })

  it("nothing that only machines say weighs more than 0.2", () => {
    const thread = rendered(["[bot] sev1 outage: checkout", "[bot] Resolved: outage over", "[bot] Summary: 5 minutes"])
    for (const { importance } of [thread, ...thread.statements]) expect(importance).toBeLessThanOrEqual(0.2)
  })

  it("a decision weighs more than a summary, and in an incident more than elsewhere", () => {
    const weight = (...messages: string[]) => rendered(messages).statements.at(-1)!.importance
    expect(weight("Topic", "Decision: x")).toBeGreaterThan(weight("Topic", "Summary: x"))
    expect(weight("sev1 outage", "Decision: x")).toBeGreaterThan(weight("Topic", "Decision: x"))
  })
})

describe("a thread", () => {
  const thread = rendered([
    "Outage: checkout answers 502, <@U0BOB00002> please look at <https://github.com/acme/shop/pull/42> in <#C0DEPLOYS02|deploys>",
    "*Resolved:* fixed by ENG-12, hand-off to <!subteam^S0OPS00001|@ops>",
  ])

  it("is called by its first line, stands in its channel, and is resolved when somebody says so", () => {
    expect(thread).toMatchObject({
      kind: "thread",
      title: expect.stringMatching(/^Outage: checkout answers 502, @U0BOB00002 please/),
      state: "resolved",
      scope: "C123ABC456",
      author: { type: "slack:user", value: "T123ABC456:U0USER0000" },
      labels: ["incident", "handoff"],
      url: "https://app.slack.com/client/T123ABC456/C123ABC456/p1700000000000100",
      metadata: { messages: 2, participants: 2 },
    })
  })

  it("refers to whom and what it mentions", () => {
    expect(thread.links.map(({ type, to }) => `${type} ${to.type} ${to.value}`).sort()).toEqual([
      "AUTHORED_BY slack:user T123ABC456:U0USER0000",
      "PART_OF slack:channel C123ABC456",
      "REFERENCES github:ref acme/shop#42",
      "REFERENCES linear:issue_key ENG-12",
      "REFERENCES slack:channel C0DEPLOYS02",
      "REFERENCES slack:group T123ABC456:S0OPS00001",
      "REFERENCES slack:user T123ABC456:U0BOB00002",
    ])
    expect(thread.statements[1]!.subjects.map(({ type }) => type)).toEqual([
      "slack:message",
      "slack:channel",
      "slack:user",
      "slack:group",
      "linear:issue_key",
    ])
  })

  it("reads as one passage a day", () => {
    const parts = [0, 1, 2_000].flatMap((index) =>
      draftsOf(message(`m${index}`, { ts: ts(index), ...(index > 0 && { thread: root }) })).documents.flatMap(
        (document) => document.parts,
      ),
    )
    const { sections, title } = slack.render({ sourceId: `C123ABC456:${root}`, parts })
    expect(title).toBe("m0")
    expect(sections.map(({ label, markdown, partId }) => [label, markdown, partId])).toEqual([
      ["messages by @U0ADA00001", "m1", `message:${ts(0)}`],
      ["message by @U0ADA00001", "m2000", `message:${ts(2_000)}`],
    ])
  })
})

describe("a channel", () => {
  it("named for an incident is the first sign of it", () => {
    const opened = (name: string) =>
      draftsOf({
        type: "event_callback",
        team_id: "T123ABC456",
        event: { type: "channel_created", channel: { id: "C0NEW000001", name }, event_ts: root },
      }).moments
    for (const name of ["inc-42-checkout", "incident-2024-02-07", "sev1-login", "2024-outage-db"])
      expect(opened(name), name).toMatchObject([{ kind: "opened", tags: ["incident"], importance: 0.35 }])
    for (const name of ["income", "include-team", "coincidence", "several", "inception"])
      expect(opened(name), name).toEqual([])
  })
})
