/** What of a workspace's past may be asked for: its people, and what was said in which conversations. */
export const slackKinds = ["users", "public", "private", "direct"] as const
export type SlackKind = (typeof slackKinds)[number]
