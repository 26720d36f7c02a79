import { z } from "zod"
import { link } from "../../claims.ts"
import { importance } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import { type GithubEvent, skipped } from "../event.ts"
import { Gathering } from "../gather.ts"
import { deploymentAlias, repositoryAlias, workflowRunAlias } from "../names.ts"
import { InRepository, Time, text, time, user } from "../schemas.ts"

const DeploymentStatus = InRepository.extend({
  deployment_status: z.object({
    state: z.string(),
    description: text,
    environment: text,
    target_url: text,
    log_url: text,
    created_at: Time,
  }),
  deployment: z.object({
    id: z.int(),
    sha: z.string(),
    ref: z.string(),
    environment: text,
    production_environment: z.boolean().nullish(),
    creator: user,
  }),
})

/** A deployment that failed. One that succeeds does not say whether another had failed before it. */
export function readDeploymentStatus({ payload }: GithubEvent) {
  const { deployment_status: status, deployment, repository, sender } = read(DeploymentStatus, payload)
  if (status.state !== "failure" && status.state !== "error")
    return skipped(`A deployment that is ${status.state} went as planned; only failures are kept.`)
  const gathering = new Gathering(status.created_at)
  const scope = gathering.repository(repository)
  if (sender) gathering.account(sender)
  const commit = gathering.commit(deployment.sha, repository.id)
  const environment = status.environment || deployment.environment || "an environment"
  const production = deployment.production_environment ?? /^prod/i.test(environment)
  gathering.moment(
    moment({
      thing: deploymentAlias(deployment.id),
      kind: "failed",
      at: status.created_at,
      scope,
      headline: `Deployment of ${repository.full_name} ${deployment.ref} to ${environment} failed`,
      description: status.description,
      importance: importance({ base: 0.45, severity: production ? 1 : 0.4 }),
      tags: production ? ["incident"] : [],
      subjects: [
        repositoryAlias(repository.id),
        commit,
        deployment.creator ? gathering.account(deployment.creator) : undefined,
      ],
      url: status.target_url || status.log_url,
      links: [link("PART_OF", repositoryAlias(repository.id)), link("REFERENCES", commit)],
    }),
  )
  return gathering.drafts()
}

const WorkflowRun = InRepository.extend({
  workflow_run: z.object({
    id: z.int(),
    name: text,
    display_title: text,
    head_branch: text,
    head_sha: z.string(),
    conclusion: text,
    html_url: text,
    run_attempt: z.int().nullish(),
    created_at: Time,
    updated_at: time,
    head_commit: z.object({ message: text }).nullish(),
  }),
  workflow: z.object({ name: text }).nullish(),
})

const failures = new Set(["failure", "timed_out", "startup_failure"])

/** A run on the default branch that failed, or that passed when it was run again. */
export function readWorkflowRun({ payload, action }: GithubEvent) {
  const { workflow_run: run, workflow, repository, sender } = read(WorkflowRun, payload)
  if (action !== "completed") return skipped("The workflow run has not ended yet.")
  if (run.head_branch !== repository.default_branch) return skipped("The workflow did not run on the default branch.")
  const attempt = run.run_attempt ?? 1
  const kind = outcomeOf(run.conclusion, attempt)
  if (kind === undefined) return skipped(`A workflow run that ends in ${run.conclusion ?? "nothing"} is no news.`)
  const at = run.updated_at ?? run.created_at
  const gathering = new Gathering(at)
  const scope = gathering.repository(repository)
  if (sender) gathering.account(sender)
  const commit = gathering.commit(run.head_sha, repository.id)
  const name = workflow?.name || run.name || "workflow"
  gathering.moment(
    moment({
      thing: workflowRunAlias(run.id, attempt),
      kind,
      at,
      scope,
      headline: `Workflow ${name} ${kind} on ${repository.full_name} ${run.head_branch}: ${run.display_title ?? run.head_sha}`,
      description: run.head_commit?.message,
      importance: importance({ base: kind === "failed" ? 0.4 : 0.3 }),
      tags: [],
      subjects: [repositoryAlias(repository.id), commit],
      url: run.html_url,
      links: [link("PART_OF", repositoryAlias(repository.id)), link("REFERENCES", commit)],
    }),
  )
  return gathering.drafts()
}

function outcomeOf(conclusion: string | null | undefined, attempt: number): "failed" | "recovered" | undefined {
  if (failures.has(conclusion ?? "")) return "failed"
  return conclusion === "success" && attempt > 1 ? "recovered" : undefined
}
