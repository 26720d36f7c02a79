import type { AliasRef } from "@engram/contracts/graph"
import type { z } from "zod"
import { carried, latest, link } from "../../claims.ts"
import { importance, severityOf } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { componentOf } from "../components.ts"
import { Gathering } from "../gather.ts"
import { alertAlias, componentAlias, repositoryAlias, withinRepository } from "../names.ts"
import { inRepository } from "../parts.ts"
import type { AlertTimes, Repository, User } from "../schemas.ts"

/** What the four kinds of alert have in common once read. */
export interface Alert {
  /** `dependabot`, `code-scanning`: part of its identity. */
  readonly kind: string
  readonly number: number
  readonly action: string
  readonly times: z.infer<typeof AlertTimes>
  readonly title: string
  readonly text: string
  readonly severity: string | null | undefined
  readonly path?: string | null | undefined
  readonly advisory?: AliasRef | undefined
  readonly repository: Repository
  readonly sender: User | null | undefined
  readonly receivedAt: number
}

const happenings: {
  readonly [action: string]: { readonly kind: string; readonly rank: number; readonly base: number }
} = {
  opened: { kind: "opened", rank: 1, base: 0.4 },
  fixed: { kind: "fixed", rank: 4, base: 0.4 },
  dismissed: { kind: "dismissed", rank: 4, base: 0.35 },
  reopened: { kind: "reopened", rank: 5, base: 0.45 },
}

const meanings: { readonly [action: string]: keyof typeof happenings } = {
  created: "opened",
  create: "opened",
  fixed: "fixed",
  resolve: "fixed",
  resolved: "fixed",
  revoked: "fixed",
  dismiss: "dismissed",
  dismissed: "dismissed",
  auto_dismissed: "dismissed",
  closed_by_user: "dismissed",
  reopen: "reopened",
  reopened: "reopened",
  reopened_by_user: "reopened",
  reintroduced: "reopened",
  auto_reopened: "reopened",
  publicly_leaked: "reopened",
}

export function alertDrafts(alert: Alert) {
  const { kind, number, times, repository, severity } = alert
  const at = latest(
    times.created_at,
    times.updated_at,
    times.fixed_at,
    times.resolved_at,
    times.dismissed_at,
    times.auto_dismissed_at,
  )
  const happened = happenings[meanings[alert.action] ?? ""]
  const gathering = new Gathering(at ?? 0)
  const scope = gathering.repository(repository)
  if (alert.sender) gathering.account(alert.sender)
  const place = inRepository(repository)
  const alias = alertAlias(repository.id, kind, number)
  const sourceId = withinRepository(repository.id, kind, number)
  gathering.document({
    sourceId,
    alias,
    parts: [
      {
        partId: "body",
        kind: "body",
        at: at ?? alert.receivedAt,
        rank: happened?.rank ?? 2,
        alive: true,
        fields: carried({
          ...place.fields,
          title: alert.title,
          text: alert.text,
          url: times.html_url ?? undefined,
          createdAt: times.created_at ?? undefined,
          state: times.state ?? stateOf(happened?.kind),
          severity: severity ?? undefined,
        }),
        links: { ...place.links, advisory: alert.advisory ? [link("REFERENCES", alert.advisory)] : [] },
      },
    ],
  })
  if (!happened) return gathering.drafts()
  gathering.moment(
    moment({
      documentSourceId: sourceId,
      thing: alias,
      kind: happened.kind,
      at: timeOf(happened.kind, times) ?? at ?? alert.receivedAt,
      scope,
      headline: `${words[kind] ?? "Alert"} ${happened.kind} in ${repository.full_name}: ${alert.title}`,
      description: alert.text,
      importance: importance({ base: happened.base, severity: severityOf([severity ?? ""]), linked: 1 }),
      tags: ["incident"],
      subjects: [repositoryAlias(repository.id), component(alert.path, repository), alert.advisory],
      url: times.html_url,
    }),
  )
  return gathering.drafts()
}

const words: { readonly [kind: string]: string } = {
  dependabot: "Dependabot alert",
  vulnerability: "Vulnerability alert",
  "code-scanning": "Code scanning alert",
  "secret-scanning": "Secret scanning alert",
}

function timeOf(kind: string, times: Alert["times"]): number | null | undefined {
  if (kind === "opened") return times.created_at
  if (kind === "fixed") return times.fixed_at ?? times.resolved_at
  return kind === "dismissed" ? (times.dismissed_at ?? times.auto_dismissed_at) : times.updated_at
}

const stateOf = (kind: string | undefined) => (kind === "opened" || kind === "reopened" ? "open" : kind)

function component(path: string | null | undefined, repository: Repository): AliasRef | undefined {
  const name = path ? componentOf(path) : undefined
  return name === undefined ? undefined : componentAlias(repository.id, name)
}
