import { examplePayloads } from "./examples.ts"
import type { Payload } from "./workbench.ts"

/** 2024-01-01 in ms: the minute 0 of the payloads made here. */
const epoch = Date.UTC(2024, 0, 1)

export interface IssueSaid {
  readonly number: number
  readonly action?: string
  readonly title?: string
  readonly body?: string
  readonly labels?: readonly string[]
  /** When GitHub says it happened, in minutes after `epoch`; an issue is created at its minute 0. */
  readonly minute?: number
  readonly key?: string
}

type Json = Record<string, never>

const opened = examplePayloads.find(({ key }) => key === "issues-15")!.payload as { issue: Json; repository: Json }
const commented = examplePayloads.find(({ key }) => key === "issue_comment-0")!.payload as {
  issue: Json
  comment: Json
}

const at = (minute: number): string => new Date(epoch + minute * 60_000).toISOString().replace(".000", "")

function issueOf({ number, title, body, labels, minute = 0 }: IssueSaid): object {
  return {
    ...opened.issue,
    id: 9_000_000 + number,
    number,
    html_url: `https://github.com/Codertocat/Hello-World/issues/${number}`,
    title: title ?? `Issue ${number}`,
    body: body ?? `The body of issue ${number}.`,
    labels: (labels ?? []).map((name, id) => ({ id, name })),
    created_at: at(0),
    updated_at: at(minute),
  }
}

/** One delivery about an issue, as GitHub words it. */
export function issue(said: IssueSaid): Payload {
  const { number, action = "opened", minute = 0 } = said
  return {
    key: said.key ?? `issue-${number}-${action}-${minute}`,
    event: "issues",
    payload: { ...opened, action, issue: issueOf(said) },
  }
}

/** One delivery about a comment on an issue. */
export function comment(said: IssueSaid & { readonly id: number; readonly text: string }): Payload {
  const { id, text, action = "created", minute = 0 } = said
  const words = { id, body: text, created_at: at(minute), updated_at: at(minute) }
  return {
    key: said.key ?? `comment-${id}-${action}-${minute}`,
    event: "issue_comment",
    payload: { ...commented, action, issue: issueOf(said), comment: { ...commented.comment, ...words } },
  }
}

/** Markdown whose paragraphs are a chunk each: long enough that no two share one, and all different. */
export const paragraphs = (count: number, of: string): string[] =>
  Array.from({ length: count }, (_, p) =>
    Array.from(
      { length: 16 },
      (_, s) => `In part ${p} of ${of} sentence ${s} says ${of}${p}x${s} about the system.`,
    ).join(" "),
  )

/** Everything there is: the recorded payloads, and issues that are opened, edited, discussed and, some of them, deleted. */
export function variedPayloads(issues: number): Payload[] {
  const made = Array.from({ length: issues }, (_, i) => {
    const number = 1_000 + i
    const body = paragraphs(1 + (i % 4), `tale ${i}`).join("\n\n")
    return [
      issue({ number, title: `Tale ${i}`, body }),
      comment({ number, id: 70_000 + i, title: `Tale ${i}`, text: `Decision: tale ${i} ends well.`, minute: 1 }),
      issue({ number, action: "edited", title: `Tale ${i}, told again`, body: `${body}\n\nAn afterword.`, minute: 2 }),
      ...(i % 5 === 0 ? [issue({ number, action: "deleted", title: `Tale ${i}`, body, minute: 3 })] : []),
    ]
  })
  return [...examplePayloads, ...made.flat()]
}
