import { createHash } from "node:crypto"

export interface FloorDocument {
  readonly id: string
  /** The repository that holds it, or "". */
  readonly place: string
  /** Its name in the graph: an issue's number says not whether it is one, or a pull request. */
  readonly alias: string
  readonly kind: string
  title: string
  state: string
  readonly url: string
  readonly occurred_at: string
  readonly sections: Map<string, { partId: string; label: string; markdown: string; occurredAt: number }>
  /** Not yet written. */
  readonly observations: FloorObservation[]
}

interface FloorObservation {
  readonly id: string
  readonly document_id: string
  readonly kind: string
  readonly title: string
  readonly text: string
  readonly occurred_at: string
  /** The texts that are embedded. */
  readonly views: readonly string[]
}

// Payloads are read by name, as a script would: no schema, no check.
// biome-ignore lint/suspicious/noExplicitAny: the shape of 20 kinds of payload is GitHub's.
export type Payload = any

interface Thing {
  readonly kind: string
  readonly id: string | number
  readonly title: string
  readonly text?: string | null
  readonly state?: string
  readonly url?: string
  readonly at?: string
  /** Where its texts are: comments and reviews beside the body. */
  readonly comments?: readonly Payload[]
}

const things: { readonly [event: string]: (payload: Payload) => Thing | undefined } = {
  issues: ({ issue }) => ticket("issue", issue),
  issue_comment: ({ issue, comment }) => ({ ...ticket("issue", issue), comments: [comment] }),
  pull_request: ({ pull_request }) => ticket("pull_request", pull_request),
  pull_request_review: ({ pull_request, review }) => ({ ...ticket("pull_request", pull_request), comments: [review] }),
  pull_request_review_comment: ({ pull_request, comment }) => ({
    ...ticket("pull_request", pull_request),
    comments: [comment],
  }),
  pull_request_review_thread: ({ pull_request, thread }) => ({
    ...ticket("pull_request", pull_request),
    comments: thread.comments,
  }),
  discussion: ({ discussion }) => ticket("discussion", discussion),
  discussion_comment: ({ discussion, comment }) => ({ ...ticket("discussion", discussion), comments: [comment] }),
  release: ({ release: r }) => ({
    kind: "release",
    id: r.id,
    title: r.name || r.tag_name,
    text: r.body,
    url: r.html_url,
    at: r.created_at,
  }),
  milestone: ({ milestone: m }) => ({
    kind: "milestone",
    id: m.id,
    title: m.title,
    text: m.description,
    url: m.html_url,
    at: m.created_at,
  }),
  code_scanning_alert: ({ alert }) => alertOf("code-scanning", alert, alert.rule?.description),
  dependabot_alert: ({ alert }) =>
    alertOf("dependabot", alert, alert.security_advisory?.description, alert.security_advisory?.summary),
  repository_vulnerability_alert: ({ alert }) =>
    alertOf("vulnerability", alert, undefined, `${alert.affected_package_name} ${alert.external_identifier}`),
  security_advisory: ({ security_advisory: a }) => ({
    kind: "advisory",
    id: a.ghsa_id,
    title: a.summary,
    text: a.description,
    at: a.published_at,
  }),
  commit_comment: ({ comment }) => ({
    kind: "commit",
    id: comment.commit_id,
    title: `Commit ${comment.commit_id}`,
    text: "",
    comments: [comment],
  }),
  gollum: ({ pages: [page] }) => ({ kind: "wiki", id: page.page_name, title: page.title, url: page.html_url }),
  team: ({ team }) => ({ kind: "team", id: team.id, title: team.name, text: team.description }),
  team_add: ({ team }) => ({ kind: "team", id: team.id, title: team.name, text: team.description }),
  membership: ({ team }) => ({ kind: "team", id: team.id, title: team.name, text: team.description }),
  organization: ({ organization }) => ({
    kind: "organization",
    id: organization.id,
    title: organization.login,
    text: organization.description,
  }),
}

const numbered = new Set(["issue", "pull_request", "discussion"])
/** Kinds that no repository holds, whichever a payload names beside them. */
export const ofGroups: ReadonlySet<string> = new Set(["team", "organization", "advisory"])

/** What happened and is worth a memory of its own. */
const moments = new Set("closed reopened published released fixed dismissed submitted".split(" "))

/** The document that a payload speaks of, with what it says of it; undefined for those that speak of none. */
export function readDocument(
  event: string,
  payload: Payload,
  known: Map<string, FloorDocument>,
): FloorDocument | undefined {
  const thing = things[event]?.(payload)
  if (thing === undefined) return undefined
  const document = documentOf(thing, payload, known)
  const text = thing.text || thing.title
  if (!document.sections.has("body")) {
    const first = text.split("\n\n").find((each) => /^\w/.test(each)) ?? text
    if (first !== thing.title) document.observations.push(observation(document, "summary", first, text))
  }
  setSection(document, "body", "body", text, document.occurred_at)
  for (const { id, body, user, created_at } of payload.action === "deleted" ? [] : (thing.comments ?? [])) {
    if (body) setSection(document, `comment:${id}`, `comment by ${user?.login}`, body, created_at)
  }
  if (moments.has(payload.action)) {
    const said = `${thing.title} ${payload.action}: ${text.slice(0, 1_500)}`
    document.observations.push(observation(document, `${event} ${payload.action}`, said, text))
  }
  return document
}

/** What a document, and whatever else a payload names, goes by. */
export const nameOf = (place: string | number, kind: string, id: string | number): string => `${place} ${kind} ${id}`

function documentOf(thing: Thing, payload: Payload, known: Map<string, FloorDocument>): FloorDocument {
  const place = ofGroups.has(thing.kind) ? "" : String(payload.repository?.id ?? "")
  const id = nameOf(place, thing.kind, thing.id)
  const document: FloorDocument = known.get(id) ?? {
    id,
    place,
    alias: numbered.has(thing.kind) ? nameOf(place, "thing", thing.id) : id,
    kind: thing.kind,
    title: thing.title,
    state: "",
    url: thing.url ?? "",
    occurred_at: thing.at ?? new Date(0).toISOString(),
    sections: new Map(),
    observations: [],
  }
  known.set(id, document)
  document.title = thing.title
  document.state = thing.state ?? ""
  return document
}

function setSection(document: FloorDocument, partId: string, label: string, markdown: string, at: string): void {
  document.sections.set(partId, { partId, label, markdown, occurredAt: Date.parse(at) || 0 })
}

const ticket = (kind: string, of: Payload): Thing => ({
  kind,
  id: of.number,
  title: of.title,
  text: of.body,
  state: of.state,
  url: of.html_url,
  at: of.created_at,
})

const alertOf = (kind: string, alert: Payload, text: string | undefined, title?: string): Thing => ({
  kind,
  id: alert.number ?? alert.id,
  title: title ?? alert.rule?.id ?? kind,
  ...(text && { text }),
  state: alert.state,
  url: alert.html_url,
  at: alert.created_at,
})

/** Seen from its text, its title and, when it is long, its beginning. */
function observation(document: FloorDocument, kind: string, text: string, whole: string): FloorObservation {
  const views = [text, `${kind}: ${document.title}`, ...(text.length > 500 ? [whole.slice(0, 320)] : [])]
  const id = createHash("sha256").update(`${document.id} ${kind} ${text}`).digest("hex")
  return { id, document_id: document.id, kind, title: document.title, text, occurred_at: document.occurred_at, views }
}
