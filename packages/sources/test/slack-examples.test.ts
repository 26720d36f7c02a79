import type { AllMessageEvents, GenericMessageEvent, SlackEvent } from "@slack/types"
import { describe, expect, expectTypeOf, it } from "vitest"
import type { z } from "zod"
import { messageRules, rules } from "../src/slack/normalize.ts"
import type { Changed, Deleted, OfChannel, Posted, User, WithChannel } from "../src/slack/schemas.ts"
import { deliver, draftsOf, payloadOf, recorded } from "./slack-fixtures.ts"

/** Complete, or it does not compile: every event of Slack's own types. */
const published: Record<SlackEvent["type"], true> = {
  agent_session_stopped: true,
  agent_session_title_changed: true,
  app_context_changed: true,
  app_deleted: true,
  app_home_opened: true,
  app_installed: true,
  app_mention: true,
  app_rate_limited: true,
  app_requested: true,
  app_uninstalled: true,
  app_uninstalled_team: true,
  assistant_thread_context_changed: true,
  assistant_thread_started: true,
  call_rejected: true,
  channel_archive: true,
  channel_created: true,
  channel_deleted: true,
  channel_history_changed: true,
  channel_id_changed: true,
  channel_left: true,
  channel_rename: true,
  channel_shared: true,
  channel_unarchive: true,
  channel_unshared: true,
  dnd_updated: true,
  dnd_updated_user: true,
  email_domain_changed: true,
  emoji_changed: true,
  entity_details_requested: true,
  file_change: true,
  file_comment_deleted: true,
  file_created: true,
  file_deleted: true,
  file_public: true,
  file_shared: true,
  file_unshared: true,
  function_executed: true,
  grid_migration_finished: true,
  grid_migration_started: true,
  group_archive: true,
  group_close: true,
  group_deleted: true,
  group_history_changed: true,
  group_left: true,
  group_open: true,
  group_rename: true,
  group_unarchive: true,
  im_close: true,
  im_created: true,
  im_history_changed: true,
  im_open: true,
  invite_requested: true,
  link_shared: true,
  member_joined_channel: true,
  member_left_channel: true,
  message: true,
  message_metadata_deleted: true,
  message_metadata_posted: true,
  message_metadata_updated: true,
  pin_added: true,
  pin_removed: true,
  reaction_added: true,
  reaction_removed: true,
  shared_channel_invite_accepted: true,
  shared_channel_invite_approved: true,
  shared_channel_invite_declined: true,
  shared_channel_invite_received: true,
  shared_channel_invite_requested: true,
  star_added: true,
  star_removed: true,
  subteam_created: true,
  subteam_members_changed: true,
  subteam_self_added: true,
  subteam_self_removed: true,
  subteam_updated: true,
  team_access_granted: true,
  team_access_revoked: true,
  team_domain_change: true,
  team_join: true,
  team_rename: true,
  tokens_revoked: true,
  user_change: true,
  user_huddle_changed: true,
  user_profile_changed: true,
  user_status_changed: true,
  workflow_deleted: true,
  workflow_published: true,
  workflow_step_deleted: true,
  workflow_step_execute: true,
  workflow_unpublished: true,
}
/** Told by their subtype, and told outside of any event. */
const outer = new Set(["message", "app_rate_limited"])
type Subtype = NonNullable<AllMessageEvents["subtype"]>
const subtypes: Record<Subtype, true> = {
  bot_message: true,
  channel_archive: true,
  channel_join: true,
  channel_leave: true,
  channel_name: true,
  channel_posting_permissions: true,
  channel_purpose: true,
  channel_topic: true,
  channel_unarchive: true,
  ekm_access_denied: true,
  file_share: true,
  me_message: true,
  message_changed: true,
  message_deleted: true,
  message_replied: true,
  thread_broadcast: true,
}

type Of<Type extends SlackEvent["type"]> = Extract<SlackEvent, { type: Type }>
type Told<Subtype> = Extract<AllMessageEvents, { subtype: Subtype }>
type Reads<Schema extends z.ZodType> = z.input<Schema> extends { event: infer Event } ? Event : never

