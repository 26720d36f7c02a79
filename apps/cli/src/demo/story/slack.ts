import type { Webhook } from "../webhook.ts"
import { issue, jonas, mira, type Person, pull, thread, ts } from "./cast.ts"

/** Slack's Events API: https://docs.slack.dev/reference/events: channel_created, user_change, message. */

function event(event: { readonly type: string; readonly event_ts: string }, n: number): Webhook {
  const key = `EvDEMO${String(n).padStart(4, "0")}`
  const time = Math.floor(Number(event.event_ts))
  const payload = { type: "event_callback", team_id: thread.team, event_id: key, event_time: time, event }
  return { source: "slack", key, event: event.type, payload }
}

const channel = {
  type: "channel_created",
  channel: {
    id: thread.channel,
    name: "inc-checkout-502",
    created: 1_773_133_200,
    creator: jonas.slack,
    is_private: false,
  },
  event_ts: ts("09:00"),
}

/** Slack asks for a confirmed address before anybody joins. */
const profile = ({ slack, handle, name, email }: Person) => ({
  type: "user_change",
  user: {
    id: slack,
    team_id: thread.team,
    name: handle,
    deleted: false,
    real_name: name,
    is_bot: false,
    is_email_confirmed: true,
    updated: 1_773_133_200,
    profile: { real_name: name, display_name: handle, email },
  },
  event_ts: ts("09:00"),
})

const said = (clock: string, { slack }: Person, text: string) => ({
  type: "message",
  user: slack,
  text,
  ts: ts(clock),
  ...(ts(clock) !== thread.root && { thread_ts: thread.root }),
  channel: thread.channel,
  channel_type: "channel",
  event_ts: ts(clock),
})

export const slackStory: readonly Webhook[] = [
  channel,
  profile(mira),
  profile(jonas),
  said(
    "09:02",
    jonas,
    `Checkout answers 502 to one request in four since the 08:55 deploy. <@${mira.slack}> can you look?`,
  ),
  said("09:09", mira, `Tracked as ${issue.key}. Payments are not charged twice, the orders just fail.`),
  said(
    "09:31",
    jonas,
    "Root cause: the deploy doubled the processes, each with a pool of 40 connections. Postgres allows 200, so every process that starts late is refused.",
  ),
  said(
    "09:38",
    mira,
    `Decision: we do not roll back. The pool shrinks to 10 a process in <${pull.url}>, and the limit becomes a setting.`,
  ),
  said("10:24", mira, "Resolved: the fix is out, no 502 for ten minutes. The post-mortem follows in Notion."),
].map(event)
