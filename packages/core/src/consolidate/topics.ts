import type { Topic } from "@engram/contracts/consolidation"

/** Which tags and kinds of observation make which topic; the first that fits has it. What none claims is `work`. */
export const topicWords: readonly {
  readonly topic: Topic
  readonly tags: readonly string[]
  readonly kinds: readonly string[]
}[] = [
  { topic: "incidents", tags: ["incident", "incident-fix", "handoff"], kinds: ["failed", "recovered", "root_cause"] },
  { topic: "decisions", tags: ["decision", "rfc", "policy"], kinds: ["decision", "accepted_answer"] },
  { topic: "releases", tags: ["release"], kinds: ["released", "published", "deployed"] },
  { topic: "goals", tags: ["objective", "initiative", "goal", "blocked", "dependency"], kinds: [] },
]

/** The one topic of an observation. */
export function topicOf({ kind, tags }: { readonly kind: string; readonly tags: readonly string[] }): Topic {
  const found = topicWords.find((words) => words.kinds.includes(kind) || tags.some((tag) => words.tags.includes(tag)))
  return found?.topic ?? "work"
}