describe("Slack's published types", () => {
  it("name no event and no kind of message that is unknown here", () => {
    expect(Object.keys(published).filter((type) => !outer.has(type) && !rules.has(type))).toEqual([])
    expect(Object.keys(subtypes).filter((subtype) => !messageRules.has(subtype))).toEqual([])
  })

  it("fit what is read of them", () => {
    expectTypeOf<GenericMessageEvent>().toExtend<Reads<typeof Posted>>()
    expectTypeOf<Told<"bot_message" | "file_share" | "me_message" | "thread_broadcast">>().toExtend<
      Reads<typeof Posted>
    >()
    expectTypeOf<Of<"app_mention">>().toExtend<Reads<typeof Posted>>()
    expectTypeOf<Told<"message_changed">["channel"]>().toExtend<Reads<typeof Changed>["channel"]>()
    expectTypeOf<Told<"message_deleted">["deleted_ts"]>().toExtend<Reads<typeof Deleted>["deleted_ts"]>()
    expectTypeOf<Of<"channel_created" | "channel_rename" | "group_rename">>().toExtend<Reads<typeof WithChannel>>()
    expectTypeOf<
      Of<
        | "channel_archive"
        | "channel_unarchive"
        | "channel_deleted"
        | "group_archive"
        | "group_deleted"
        | "member_joined_channel"
        | "channel_shared"
      >
    >().toExtend<Reads<typeof OfChannel>>()
    expectTypeOf<Of<"user_change" | "team_join">["user"]>().toExtend<z.input<typeof User>>()
  })
})

