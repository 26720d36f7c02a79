import type { MergedPart, Rendered } from "@engram/contracts/draft"
import { link } from "../claims.ts"
import { importance } from "../observe/importance.ts"
import { createdAt, textField } from "./merged.ts"
import { accountAlias, teamAlias } from "./names.ts"
import { isIncidentChannel } from "./tags.ts"

/** What a channel is called and for. One that nobody named goes by its id. */
export function renderChannel(channel: string, parts: readonly MergedPart[]): Rendered {
  const body = parts.find(({ partId }) => partId === "body")
  const [name, topic, purpose] = [textField(body, "name"), textField(body, "topic"), textField(body, "purpose")]
  const team = textField(body ?? parts[0], "team")
  const creator = textField(body, "creator")
  const occurredAt = parts.reduce((least, part) => Math.min(least, createdAt(part)), Number.POSITIVE_INFINITY)
  const since = Number.isFinite(occurredAt) ? occurredAt : 0
  return {
    kind: "channel",
    title: name ? `#${name}` : channel,
    state: body?.fields.archived === true ? "archived" : null,
    url: team ? `https://app.slack.com/client/${team}/${channel}` : null,
    scope: channel,
    author: team && creator ? accountAlias(team, creator) : null,
    occurredAt: since,
    importance: importance({ base: name || topic || purpose ? 0.1 : 0.05, linked: isIncidentChannel(name) ? 1 : 0 }),
    labels: isIncidentChannel(name) ? ["incident"] : [],
    metadata: { channel, members: parts.filter(({ kind }) => kind === "member").length },
    sections: [
      {
        partId: "body",
        label: "channel",
        markdown: [purpose, topic && `Topic: ${topic}`].filter(Boolean).join("\n\n"),
        occurredAt: since,
      },
    ],
    statements: [],
    links: team ? [{ ...link("PART_OF", teamAlias(team)), since }] : [],
  }
}
