import type { Normalized } from "@engram/contracts/draft"
import { Rejected } from "@engram/contracts/errors"
import type { StoredRequest } from "@engram/contracts/source"
import { z } from "zod"
import { read } from "../text/read.ts"
import { shorten } from "../text/shorten.ts"
import { decodeUtf8, parseJson } from "../text/well-formed.ts"
import { actions, type EventRule, type LinearEvent, skipped } from "./event.ts"
import { readAttachment, readReaction } from "./events/attached.ts"
import { readComment } from "./events/comments.ts"
import { readCycle } from "./events/cycles.ts"
import { readDocument } from "./events/documents.ts"
import { readInitiative } from "./events/initiatives.ts"
import { readIssue } from "./events/issues.ts"
import { readProject } from "./events/projects.ts"
import { readRelation } from "./events/relations.ts"
import { readLabel, readTeam, readUser } from "./events/rosters.ts"
import { readInitiativeUpdate, readProjectUpdate } from "./events/updates.ts"
import { Envelope } from "./schemas.ts"

const reads = (handler: (event: LinearEvent) => Normalized): EventRule => ({ reads: handler })
const skips = (reason: string): EventRule => ({ skips: reason })

/** Every type of event that Engram knows by name: who reads it, or why nobody does. The only place that names types. */
export const rules: ReadonlyMap<string, EventRule> = new Map(
  Object.entries({
    AgentActivity: skips("What an agent does step by step is noise; what it writes arrives as comments."),
    AgentSession: skips("What an agent does step by step is noise; what it writes arrives as comments."),
    AgentSessionEvent: skips("What an agent does step by step is noise; what it writes arrives as comments."),
    AppUserNotification: skips("A notification repeats what arrives by events of its own."),
    Attachment: reads(readAttachment),
    AuditEntry: skips("The audit log is access and settings, not memory."),
    Comment: reads(readComment),
    CustomResource: skips("A custom resource means something only to the app that made it."),
    Customer: skips("Customers are records of sales, not memory of engineering."),
    CustomerNeed: skips("A customer's request is kept with the issue that answers it."),
    Cycle: reads(readCycle),
    Document: reads(readDocument),
    Initiative: reads(readInitiative),
    InitiativeLabel: skips("A label speaks through what carries it."),
    InitiativeUpdate: reads(readInitiativeUpdate),
    Issue: reads(readIssue),
    IssueLabel: reads(readLabel),
    IssueRelation: reads(readRelation),
    IssueSLA: skips("A deadline that Linear counts is told by the issue's own events."),
    OAuthApp: skips("Authorizations of apps are access, not memory."),
    OAuthAuthorization: skips("Authorizations of apps are access, not memory."),
    PermissionChange: skips("What an app may see is access, not memory."),
    Project: reads(readProject),
    ProjectLabel: skips("A label speaks through what carries it."),
    ProjectMilestone: skips("A milestone arrives with its project and its issues."),
    ProjectUpdate: reads(readProjectUpdate),
    Reaction: reads(readReaction),
    Release: skips("A release is told by the code host that made it."),
    ReleaseNote: skips("A release is told by the code host that made it."),
    Team: reads(readTeam),
    User: reads(readUser),
  }),
)

const Typed = z.object({ type: z.string() })

/**
 * What one delivery claims. Pure. Throws `Rejected("payload_unreadable")` with the path of a field that cannot be read;
 * types and actions that Linear may add are skipped with a reason. The body names its type: unlike the header, it is signed.
 */
export function normalize(request: StoredRequest): Normalized {
  const payload = parseJson(decodeUtf8(request.body))
  if (typeof payload !== "object" || payload === null || Array.isArray(payload))
    throw new Rejected("payload_unreadable", "The body is JSON, but not an object.")
  const { type } = read(Typed, payload)
  const rule = rules.get(type)
  if (rule === undefined) return skipped(`Unknown type ${shorten(type, 100)}.`)
  if ("skips" in rule) return skipped(rule.skips)
  const { action: said, updatedFrom, data, ...envelope } = read(Envelope, payload)
  const action = actions.find((known) => known === said)
  if (action === undefined) return skipped(`Unknown action ${shorten(said, 100)} of ${type}.`)
  return rule.reads({
    ...envelope,
    type,
    action,
    updatedFrom: updatedFrom ?? {},
    data: { ...emptied(updatedFrom, data), ...data },
  })
}

/** A field that has changed and is not carried any more is empty now: Linear leaves some out instead of saying null. */
function emptied(
  updatedFrom: LinearEvent["data"] | null | undefined,
  data: LinearEvent["data"],
): { [field: string]: null } {
  const gone = Object.keys(updatedFrom ?? {}).filter((field) => !Object.hasOwn(data, field))
  return Object.fromEntries(gone.map((field) => [field, null]))
}