describe("the recorded events", () => {
  it("say each where its shape comes from", () => {
    for (const { from, name, index } of recorded) expect(from, `${name}[${index}]`).toMatch(/https:\/\/|@slack\/types/)
  })

  it("become drafts or are skipped for a reason, each as it deserves", () => {
    const table = Object.fromEntries(
      recorded.map(({ name, about, payload }) => {
        const read = deliver(payload)
        if (read.outcome === "skipped") return [`${name}: ${about}`, "skipped"]
        const { documents, moments, entities, scopes } = read.drafts
        const parts = documents.flatMap((document) => document.parts)
        return [
          `${name}: ${about}`,
          [
            parts.map(({ kind, alive }) => (alive === false ? `no ${kind}` : kind)).join(" "),
            moments.map(({ kind }) => kind).join(" "),
            entities.map(({ kind }) => kind).join(" "),
            scopes
              .map(({ name, privacy, alive }) => [name, privacy, alive === false && "gone"].filter(Boolean).join(" "))
              .join(" "),
          ].join(" | "),
        ]
      }),
    )
    expect(table).toMatchInlineSnapshot(`
      {
        "app_mention: the mention of the same message": "message |  | account channel thing | ",
        "app_mention: the message that mentions the app": "message |  | account channel thing | org",
        "app_rate_limited: app rate limited": "skipped",
        "bot_message: a bot that speaks in blocks": "message |  | account channel thing | org",
        "bot_message: a bot without content": "skipped",
        "bot_message: an alert in attachments": "message |  | account channel thing | org",
        "channel_archive: the notice in the channel": "body |  | channel | org",
        "channel_archive_event: channel archive event": "body |  | channel | ",
        "channel_convert_to_private: channel convert to private": "body |  | channel | private",
        "channel_convert_to_private: what was said while it was open": "message |  | account channel thing | org",
        "channel_convert_to_public: channel convert to public": "body |  | channel | org",
        "channel_created: a channel made": "body |  | channel account | #checkout org",
        "channel_created: a channel made for an incident": "body | opened | channel account | #inc-42-checkout org",
        "channel_deleted: a channel deleted": "no body |  | channel | gone",
        "channel_deleted: what was said in it": "message |  | account channel thing | org",
        "channel_id_changed: channel id changed": " |  | channel | ",
        "channel_join: the notice in the channel": "skipped",
        "channel_leave: the notice in the channel": "skipped",
        "channel_name: the notice in the channel": "body |  | channel | #shop-checkout org",
        "channel_posting_permissions: the notice in the channel": "skipped",
        "channel_purpose: the notice in the channel": "body |  | channel | org",
        "channel_rename: channel rename": "body |  | channel | #shop-checkout",
        "channel_shared: channel shared": "body |  | channel | ",
        "channel_topic: the notice in the channel": "body |  | channel | org",
        "channel_unarchive: the notice in the channel": "body |  | channel | org",
        "channel_unarchive_event: channel unarchive event": "body |  | channel | ",
        "channel_unshared: channel unshared": "body |  | channel | ",
        "file_share: a file with a comment": "message |  | account channel thing | org",
        "file_share: a snippet without a word": "message |  | account channel thing | org",
        "file_shared: file shared": "skipped",
        "group_archive: group archive": "body |  | channel | private",
        "group_deleted: group deleted": "no body |  | channel | private gone",
        "group_rename: group rename": "body |  | channel | #board private",
        "group_unarchive: group unarchive": "body |  | channel | private",
        "huddle_thread: huddle thread": "skipped",
        "me_message: me message": "message |  | account channel thing | org",
        "member_joined_channel: member joined channel": "member |  | account channel | ",
        "member_joined_channel: one who leaves later": "member |  | account channel | ",
        "member_left_channel: member left channel": "no member |  | account channel | ",
        "message: a direct message": "message |  | account channel thing | private",
        "message: a direct message of several people": "message |  | account channel thing | private",
        "message: a first message that is deleted": "message |  | account channel thing | org",
        "message: a first message with blocks": "message |  | account channel thing | org",
        "message: a lone word": "message |  | account channel thing | org",
        "message: a message in a private channel": "message |  | account channel thing | private",
        "message: a message that is edited twice": "message |  | account channel thing | org",
        "message: a reply": "message |  | account channel thing | org",
        "message: a reply that ends the thread": "message |  | account channel thing | org",
        "message: a reply that is deleted": "message |  | account channel thing | org",
        "message: a reply that outlives it": "message |  | account channel thing | org",
        "message: lists, quotes and code": "message |  | account channel thing | org",
        "message_changed: a link was given a preview": "message |  | account channel thing | org",
        "message_changed: a second edit within the same second": "message |  | account channel thing | org",
        "message_changed: an edit": "message |  | account channel thing | org",
        "message_changed: an edit of a message from before the webhook": "message |  | account channel thing | org",
        "message_deleted: a message from before the webhook deleted": "no message |  | thing | org",
        "message_deleted: a reply deleted": "no message |  | thing | org",
        "message_replied: a reply counted": "skipped",
        "message_replied: a reply counted, without the subtype": "skipped",
        "reaction_added: reaction added": "skipped",
        "subteam_created: subteam created": " |  | team | ",
        "team_join: team join": " |  | account | ",
        "team_rename: team rename": " |  | organization | ",
        "thread_broadcast: a reply also sent to the channel": "message message |  | account account channel thing | org",
        "thread_broadcast: the broadcast told once more": "message |  | account channel thing | org",
        "tombstone: the first message of a thread deleted": "no message |  | thing | org",
        "url_verification: url verification": "skipped",
        "user_change: a new name": " |  | account | ",
        "user_change: an account that is deactivated, its address never confirmed": " |  | account | ",
        "user_profile_changed: user profile changed": "skipped",
      }
    `)
  })

  it("are read alike every time, and their payload is not touched", () => {
    for (const { payload } of recorded) {
      const before = JSON.stringify(payload)
      expect(deliver(payload)).toEqual(deliver(payload))
      expect(JSON.stringify(payload)).toBe(before)
    }
  })

  it("claim plain values at whole times where a date is meant, in scopes that they name", () => {
    for (const { name, index, payload } of recorded) {
      const read = deliver(payload)
      if (read.outcome === "skipped") continue
      const where = `${name}[${index}]`
      expect(JSON.parse(JSON.stringify(read.drafts)), where).toEqual(read.drafts)
      const { entities, scopes, moments, documents } = read.drafts
      for (const { at } of [...entities, ...scopes, ...moments]) expect(Number.isInteger(at), where).toBe(true)
      for (const { sourceId } of documents)
        expect(
          scopes.map(({ key }) => key),
          where,
        ).toContain(sourceId.split(":")[0])
    }
  })
})

describe("people", () => {
  it("claim a confirmed address, and no other", () => {
    const [ada] = draftsOf(payloadOf("team_join")).entities
    expect(ada).toMatchObject({
      alias: { type: "slack:user", value: "T123ABC456:U0ADA00001" },
      aliases: [{ type: "email:address", value: "ada@acme.example" }],
      fields: { name: "Ada Lovelace", handle: "ada", email: "ada@acme.example", emailVerified: true, bot: false },
    })
    const [eve] = draftsOf(payloadOf("user_change", 1)).entities
    expect(eve).toMatchObject({ aliases: [], fields: { emailVerified: false, deleted: true } })
  })

  it("keep their id when their name changes", () => {
    const [before, after] = [payloadOf("team_join"), payloadOf("user_change")].map(
      (each) => draftsOf(each).entities[0]!,
    )
    expect(after!.alias).toEqual(before!.alias)
    expect(after!.at).toBeGreaterThan(before!.at)
    expect(after!.fields.name).toBe("Ada King")
  })

  it("are not what speaks for an app", () => {
    const [bot] = draftsOf(payloadOf("bot_message")).entities
    expect(bot).toMatchObject({ alias: { type: "slack:bot" }, fields: { bot: true, name: "PagerDuty" } })
  })
})
