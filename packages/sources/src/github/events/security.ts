import { z } from "zod"
import { carried, latest } from "../../claims.ts"
import { importance, severityOf } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import type { GithubEvent } from "../event.ts"
import { Gathering } from "../gather.ts"
import { advisoryAlias, publicKey } from "../names.ts"
import { rankOf } from "../parts.ts"
import { Advisory, AlertTimes, Common, count, InRepository, text } from "../schemas.ts"
import { alertDrafts } from "./alerts.ts"

const DependabotAlert = InRepository.extend({
  alert: AlertTimes.extend({
    number: z.int(),
    security_advisory: Advisory,
    dependency: z
      .object({ package: z.object({ ecosystem: text, name: text }).nullish(), manifest_path: text })
      .nullish(),
    security_vulnerability: z
      .object({
        severity: text,
        vulnerable_version_range: text,
        first_patched_version: z.object({ identifier: text }).nullish(),
      })
      .nullish(),
    dismissed_reason: text,
    dismissed_comment: text,
  }),
})

export function readDependabotAlert({ payload, action, receivedAt }: GithubEvent) {
  const { alert, repository, sender } = read(DependabotAlert, payload)
  const { security_advisory: advisory, dependency, security_vulnerability: vulnerability } = alert
  const name = [dependency?.package?.ecosystem, dependency?.package?.name].filter(Boolean).join(" ")
  return alertDrafts({
    kind: "dependabot",
    number: alert.number,
    action,
    receivedAt,
    repository,
    sender,
    times: alert,
    title: advisory.summary ?? `Vulnerability in ${name}`,
    text: paragraphs(
      advisory.description,
      facts({
        Package: name,
        Manifest: dependency?.manifest_path,
        Severity: advisory.severity,
        "Vulnerable versions": vulnerability?.vulnerable_version_range,
        "Patched in": vulnerability?.first_patched_version?.identifier,
        Advisory: [advisory.ghsa_id, advisory.cve_id].filter(Boolean).join(", "),
      }),
      dismissal(alert.dismissed_reason, alert.dismissed_comment),
    ),
    severity: advisory.severity,
    path: dependency?.manifest_path,
    advisory: advisoryAlias(advisory.ghsa_id),
  })
}

const Instance = z.object({
  location: z.object({ path: text, start_line: count }).nullish(),
  message: z.object({ text: text }).nullish(),
})
const CodeScanningAlert = InRepository.extend({
  alert: AlertTimes.extend({
    number: z.int(),
    rule: z.object({
      id: text,
      description: text,
      full_description: text,
      severity: text,
      security_severity_level: text,
    }),
    tool: z.object({ name: text }).nullish(),
    most_recent_instance: Instance.nullish(),
    instances: z.array(Instance).nullish(),
    dismissed_reason: text,
    dismissed_comment: text,
  }),
})

export function readCodeScanningAlert({ payload, action, receivedAt }: GithubEvent) {
  const { alert, repository, sender } = read(CodeScanningAlert, payload)
  const { rule } = alert
  const instance = alert.most_recent_instance ?? alert.instances?.[0]
  const path = instance?.location?.path
  const line = instance?.location?.start_line
  return alertDrafts({
    kind: "code-scanning",
    number: alert.number,
    action,
    receivedAt,
    repository,
    sender,
    times: alert,
    title: rule.description ?? rule.id ?? `Code scanning alert ${alert.number}`,
    text: paragraphs(
      rule.full_description ?? rule.description,
      instance?.message?.text,
      facts({
        Rule: rule.id,
        Tool: alert.tool?.name,
        Severity: rule.security_severity_level ?? rule.severity,
        Location: path && line ? `${path}:${line}` : path,
      }),
      dismissal(alert.dismissed_reason, alert.dismissed_comment),
    ),
    severity: rule.security_severity_level ?? (rule.severity === "error" ? "medium" : rule.severity),
    path,
  })
}

const SecretScanningAlert = InRepository.extend({
  alert: AlertTimes.extend({ number: z.int(), secret_type: text, secret_type_display_name: text, resolution: text }),
})

/** The secret itself, which some payloads carry, is not read. */
export function readSecretScanningAlert({ payload, action, receivedAt }: GithubEvent) {
  const { alert, repository, sender } = read(SecretScanningAlert, payload)
  const secret = alert.secret_type_display_name ?? alert.secret_type ?? "secret"
  return alertDrafts({
    kind: "secret-scanning",
    number: alert.number,
    action,
    receivedAt,
    repository,
    sender,
    times: alert,
    title: `Exposed ${secret}`,
    text: facts({ Secret: secret, Resolution: alert.resolution }),
    severity: "critical",
  })
}

