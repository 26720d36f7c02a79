/** What the payload says of a thing's weight. Each feature is 0 to 1; left out, it is 0. */
export interface Features {
  /** What this kind of event is worth by itself. */
  readonly base: number
  readonly severity?: number
  readonly discussion?: number
  readonly participants?: number
  /** Whether an incident, a release or an issue hangs on it. */
  readonly linked?: number
  readonly reach?: number
  /** Version bumps, merge chatter, "LGTM": kept, and never above 0.2. */
  readonly trivial?: boolean
}

const trivialMax = 0.2

/** 0 to 1, to three decimals. It orders what is found and never decides what is kept. */
export function importance(features: Features): number {
  const { base, severity = 0, discussion = 0, participants = 0, linked = 0, reach = 0, trivial = false } = features
  const sum = base + 0.25 * severity + 0.2 * discussion + 0.2 * participants + 0.15 * linked + 0.1 * reach
  return Math.round(Math.min(Math.max(sum, 0), trivial ? trivialMax : 1) * 1000) / 1000
}

/** Reaches 1 at 31 comments; the first few count most. */
export const discussionOf = (comments: number | null | undefined) => Math.min(1, Math.log2(1 + (comments ?? 0)) / 5)

/** Reaches 1 at five people. */
export const participantsOf = (people: number) => Math.min(1, people / 5)

const severities: readonly [RegExp, number][] = [
  [/\b(?:critical|sev-?0|sev-?1|p0|blocker|outage|incident)\b/i, 1],
  [/\b(?:high|urgent|sev-?2|p1|security|regression|breaking[- ]change)\b/i, 0.75],
  [/\b(?:medium|moderate|sev-?3|p2|bug)\b/i, 0.4],
]

/** The gravest of some words: labels, a severity, a title. */
export function severityOf(words: readonly string[]): number {
  const said = words.join("\n")
  return severities.find(([pattern]) => pattern.test(said))?.[1] ?? 0
}

const versionBump =
  /^(?:(?:chore|build|fix|ci|release|deps)(?:\([^)]*\))?!?:[ \t]*)?(?:(?:bump|update|upgrade|pin|lock)\b.*(?:\bto v?\d|\bversion\b|\bdependenc|\block ?file|\bfrom v?\d|\bdigest\b)|(?:(?:bump|release|version)[ \t]+)?(?:version[ \t]+)?v?\d+\.\d+(?:\.\d+)?\S*$|pre-commit autoupdate)/i
const chatter =
  /^(?:lgtm|looks good(?: to me)?|ship ?it|\+1|👍|🎉|:\+1:|:shipit:|nice|thanks|thank you|approved?|done|ok(?:ay)?|ack|same|me too|bors r\+|\/(?:lgtm|approve|merge|retest)|@dependabot \w+)[.! \n👍🎉]*$/iu
const mergeTitle = /^(?:initial commit$|merge (?:pull request|branch|remote|tag)\b|auto merge\b|rollup of\b)/i

/** A title that says a number went up, or that branches met. */
export const isRoutineTitle = (title: string) => versionBump.test(title.slice(0, 300)) || mergeTitle.test(title)

/** Work that nobody decides on: a number goes up, branches meet, a bot moves dependencies. */
export const isRoutine = (title: string, byBot: boolean) =>
  isRoutineTitle(title) || (byBot && /\bdep(?:endenc(?:y|ies)|s)\b/i.test(title))

/** A comment that agrees, thanks or tells a bot what to do. Long texts are never chatter. */
export const isChatter = (text: string | null | undefined) =>
  text === null || text === undefined || text.trim() === "" || (text.length <= 80 && chatter.test(text.trim()))

const placeholder =
  /^(?:untitled|new (?:issue|project|document|initiative)|test(?:ing)?(?: \d+)?|tmp|temp|todo|tbd|asdf\w*|foo|bar|baz|x+|\W*)$/i

/** A title or text that only fills a field: nobody will look for it. */
export const isPlaceholder = (text: string) => text.length <= 40 && placeholder.test(text.trim())
