import type { Normalized } from "@engram/contracts/draft"
import { Rejected } from "@engram/contracts/errors"
import type { StoredRequest } from "@engram/contracts/source"
import { read } from "../text/read.ts"
import { shorten } from "../text/shorten.ts"
import { decodeUtf8, parseJson } from "../text/well-formed.ts"
import { type EventRule, type SlackEvent, skipped } from "./event.ts"
import {
  readArchived,
  readConverted,
  readDeletedChannel,
  readDescribed,
  readIdChanged,
  readImportedChannel,
  readMember,
  readNamed,
  readShared,
  readTeam,
} from "./events/channels.ts"
import { readChanged, readDeleted, readPosted, wordSubtypes } from "./events/messages.ts"
import { readGroup, readUser } from "./events/people.ts"
import { Envelope } from "./schemas.ts"
import { objectOf } from "./text/lenient.ts"

const reads = (handler: (event: SlackEvent) => Normalized): EventRule => ({ reads: handler })
const skips = (reason: string): EventRule => ({ skips: reason })
const secret = { privacy: "private" } as const

const joins = skips("Who joins and leaves is told by member_joined_channel and member_left_channel.")
const pins = skips("A pin says where a message hangs; the message is kept.")
const files = skips("A file arrives with the message that shares it.")
const status = skips("What somebody is up to right now is not memory.")
const access = skips("What an app may see is access, not memory.")
const window = skips("Opening and closing a conversation says nothing.")
const history = skips("History that was changed in bulk does not say what changed.")
const invitation = skips("An invitation is told by what is said once it is accepted.")
const workflow = skips("Workflows and their steps are automation; what they post arrives as messages.")

/** Every subtype of a message that Engram knows by name: who reads it, or why nobody does. */
export const messageRules: ReadonlyMap<string, EventRule> = new Map(
  Object.entries({
    "": reads(readPosted),
    ...Object.fromEntries(wordSubtypes.map((subtype) => [subtype, reads(readPosted)])),
    message_changed: reads(readChanged),
    message_deleted: reads(readDeleted),
    message_replied: skips("A reply arrives by its own event; this one counts it."),
    channel_archive: reads(readArchived(true)),
    channel_unarchive: reads(readArchived(false)),
    channel_convert_to_private: reads(readConverted("private")),
    channel_convert_to_public: reads(readConverted("org")),
    channel_name: reads(readDescribed("name")),
    channel_purpose: reads(readDescribed("purpose")),
    channel_topic: reads(readDescribed("topic")),
    group_archive: reads(readArchived(true, secret)),
    group_unarchive: reads(readArchived(false, secret)),
    group_name: reads(readDescribed("name")),
    group_purpose: reads(readDescribed("purpose")),
    group_topic: reads(readDescribed("topic")),
    channel_join: joins,
    channel_leave: joins,
    group_join: joins,
    group_leave: joins,
    joiner_notification: joins,
    joiner_notification_for_inviter: joins,
    app_conversation_join: joins,
    bot_add: access,
    bot_remove: access,
    bot_enable: access,
    bot_disable: access,
    channel_posting_permissions: skips("Who may post is access, not memory."),
    pinned_item: pins,
    unpinned_item: pins,
    reminder_add: skips("A reminder is a note to oneself."),
    ekm_access_denied: skips("The workspace holds back its keys; there is nothing to read."),
    huddle_thread: skips("A huddle leaves no words; what is written in its thread arrives as messages."),
    sh_room_created: skips("A call leaves no words."),
    assistant_app_thread: skips("An assistant's window opened; what is said in it arrives as messages."),
    tombstone: skips("What is left in place of a deleted message; the deletion arrives by its own event."),
  }),
)

