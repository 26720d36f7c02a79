import type { Source } from "@engram/contracts/source"
import { normalize } from "./normalize.ts"
import { contentTypes, deliveryKey, eventName, handshake, isAuthentic, keptHeaders } from "./receive.ts"
import { render } from "./render.ts"
import { writtenIds } from "./text/written-ids.ts"

/** Slack, by the Events API. */
export const slack: Source = {
  name: "slack",
  contentTypes,
  keptHeaders,
  deliveryKey,
  isAuthentic,
  handshake,
  secretFrom: "there",
  setup:
    "On api.slack.com/apps: Basic Information shows the signing secret. Event Subscriptions → Enable, the URL as Request URL, and subscribe to message.channels, message.groups, message.im, message.mpim, channel_created, channel_rename, channel_archive, channel_unarchive, channel_deleted, member_joined_channel, member_left_channel, team_join and user_change. Then invite the app to the channels it shall remember.",
  eventName,
  normalize,
  render,
  writtenIds,
}
