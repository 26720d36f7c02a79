import type { Webhook } from "../webhook.ts"
import { at, issue, jonas, mira, type Person, page, pull, thread } from "./cast.ts"

/**
 * The post-mortem. Notion's own events carry ids only, and a worker then asks Notion's API for the page with the connection's
 * token. The demo has no account to ask: it sends what the worker would keep after asking, a recorded `page.fetched`
 * (https://developers.notion.com/reference/page and /block, in the worker's envelope). So no fetch is left owed.
 */

const text = (content: string, url: string | null = null) => ({
  type: "text",
  text: { content, link: url === null ? null : { url } },
  plain_text: content,
  href: url,
})

const block = (type: string, ...rich_text: readonly object[]) => ({ object: "block", type, [type]: { rich_text } })
const heading = (words: string) => block("heading_2", text(words))
const paragraph = (...words: readonly object[]) => block("paragraph", ...words)
const bullet = (words: string) => block("bulleted_list_item", text(words))

const blocks = [
  heading("Summary"),
  paragraph(
    text("On 10 March checkout answered one request in four with 502 for 72 minutes. Tracked in "),
    text(issue.key, issue.url),
    text(", talked over "),
    text("in Slack", thread.url),
    text(", fixed by "),
    text("acme/checkout#87", pull.url),
    text("."),
  ),
  heading("Root cause"),
  paragraph(text("The deploy doubled the processes. Each opened 40 connections, and Postgres allows 200.")),
  heading("Decision"),
  paragraph(
    text("Connections are budgeted: processes times pool stays below 80 % of what Postgres allows, checked at deploy."),
  ),
  heading("What we change"),
  bullet("The pool's size is a setting, 10 by default."),
  bullet("An alert fires at 80 % of the connections."),
]

const person = ({ notion, name, email }: Person) => ({
  object: "user",
  id: notion,
  name,
  type: "person",
  person: { email },
})

const comment = {
  object: "comment",
  id: "5c0a1f6e-0142-4a11-9d04-000000000151",
  discussion_id: "5c0a1f6e-0142-4a11-9d04-000000000150",
  created_time: at("14:20"),
  last_edited_time: at("14:20"),
  created_by: { object: "user", id: jonas.notion },
  rich_text: [text("The deploy check is in place; a pool of 20 is refused now.")],
}

const fetched = {
  id: "5c0a1f6e-0142-4a11-9d04-000000000100",
  type: "page.fetched",
  as_of: at("15:00"),
  entity: { id: page.id, type: "page" },
  data: {
    page: {
      object: "page",
      id: page.id,
      created_time: at("13:40"),
      last_edited_time: at("14:10"),
      created_by: { object: "user", id: mira.notion },
      last_edited_by: { object: "user", id: mira.notion },
      in_trash: false,
      url: page.url,
      parent: { type: "workspace", workspace: true },
      properties: {
        Name: { id: "title", type: "title", title: [text("Post-mortem: checkout ran out of connections")] },
      },
    },
    blocks,
    cut: null,
    comments: [comment],
    places: [],
    users: [person(mira), person(jonas)],
  },
}

export const notionStory: readonly Webhook[] = [
  { source: "notion", key: fetched.id, event: fetched.type, payload: fetched },
]
