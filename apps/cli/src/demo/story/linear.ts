import type { Webhook } from "../webhook.ts"
import { at, issue, jonas, mira, type Person, pull } from "./cast.ts"

/** Linear's data change events: https://linear.app/developers/webhooks. `webhookTimestamp` is set as they are sent. */

const url = (handle: string) => `https://linear.app/acme/profiles/${handle}`
const member = ({ linear, name, handle, email }: Person) => ({ id: linear, name, email, url: url(handle) })

const team = { id: "5c0a1f6e-0142-4a11-9d01-000000000001", key: "ENG", name: "Engineering" }
const started = { id: "5c0a1f6e-0142-4a11-9d01-000000000021", name: "In Progress", type: "started" }
const done = { id: "5c0a1f6e-0142-4a11-9d01-000000000022", name: "Done", type: "completed" }

const data = {
  id: issue.id,
  identifier: issue.key,
  number: 142,
  title: issue.title,
  url: issue.url,
  description:
    "One request in four to checkout is answered with 502. Orders fail, nobody is charged twice.\n\n## Acceptance criteria\n\n- No 502 for ten minutes at full traffic.\n- The number of connections is a setting, with an alert below its limit.",
  priority: 1,
  priorityLabel: "Urgent",
  createdAt: at("09:08"),
  teamId: team.id,
  team,
  creatorId: mira.linear,
  creator: member(mira),
  assigneeId: jonas.linear,
  assignee: member(jonas),
  labels: [{ id: "5c0a1f6e-0142-4a11-9d01-000000000031", name: "Incident" }],
  labelIds: ["5c0a1f6e-0142-4a11-9d01-000000000031"],
}

interface Happened {
  readonly type: "Issue" | "Attachment" | "Comment"
  readonly action: "create" | "update"
  readonly clock: string
  readonly by: object
  readonly data: object
  readonly updatedFrom?: object
}

function event({ type, clock, by, data, ...more }: Happened, n: number): Webhook {
  const createdAt = at(clock)
  const organizationId = "5c0a1f6e-0142-4a11-9d01-000000000000"
  const payload = {
    type,
    createdAt,
    actor: by,
    organizationId,
    url: issue.url,
    data: { updatedAt: createdAt, ...data },
  }
  const key = `5c0a1f6e-0142-4a11-9d01-0000000001${String(n).padStart(2, "0")}`
  return { source: "linear", key, event: type, payload: { ...payload, ...more } }
}

const person = (who: Person) => ({ ...member(who), type: "user" })

const happened: readonly Happened[] = [
  {
    type: "Issue",
    action: "create",
    clock: "09:08",
    by: person(mira),
    data: { ...data, stateId: started.id, state: started, startedAt: at("09:08") },
  },
  {
    type: "Attachment",
    action: "create",
    clock: "09:46",
    by: { id: "5c0a1f6e-0142-4a11-9d01-000000000041", service: "github", type: "integration" },
    data: {
      id: "5c0a1f6e-0142-4a11-9d01-000000000042",
      createdAt: at("09:46"),
      issueId: issue.id,
      title: `#${pull.number} Open ten connections a process`,
      url: pull.url,
      sourceType: "github",
      metadata: {
        number: pull.number,
        repoLogin: "acme",
        repoName: "checkout",
        linkKind: "closes",
        branch: pull.branch,
      },
    },
  },
  {
    type: "Comment",
    action: "create",
    clock: "09:52",
    by: person(jonas),
    data: {
      id: "5c0a1f6e-0142-4a11-9d01-000000000051",
      createdAt: at("09:52"),
      body: `Reproduced with 12 processes and \`max_connections = 200\`; ${pull.url} holds at 24.`,
      issueId: issue.id,
      issue: { id: issue.id, title: issue.title, identifier: issue.key, url: issue.url, teamId: team.id, team },
      userId: jonas.linear,
      user: member(jonas),
    },
  },
  {
    type: "Issue",
    action: "update",
    clock: "10:26",
    by: person(mira),
    data: { ...data, stateId: done.id, state: done, startedAt: at("09:08"), completedAt: at("10:26") },
    updatedFrom: { updatedAt: at("09:08"), stateId: started.id, completedAt: null },
  },
]

export const linearStory: readonly Webhook[] = happened.map(event)
