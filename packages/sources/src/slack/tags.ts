const words: { readonly [tag: string]: RegExp } = {
  incident: /\b(?:incident|outage|post-?mortem|sev-?[012]|root cause)\b/i,
  handoff: /\b(?:hand(?:ing)?[- ]?(?:off|over)|taking over|on-?call rotation)\b/i,
  decision: /^(?:\W|\d)*(?:decision|decided|outcome)\W*:/im,
}

/** Enough of a message to tell what it is about. */
const lookMax = 2_000

/** The tags of what was said, in a fixed order. */
export const tagsOf = (texts: readonly string[]): string[] =>
  Object.keys(words).filter((tag) => texts.some((text) => words[tag]!.test(text.slice(0, lookMax))))

/** A channel that was opened for an incident: `#inc-42-checkout`, `#incident-2024-02-07`, `#sev1-login`. */
export const isIncidentChannel = (name: string) => /(?:^|[-_])(?:inc|incidents?|outage|sev-?\d)(?:[-_\d]|$)/i.test(name)
