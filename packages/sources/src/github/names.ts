import type { AliasRef } from "@engram/contracts/graph"

/** How GitHub's things are named in the graph, and how documents are identified. Numeric ids survive renames. */

const alias = (type: string, value: string | number): AliasRef => ({ type: `github:${type}`, value: String(value) })

/** Whoever acts: a person, a bot, or an organization that owns. GitHub numbers them in one row. */
export const accountAlias = (id: number) => alias("user", id)
/** Across sources: whoever claims it receives mail there, by their provider's word. */
export const addressAlias = (email: string): AliasRef => ({ type: "email:address", value: email.trim().toLowerCase() })
export const loginAlias = (login: string) => alias("login", login.toLowerCase())
export const repositoryAlias = (id: number) => alias("repository", id)
export const repositoryNameAlias = (fullName: string) => alias("repository_name", fullName.toLowerCase())
export const organizationAlias = (id: number) => alias("organization", id)
export const organizationLoginAlias = (login: string) => alias("organization_login", login.toLowerCase())
export const teamNameAlias = (organization: string, slug: string) =>
  alias("team_name", `${organization}/${slug}`.toLowerCase())
export const teamAlias = (id: number) => alias("team", id)
export const labelAlias = (id: number) => alias("label", id)
export const milestoneAlias = (id: number) => alias("milestone", id)
export const releaseAlias = (id: number) => alias("release", id)
export const reviewAlias = (id: number) => alias("review", id)
export const deploymentAlias = (id: number) => alias("deployment", id)
export const workflowRunAlias = (id: number, attempt: number) => alias("workflow_run", `${id}:${attempt}`)
export const commitAlias = (sha: string) => alias("commit", sha.toLowerCase())
/** An abbreviated commit; commits claim their first seven characters within the repository. */
export const shortCommitAlias = (repositoryId: string | number, sha: string) =>
  alias("commit_short", `${repositoryId}:${sha.slice(0, 7).toLowerCase()}`)
export const componentAlias = (repositoryId: number, path: string) => alias("component", `${repositoryId}:${path}`)
/** The file that names code owners, of which a repository has one. */
export const codeownersAlias = (repositoryId: number) => alias("codeowners", repositoryId)
export const wikiAlias = (repositoryId: number, page: string) => alias("wiki", `${repositoryId}:${page}`)
export const alertAlias = (repositoryId: number, kind: string, number: number) =>
  alias("alert", `${repositoryId}:${kind}:${number}`)
export const advisoryAlias = (ghsaId: string) => alias("advisory", `GHSA-${ghsaId.slice(5).toLowerCase()}`)

/** An issue, a pull request or a discussion: a repository numbers them in one row, so `#12` needs no kind. */
export const thingAlias = (repositoryId: string | number, number: string | number) =>
  alias("thing", `${repositoryId}#${number}`)
/** The same, by a name that others write; the thing itself claims it. */
export const refAlias = (fullName: string, number: string | number) =>
  alias("ref", `${fullName.toLowerCase()}#${number}`)

export const repositoryKey = (id: number) => `repository:${id}`
export const organizationKey = (id: number) => `organization:${id}`
/** The scope of what GitHub tells everybody. */
export const publicKey = "github"

export const thingId = (repositoryId: number, number: number) => `${repositoryKey(repositoryId)}#${number}`
export const discussionId = (repositoryId: number, number: number) =>
  `${repositoryKey(repositoryId)}/discussion#${number}`
export const withinRepository = (repositoryId: number, kind: string, id: string | number) =>
  `${repositoryKey(repositoryId)}/${kind}:${id}`

/** What a document's identity says of it: its kind, and the scope it belongs to. */
export function readDocumentId(sourceId: string): { readonly kind: string; readonly scope: string } {
  const [, scope, , kind] = /^((?:repository|organization):\d+)(?:([#/])([a-z_-]*))?/.exec(sourceId) ?? []
  if (scope === undefined) return { kind: "advisory", scope: publicKey }
  return { kind: kind || (scope.startsWith("organization") ? "organization" : "thing"), scope }
}