/** Every event that Engram knows by name. The only place that names events. */
export const rules: ReadonlyMap<string, EventRule> = new Map(
  Object.entries({
    // The same message as its message event, which may not be subscribed to: read alike, so that both are one.
    app_mention: reads(readPosted),
    channel_archive: reads(readArchived(true)),
    channel_created: reads(readNamed("opened")),
    channel_deleted: reads(readDeletedChannel()),
    channel_id_changed: reads(readIdChanged),
    channel_rename: reads(readNamed("renamed")),
    channel_shared: reads(readShared(true)),
    channel_unarchive: reads(readArchived(false)),
    channel_unshared: reads(readShared(false)),
    group_archive: reads(readArchived(true, secret)),
    group_deleted: reads(readDeletedChannel(secret)),
    group_rename: reads(readNamed("renamed", secret)),
    group_unarchive: reads(readArchived(false, secret)),
    // None of Slack's: a channel as its API shows it.
    import_channel: reads(readImportedChannel),
    member_joined_channel: reads(readMember(true)),
    member_left_channel: reads(readMember(false)),
    subteam_created: reads(readGroup),
    subteam_updated: reads(readGroup),
    team_domain_change: reads(readTeam),
    team_join: reads(readUser),
    team_rename: reads(readTeam),
    user_change: reads(readUser),
    agent_session_stopped: workflow,
    agent_session_title_changed: workflow,
    app_context_changed: window,
    app_deleted: access,
    app_home_opened: window,
    app_installed: access,
    app_requested: access,
    app_uninstalled: access,
    app_uninstalled_team: access,
    assistant_thread_context_changed: window,
    assistant_thread_started: window,
    call_rejected: skips("A call leaves no words."),
    channel_history_changed: history,
    channel_left: access,
    dnd_updated: status,
    dnd_updated_user: status,
    email_domain_changed: access,
    emoji_changed: skips("Emoji are drawn, not said."),
    entity_details_requested: window,
    file_change: files,
    file_comment_deleted: files,
    file_created: files,
    file_deleted: files,
    file_public: files,
    file_shared: files,
    file_unshared: files,
    function_executed: workflow,
    grid_migration_finished: access,
    grid_migration_started: access,
    group_close: window,
    group_history_changed: history,
    group_left: access,
    group_open: window,
    im_close: window,
    im_created: window,
    im_history_changed: history,
    im_open: window,
    invite_requested: invitation,
    link_shared: skips("A link arrives with the message that shares it."),
    message_metadata_deleted: workflow,
    message_metadata_posted: workflow,
    message_metadata_updated: workflow,
    pin_added: pins,
    pin_removed: pins,
    reaction_added: skips("A reaction says that somebody passed by."),
    reaction_removed: skips("A reaction says that somebody passed by."),
    resources_added: access,
    resources_removed: access,
    scope_denied: access,
    scope_granted: access,
    shared_channel_invite_accepted: invitation,
    shared_channel_invite_approved: invitation,
    shared_channel_invite_declined: invitation,
    shared_channel_invite_received: invitation,
    shared_channel_invite_requested: invitation,
    star_added: pins,
    star_removed: pins,
    subteam_members_changed: skips("Who is in a user group is left to the channels they are in."),
    subteam_self_added: access,
    subteam_self_removed: access,
    team_access_granted: access,
    team_access_revoked: access,
    tokens_revoked: access,
    user_huddle_changed: status,
    user_profile_changed: skips("The same profile arrives as user_change."),
    user_status_changed: status,
    workflow_deleted: workflow,
    workflow_published: workflow,
    workflow_step_deleted: workflow,
    workflow_step_execute: workflow,
    workflow_unpublished: workflow,
  }),
)

/**
 * What one event claims. Pure. Throws `Rejected("payload_unreadable")` with the path of a field that cannot be read; types and
 * subtypes that Slack may add are skipped with a reason.
 */
export function normalize(request: StoredRequest): Normalized {
  const payload = parseJson(decodeUtf8(request.body))
  const { type, team_id: team, event, event_time: seconds } = read(Envelope, payload)
  if (type === "url_verification") return skipped("Slack asked whether the URL answers; it does.")
  if (type === "app_rate_limited")
    return skipped("Slack held back this minute's further events, and sends none of them later.")
  if (type !== "event_callback") return skipped(`Unknown request ${shorten(type, 100)}.`)
  if (!event) throw new Rejected("payload_unreadable", "event cannot be read: it is missing", { path: "event" })
  const rule = ruleOf(event, payload)
  if (typeof rule === "string") return skipped(rule)
  if ("skips" in rule) return skipped(rule.skips)
  if (!team) throw new Rejected("payload_unreadable", "team_id cannot be read: it is missing", { path: "team_id" })
  return rule.reads({ team, payload, sentAt: seconds ? seconds * 1_000 : request.receivedAt })
}

/** The rule, or why there is none. */
function ruleOf(event: { type: string; subtype?: string | null | undefined }, payload: unknown): EventRule | string {
  if (event.type !== "message") return rules.get(event.type) ?? `Unknown event ${shorten(event.type, 100)}.`
  const { message } = objectOf(objectOf(payload).event)
  // Slack is known to leave the subtype out of message_replied, which alone of all carries another message then.
  const subtype = event.subtype ?? (message === undefined ? "" : "message_replied")
  return messageRules.get(subtype) ?? `Unknown kind of message ${shorten(subtype, 100)}.`
}
