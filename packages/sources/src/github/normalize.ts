import type { Normalized } from "@engram/contracts/draft"
import type { StoredRequest } from "@engram/contracts/source"
import { z } from "zod"
import { read } from "../text/read.ts"
import { shorten } from "../text/shorten.ts"
import { type EventRule, type GithubEvent, skipped } from "./event.ts"
import { readCodeowners } from "./events/codeowners.ts"
import { readCommitComment, readPush } from "./events/commits.ts"
import { readDeploymentStatus, readWorkflowRun } from "./events/deployments.ts"
import { readDiscussion, readDiscussionComment } from "./events/discussions.ts"
import { readIssue } from "./events/issues.ts"
import { readPullRequest } from "./events/pull-requests.ts"
import { readRelease } from "./events/releases.ts"
import { readLabel, readMember, readMilestone, readRepository } from "./events/repositories.ts"
import { readReview } from "./events/reviews.ts"
import { readMembership, readOrganization, readTeam } from "./events/rosters.ts"
import {
  readCodeScanningAlert,
  readDependabotAlert,
  readSecretScanningAlert,
  readSecurityAdvisory,
  readVulnerabilityAlert,
} from "./events/security.ts"
import { readIssueComment, readReviewComment, readReviewThread } from "./events/things.ts"
import { readWiki } from "./events/wiki.ts"
import { payloadOf } from "./payload.ts"
import { eventName } from "./receive.ts"

const reads = (handler: (event: GithubEvent) => Normalized, actions = "any"): EventRule => ({
  reads: handler,
  actions: actions === "any" ? "any" : actions.split(" "),
})
const skips = (reason: string): EventRule => ({ skips: reason })

