import { z } from "zod"
import { Ts } from "./time.ts"

/**
 * What Engram reads of Slack's payloads. Fields that are not named here pass unread, text is never refused for its length, and
 * only what a draft cannot do without is required. What apps compose (blocks, attachments) and files are read leniently later.
 */

export const text = z.string().nullish()
const flag = z.boolean().nullish()
export const Id = z.string().regex(/^[A-Z][A-Z0-9]{1,30}$/, "not an id of Slack's")

export const Envelope = z.object({
  type: z.string(),
  team_id: text,
  event_time: z.number().nullish(),
  minute_rate_limited: z.number().nullish(),
  event: z.object({ type: z.string(), subtype: text }).nullish(),
})

/** A message as it stands, whichever event carries it. */
export const Message = z.object({
  subtype: text,
  ts: Ts,
  thread_ts: Ts.nullish(),
  user: text,
  bot_id: text,
  username: text,
  bot_profile: z.object({ id: text, name: text }).nullish().catch(null),
  user_profile: z.object({ real_name: text, display_name: text, name: text }).nullish().catch(null),
  edited: z.object({ ts: Ts }).nullish(),
  text,
  blocks: z.unknown().optional(),
  attachments: z.unknown().optional(),
  files: z.unknown().optional(),
})
export type Message = z.infer<typeof Message>

/** Where an event about a message happened. */
const InChannel = z.object({ channel: Id, channel_type: text, event_ts: Ts.nullish() })

export const Posted = z.object({ event: Message.extend(InChannel.shape).extend({ root: z.unknown().optional() }) })
export const Changed = z.object({
  event: InChannel.extend({ ts: Ts, message: Message, previous_message: z.unknown().optional() }),
})
export const Deleted = z.object({
  event: InChannel.extend({
    ts: Ts,
    deleted_ts: Ts,
    previous_message: z.object({ thread_ts: Ts.nullish() }).nullish(),
  }),
})

export const Channel = z.object({
  id: Id,
  name: text,
  created: z.number().nullish(),
  creator: text,
  is_private: flag,
  is_im: flag,
  is_mpim: flag,
})
/** Events that carry the channel, and those that only name it. */
export const WithChannel = z.object({ event: z.object({ channel: Channel, event_ts: Ts.nullish() }) })
export const OfChannel = z.object({
  event: z.object({ channel: Id, channel_type: text, event_ts: Ts.nullish(), ts: Ts.nullish() }),
})

export const User = z.object({
  id: Id,
  name: text,
  real_name: text,
  deleted: flag,
  is_bot: flag,
  is_email_confirmed: flag,
  updated: z.number().nullish(),
  tz: text,
  profile: z.object({ real_name: text, display_name: text, email: text, title: text }).nullish(),
})
