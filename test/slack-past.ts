import type { SlackObject, SlackServer } from "@engram/testkit/slack-server"
import { openChannel, slackEvent } from "./slack.ts"
import type { Payload } from "./workbench.ts"

const created = 1_699_999_000
const ada = "U0ADA00001"
const bob = "U0BOB00002"
const incident = "C0INCIDENT1"
const secret = "G0SECRET001"

const member = (id: string, name: string, more: object = {}): SlackObject => ({
  ...{ id, team_id: "T123ABC456", name: name.toLowerCase(), real_name: name, deleted: false, is_bot: false },
  ...{ is_email_confirmed: true, updated: created, tz: "Europe/Berlin" },
  profile: { real_name: name, display_name: name.toLowerCase(), email: `${name.toLowerCase()}@acme.example`, ...more },
})

const channelOf = (id: string, name: string, isPrivate = false): SlackObject => ({
  ...{ id, name, created, creator: ada, is_private: isPrivate, is_archived: false, updated: created * 1_000 },
  ...{ is_ext_shared: false, is_im: false, is_mpim: false, previous_names: [] },
  topic: { value: "", creator: "", last_set: 0 },
  purpose: { value: "", creator: "", last_set: 0 },
})

const message = (ts: string, user: string, text: string, more: object = {}): SlackObject => ({
  ...{ type: "message", ts, user, text },
  ...more,
})

const root = "1700000000.000100"
const long = "1700000500.000100"
const said: { readonly [channel: string]: readonly SlackObject[] } = {
  [openChannel]: [
    message(
      root,
      ada,
      "Uploads time out since Tuesday. <@U0BOB00002>, can you look at <https://github.com/acme/app/pull/12>?",
    ),
    message("1700000010.000100", bob, "The proxy cuts them off after a minute.", { thread_ts: root }),
    message("1700000020.000200", ada, "Decision: ten minutes it is.", { thread_ts: root }),
    message("1700000030.000100", ada, "Raised in production.", { thread_ts: root, subtype: "thread_broadcast" }),
    message("1700000040.000100", bob, "Release notes for v2", {
      ...{ subtype: "file_share", upload: true },
      files: [{ id: "F1", name: "notes.md", title: "notes.md", mimetype: "text/markdown", filetype: "markdown" }],
    }),
    {
      type: "message",
      subtype: "bot_message",
      ts: "1700000050.000100",
      bot_id: "B0DEPLOY01",
      username: "deploy",
      text: "v2 is out",
    },
    message("1700000060.000100", bob, "ok"),
  ],
  [incident]: [
    message(long, ada, "We are down."),
    ...Array.from({ length: 450 }, (_, n) =>
      message(`${1_700_000_501 + n}.000100`, n % 2 ? ada : bob, `Update ${n} on the outage.`, { thread_ts: long }),
    ),
  ],
  [secret]: [message("1700000900.000100", ada, "The acquisition is called Zebra.")],
}
const names: { readonly [channel: string]: string } = {
  [openChannel]: "uploads",
  [incident]: "incident-uploads",
  [secret]: "board",
}

const typeOf = (channel: string) => (channel === secret ? "group" : "channel")

/** What Slack posted while it happened. */
export const slackWebhooks: readonly Payload[] = [
  ...[member(ada, "Ada"), member(bob, "Bob")].map((user) =>
    slackEvent({ type: "team_join", user, event_ts: `${created}.000000` }),
  ),
  ...Object.entries(names).map(([id, name]) =>
    slackEvent({
      ...{ type: "channel_created", event_ts: `${created}.004200` },
      channel: { id, name, created, creator: ada, is_private: id === secret },
    }),
  ),
  ...Object.entries(said).flatMap(([channel, messages]) =>
    messages.map((each) => slackEvent({ ...each, channel, channel_type: typeOf(channel), event_ts: each.ts })),
  ),
]

/** The workspace as the Web API shows it afterwards. */
export function fillSlack({ users, conversations }: Pick<SlackServer, "users" | "conversations">): void {
  users.push(member(ada, "Ada"), member(bob, "Bob"))
  for (const [id, messages] of Object.entries(said)) {
    const channel = channelOf(id, names[id]!, id === secret)
    const joined = { type: "message", subtype: "channel_join", ts: `${created}.000100`, user: bob, text: "joined" }
    conversations.push({ channel, messages: [joined, ...messages.map((each) => ({ ...each }))] })
  }
}

export const slackPlaces = { openChannel, incident, secret, root, long }