/** Every event of GitHub that Engram knows by name: who reads it, or why nobody does. The only place that names events. */
export const rules: ReadonlyMap<string, EventRule> = new Map(
  Object.entries({
    branch_protection_rule: skips("Settings of a branch are not memory."),
    check_run: skips("Single checks are noise; a failed workflow on the default branch is kept."),
    check_suite: skips("Check suites are noise; a failed workflow on the default branch is kept."),
    code_scanning_alert: reads(
      readCodeScanningAlert,
      "appeared_in_branch closed_by_user created fixed reopened reopened_by_user updated_assignment",
    ),
    codeowners: reads(readCodeowners),
    commit_comment: reads(readCommitComment, "created"),
    create: skips("A new branch or tag speaks through its pull request, push or release."),
    delete: skips("A deleted branch or tag takes nothing away that was kept."),
    dependabot_alert: reads(
      readDependabotAlert,
      "auto_dismissed auto_reopened created dismissed fixed reintroduced reopened assignees_changed",
    ),
    deploy_key: skips("Keys are access, not memory."),
    deployment: skips("A deployment that begins is told by how it ends."),
    deployment_review: skips("A deployment that waits is told by how it ends."),
    deployment_status: reads(readDeploymentStatus, "created"),
    discussion: reads(
      readDiscussion,
      "answered category_changed closed created deleted edited labeled locked pinned reopened transferred unanswered unlabeled unlocked unpinned",
    ),
    discussion_comment: reads(readDiscussionComment, "created deleted edited"),
    fork: skips("A fork is a copy; what is done in it arrives by its own events."),
    github_app_authorization: skips("Authorizations of apps are access, not memory."),
    gollum: reads(readWiki),
    installation: skips("Installing an app is access; the repositories become known by their own events."),
    installation_repositories: skips(
      "What an app may see is access; the repositories become known by their own events.",
    ),
    installation_target: skips("Where an app is installed is access, not memory."),
    issue_comment: reads(readIssueComment, "created deleted edited pinned unpinned"),
    issues: reads(
      readIssue,
      "assigned closed deleted demilestoned edited labeled locked milestoned opened pinned reopened transferred typed unassigned unlabeled unlocked unpinned untyped",
    ),
    label: reads(readLabel, "created deleted edited"),
    marketplace_purchase: skips("Purchases are billing, not memory."),
    member: reads(readMember, "added edited removed"),
    membership: reads(readMembership, "added removed"),
    merge_group: skips("A merge queue's groups end in pull requests that merge."),
    meta: skips("The webhook itself was deleted; that is configuration."),
    milestone: reads(readMilestone, "closed created deleted edited opened"),
    org_block: skips("Blocking somebody is moderation, not memory."),
    organization: reads(readOrganization, "deleted member_added member_invited member_removed renamed"),
    package: skips("A package version is a build's output; its release is kept."),
    page_build: skips("Building a site is noise; a failed workflow on the default branch is kept."),
    ping: skips("GitHub asks whether the webhook answers; it does."),
    project: skips("Classic boards arrange issues, which arrive by their own events."),
    project_card: skips("Classic boards arrange issues, which arrive by their own events."),
    project_column: skips("Classic boards arrange issues, which arrive by their own events."),
    projects_v2: skips("Boards arrange issues, which arrive by their own events."),
    projects_v2_item: skips("Boards arrange issues, which arrive by their own events."),
    public: reads(readRepository),
    pull_request: reads(
      readPullRequest,
      "assigned auto_merge_disabled auto_merge_enabled closed converted_to_draft demilestoned dequeued edited enqueued labeled locked milestoned opened ready_for_review reopened review_request_removed review_requested synchronize unassigned unlabeled unlocked",
    ),
    pull_request_review: reads(readReview, "dismissed edited submitted"),
    pull_request_review_comment: reads(readReviewComment, "created deleted edited"),
    pull_request_review_thread: reads(readReviewThread, "resolved unresolved"),
    push: reads(readPush),
    release: reads(readRelease, "created deleted edited prereleased published released unpublished"),
    repository: reads(
      readRepository,
      "archived created deleted edited privatized publicized renamed transferred unarchived",
    ),
    repository_dispatch: skips("A dispatch is a call to an automation; what it does arrives by its own events."),
    repository_import: skips("An import is told by what it brings."),
    repository_vulnerability_alert: reads(readVulnerabilityAlert, "create dismiss reopen resolve"),
    secret_scanning_alert: reads(
      readSecretScanningAlert,
      "created publicly_leaked reopened resolved revoked validated",
    ),
    security_advisory: reads(readSecurityAdvisory, "published updated withdrawn"),
    sponsorship: skips("Sponsorships are billing, not memory."),
    star: skips("A star says that somebody passed by."),
    status: skips("Commit statuses are noise; a failed workflow on the default branch is kept."),
    team: reads(readTeam, "added_to_repository created deleted edited removed_from_repository"),
    team_add: reads(readTeam),
    watch: skips("A star says that somebody passed by."),
    workflow_dispatch: skips("Starting a workflow is told by how it ends."),
    workflow_job: skips("Single jobs are noise; a failed workflow on the default branch is kept."),
    workflow_run: reads(readWorkflowRun, "completed in_progress requested"),
  }),
)

const Action = z.object({ action: z.string().nullish() })

/**
 * What one delivery claims. Pure. Throws `Rejected("payload_unreadable")` with the path of a field that cannot be read;
 * names and actions that GitHub may add are skipped with a reason.
 */
export function normalize(request: StoredRequest): Normalized {
  const name = eventName(request)
  const rule = rules.get(name)
  if (rule === undefined) return skipped(`Unknown event ${shorten(name, 100)}.`)
  const payload = payloadOf(request)
  if ("skips" in rule) return skipped(rule.skips)
  const action = read(Action, payload).action ?? ""
  if (rule.actions !== "any" && !rule.actions.includes(action))
    return skipped(action ? `Unknown action ${shorten(action, 100)} of ${name}.` : `The ${name} event names no action.`)
  return rule.reads({ name, action, payload, receivedAt: request.receivedAt })
}
