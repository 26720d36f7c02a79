import type { MergedPart, Rendered, Section, StatementDraft } from "@engram/contracts/draft"
import type { AliasRef, Link } from "@engram/contracts/graph"
import { link } from "../claims.ts"
import { discussionOf, importance, isChatter, participantsOf, severityOf } from "../observe/importance.ts"
import { distinct } from "../observe/moment.ts"
import { firstParagraph } from "../text/passages.ts"
import { crossReferences } from "../text/references.ts"
import { shorten } from "../text/shorten.ts"
import { statement } from "../text/statements.ts"
import { createdAt, textField } from "./merged.ts"
import { accountAlias, channelAlias, mentionedAlias, messageAlias, partId } from "./names.ts"
import { type Outcome, outcomes } from "./outcomes.ts"
import { tagsOf } from "./tags.ts"
import { msOf } from "./time.ts"

const titleMax = 120
const trivialMax = 0.2
const subjectsMax = 20
const speakersMax = 5

/** A message of the thread, read once. */
interface Spoken {
  readonly part: MergedPart
  readonly text: string
  /** ms */
  readonly at: number
  readonly author: AliasRef | undefined
  readonly mentioned: readonly AliasRef[]
  readonly outcomes: readonly Outcome[]
}

/** A thread as its messages say, in their order. A lone message is a thread of one. Linear in the messages' lengths. */
export function renderThread(channel: string, root: string, parts: readonly MergedPart[]): Rendered {
  const spoken = parts.map(read)
  const first = spoken[0]
  const opening = first?.text ?? ""
  const title = titleOf(opening) || "A message without text"
  const reached = spoken.flatMap((each) => each.outcomes)
  const tags = tagsOf([opening, ...reached.map(({ text }) => text)])
  const severity = severityOf([opening.slice(0, 500), ...reached.map(({ text }) => text.slice(0, 500))])
  const people = new Set(spoken.map(({ part }) => textField(part, "user"))).size
  const automatic = spoken.every(({ part }) => part.fields.bot === true)
  const team = textField(first?.part, "team")
  const context = {
    title,
    tags,
    severity,
    automatic,
    self: messageAlias(channel, root),
    channel: channelAlias(channel),
  }
  return {
    kind: "thread",
    title,
    state: reached.some(({ kind }) => kind === "resolution") ? "resolved" : null,
    url: team ? `https://app.slack.com/client/${team}/${channel}/p${root.replace(".", "")}` : null,
    scope: channel,
    author: first?.part.partId === partId(root) ? (first.author ?? null) : null,
    occurredAt: msOf(root),
    importance: importance({
      base: 0.1,
      severity,
      discussion: discussionOf(spoken.length - 1),
      participants: participantsOf(people - 1),
      linked: reached.length > 0 ? 1 : 0,
      trivial: (spoken.length === 1 && isChatter(opening)) || automatic,
    }),
    labels: tags,
    metadata: { channel, messages: spoken.length, participants: people },
    sections: sections(spoken, title),
    statements: statements(spoken, context),
    links: links(spoken, root, context),
  }
}

function read(part: MergedPart): Spoken {
  const text = textField(part, "text")
  const team = textField(part, "team")
  const user = textField(part, "user")
  const mentions = part.fields.mentions
  const ids = Array.isArray(mentions) ? mentions.filter((id): id is string => typeof id === "string") : []
  return {
    part,
    text,
    at: createdAt(part),
    author: user ? accountAlias(team, user) : undefined,
    mentioned: ids.map((id) => mentionedAlias(team, id)),
    outcomes: outcomes(text),
  }
}

/** The first line of words, without its marks. */
function titleOf(markdown: string): string {
  const line = markdown
    .split("\n", 50)
    .map((each) => each.replace(/^[\s>#*_~-]+/, "").replace(/[*_~`]{2,}|`/g, ""))
    .find((each) => /[\p{L}\p{N}]/u.test(each))
  return shorten(line ?? "", titleMax)
}

/**
 * What was said on one day reads as one passage, so that a question stands beside its answer and a new message changes the
 * passages of its own day only. It belongs to the first message of that day. The title opens the document, so a first message
 * that is the title is not said twice.
 */
function sections(spoken: readonly Spoken[], title: string): Section[] {
  const days = Map.groupBy(
    spoken.filter(({ text }) => text !== ""),
    ({ at }) => Math.floor(at / 86_400_000),
  )
  return [...days.values()].map((day) => ({
    partId: day[0]!.part.partId,
    label: labelOf(day),
    markdown: day
      .filter((each) => each !== spoken[0] || each.text !== title)
      .map(({ text }) => text)
      .join("\n\n"),
    occurredAt: day[0]!.at,
  }))
}

function labelOf(day: readonly Spoken[]): string {
  const speakers = [...new Set(day.map(({ part }) => textField(part, "user")).filter(Boolean))]
  const named = speakers.slice(0, speakersMax).map((id) => `@${id}`)
  const more = speakers.length > speakersMax ? [`${speakers.length - speakersMax} more`] : []
  return [day.length === 1 ? "message" : "messages", named.length > 0 && "by", [...named, ...more].join(", ")]
    .filter(Boolean)
    .join(" ")
}

interface Context {
  readonly title: string
  readonly tags: readonly string[]
  readonly severity: number
  /** Only apps speak: an alert that opens and closes by itself. */
  readonly automatic: boolean
  readonly self: AliasRef
  readonly channel: AliasRef
}

/** What came of the thread, and how it began where something did. */
function statements(spoken: readonly Spoken[], context: Context): StatementDraft[] {
  const said = spoken.flatMap((each) =>
    each.outcomes.flatMap(({ kind, text }) => statement(kind, text, placeOf(each, context)) ?? []),
  )
  const first = spoken[0]
  if (said.length === 0 || first === undefined || first.outcomes.length > 0 || isChatter(first.text)) return said
  const began = statement("opening", firstParagraph(first.text) || first.text, placeOf(first, context))
  return began ? [began, ...said] : said
}

const placeOf = ({ part, at, author, mentioned, text }: Spoken, context: Context) => ({
  partId: part.partId,
  at,
  title: context.title,
  subjects: distinct([
    context.self,
    context.channel,
    author,
    ...mentioned,
    ...crossReferences(text, { self: [context.self] }).map(({ to }) => to),
  ]).slice(0, subjectsMax),
  weight: 0.25 * context.severity,
  importanceMax: context.automatic ? trivialMax : 1,
  tags: context.tags,
})

/** Edges that the texts state, each since the first message that states it; who began the thread, and where it stands. */
function links(spoken: readonly Spoken[], root: string, { self, channel }: Context): Rendered["links"] {
  const found = new Map<string, Link & { readonly since: number }>()
  const add = (each: Link, since: number) => {
    const key = `${each.type} ${each.to.type} ${each.to.value}`
    const known = found.get(key)
    if (!known || since < known.since) found.set(key, { ...each, since })
  }
  add(link("PART_OF", channel), msOf(root))
  for (const { part, text, at, author, mentioned } of spoken) {
    if (author && part.partId === partId(root)) add(link("AUTHORED_BY", author), at)
    for (const to of mentioned)
      if (to.type !== channel.type || to.value !== channel.value) add(link("REFERENCES", to), at)
    for (const reference of crossReferences(text, { self: [self] })) add(reference, at)
  }
  return [...found.values()]
}