const VulnerabilityAlert = InRepository.extend({
  alert: AlertTimes.extend({
    id: z.int(),
    affected_package_name: text,
    affected_range: text,
    fixed_in: text,
    external_identifier: text,
    ghsa_id: text,
    severity: text,
    dismiss_reason: text,
  }),
})

/** Dependabot's alerts as GitHub sent them before 2022. Older payloads carry no number, so the id names them. */
export function readVulnerabilityAlert({ payload, action, receivedAt }: GithubEvent) {
  const { alert, repository, sender } = read(VulnerabilityAlert, payload)
  const name = alert.affected_package_name ?? "a dependency"
  return alertDrafts({
    kind: "vulnerability",
    number: alert.id,
    action,
    receivedAt,
    repository,
    sender,
    times: alert,
    title: `Vulnerable dependency ${name} ${alert.affected_range ?? ""}`.trim(),
    text: paragraphs(
      facts({
        Package: name,
        Severity: alert.severity,
        "Vulnerable versions": alert.affected_range,
        "Patched in": alert.fixed_in,
        Advisory: [alert.ghsa_id, alert.external_identifier].filter(Boolean).join(", "),
      }),
      dismissal(alert.dismiss_reason, undefined),
    ),
    severity: alert.severity,
    advisory: alert.ghsa_id ? advisoryAlias(alert.ghsa_id) : undefined,
  })
}

const SecurityAdvisory = Common.extend({ security_advisory: Advisory })

export function readSecurityAdvisory({ payload, action, receivedAt }: GithubEvent) {
  const { security_advisory: advisory } = read(SecurityAdvisory, payload)
  const at = latest(advisory.updated_at, advisory.published_at, advisory.withdrawn_at) ?? receivedAt
  const gathering = new Gathering(at)
  const scope = gathering.scope(publicKey, "public", "GitHub")
  const alias = advisoryAlias(advisory.ghsa_id)
  const sourceId = `advisory:${alias.value}`
  const title = advisory.summary ?? advisory.ghsa_id
  const description = paragraphs(advisory.description, ...(advisory.vulnerabilities ?? []).slice(0, 50).map(vulnerable))
  const happened = action === "withdrawn" ? "withdrawn" : "published"
  gathering.document({
    sourceId,
    alias,
    parts: [
      {
        partId: "body",
        kind: "body",
        at,
        rank: rankOf(action),
        alive: true,
        fields: carried({
          title,
          text: description,
          url: advisory.html_url ?? `https://github.com/advisories/${alias.value}`,
          createdAt: advisory.published_at ?? undefined,
          severity: advisory.severity ?? undefined,
          state: advisory.withdrawn_at ? "withdrawn" : "published",
          cve: advisory.cve_id ?? undefined,
        }),
        links: {},
      },
    ],
  })
  if (action === "updated") return gathering.drafts()
  gathering.moment(
    moment({
      documentSourceId: sourceId,
      thing: alias,
      kind: happened,
      at: (action === "withdrawn" ? advisory.withdrawn_at : advisory.published_at) ?? at,
      scope,
      headline: `Security advisory ${alias.value} ${happened}: ${title}`,
      description,
      importance: importance({
        base: happened === "withdrawn" ? 0.25 : 0.3,
        severity: severityOf([advisory.severity ?? ""]),
        reach: 1,
      }),
      tags: ["incident"],
    }),
  )
  return gathering.drafts()
}

function vulnerable(one: NonNullable<Advisory["vulnerabilities"]>[number]): string {
  const patched = one.first_patched_version
  return facts({
    Package: [one.package?.ecosystem, one.package?.name].filter(Boolean).join(" "),
    "Vulnerable versions": one.vulnerable_version_range,
    "Patched in": typeof patched === "string" ? patched : patched?.identifier,
  })
}

const paragraphs = (...texts: (string | null | undefined)[]) => texts.filter((one) => one?.trim()).join("\n\n")

const facts = (named: { readonly [name: string]: string | null | undefined }) =>
  Object.entries(named)
    .flatMap(([name, value]) => (value ? [`- ${name}: ${value}`] : []))
    .join("\n")

const dismissal = (reason: string | null | undefined, comment: string | null | undefined) =>
  reason ? `Dismissed: ${[reason, comment].filter(Boolean).join(". ")}` : undefined
