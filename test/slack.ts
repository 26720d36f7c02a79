import { readdirSync, readFileSync } from "node:fs"
import type { Payload } from "./workbench.ts"

const directory = new URL("../packages/sources/test/fixtures/slack/", import.meta.url)

interface Envelope {
  readonly event_id?: string
  readonly event?: { readonly type: string; readonly subtype?: string }
}

/** Slack's recorded events, as deliveries. */
export const slackPayloads: readonly Payload[] = readdirSync(directory)
  .sort()
  .flatMap((file) =>
    (JSON.parse(readFileSync(new URL(file, directory), "utf8")) as { payload: Envelope }[]).map(
      ({ payload }, index) => ({
        source: "slack",
        key: payload.event_id ?? `${file}-${index}`,
        event: payload.event?.subtype ?? payload.event?.type ?? "unknown",
        payload,
      }),
    ),
  )

export interface SlackSaid {
  readonly text?: string
  /** `1700000000.000100`; the message itself. */
  readonly ts: string
  readonly thread?: string
  readonly user?: string
  readonly channel?: string
  readonly channelType?: string
  /** When the event happened; the message's own time unless said. */
  readonly at?: string
}

export const team = "T123ABC456"
export const openChannel = "C0OPEN00001"

let sent = 0

/** Any event, as Slack wraps it. */
export function slackEvent(event: object): Payload {
  const key = `Ev${String(++sent).padStart(9, "0")}`
  const { type, subtype } = event as { type: string; subtype?: string }
  return {
    source: "slack",
    key,
    event: subtype ?? type,
    payload: { type: "event_callback", team_id: team, event_id: key, event_time: 1_700_000_000, event },
  }
}

const messageOf = ({ text, ts, thread, user = "U0ADA00001" }: SlackSaid) => ({
  type: "message",
  user,
  text: text ?? `message ${ts}`,
  ts,
  ...(thread && { thread_ts: thread }),
})

const placeOf = ({ channel = openChannel, channelType = "channel", at, ts }: SlackSaid) => ({
  channel,
  channel_type: channelType,
  event_ts: at ?? ts,
})

export const said = (message: SlackSaid): Payload => slackEvent({ ...messageOf(message), ...placeOf(message) })

export const edited = (message: SlackSaid, before?: string): Payload =>
  slackEvent({
    type: "message",
    subtype: "message_changed",
    hidden: true,
    message: { ...messageOf(message), edited: { user: "U0ADA00001", ts: `${message.at!.split(".")[0]}.000000` } },
    ...(before !== undefined && { previous_message: messageOf({ ...message, text: before }) }),
    ts: message.at,
    ...placeOf(message),
  })

export const deleted = (message: SlackSaid): Payload =>
  slackEvent({
    type: "message",
    subtype: "message_deleted",
    hidden: true,
    previous_message: messageOf(message),
    deleted_ts: message.ts,
    ts: message.at,
    ...placeOf(message),
  })
