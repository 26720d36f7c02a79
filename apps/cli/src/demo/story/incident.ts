import type { Webhook } from "../webhook.ts"
import { githubStory } from "./github.ts"
import { linearStory } from "./linear.ts"
import { notionStory } from "./notion.ts"
import { slackStory } from "./slack.ts"

/** Source after source, not in the order of the day: what Slack says of the issue comes before the issue, and the edges are there. */
export const incident: readonly Webhook[] = [...slackStory, ...githubStory, ...notionStory, ...linearStory]
