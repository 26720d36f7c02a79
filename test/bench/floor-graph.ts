import { type FloorDocument, nameOf, ofGroups, type Payload } from "./floor-read.ts"

/** What the payloads say of who and what there is, in rows that are not yet written. */
export interface FloorGraph {
  readonly entities: Map<string, FloorEntity>
  readonly aliases: Map<string, { readonly alias: string; readonly entity_id: string | null }>
  readonly relationships: Map<string, FloorRelationship>
  readonly evidence: Map<string, { readonly relationship_id: string; readonly evidence_id: string }>
}

interface FloorEntity {
  readonly id: string
  readonly kind: string
  readonly fields: object
}

interface FloorRelationship {
  readonly id: string
  readonly type: string
  readonly from_alias: string
  readonly to_alias: string
  readonly since: string
}

export const emptyGraph = (): FloorGraph => ({
  entities: new Map(),
  aliases: new Map(),
  relationships: new Map(),
  evidence: new Map(),
})

/** Who says it, and since when. */
interface Said {
  readonly graph: FloorGraph
  readonly by: string
  readonly since: string
}

/** Adds what one payload says of accounts, things and the edges between them. */
export function readGraph(
  event: string,
  payload: Payload,
  document: FloorDocument | undefined,
  graph: FloorGraph,
): void {
  const read = relations[event]
  if (read === undefined) return
  const { repository, sender } = payload
  if (sender) account(graph, sender)
  if (repository) {
    if (repository.owner) account(graph, repository.owner)
    const { full_name: name, html_url, description, default_branch, language, topics, archived } = repository
    const fields = {
      name,
      html_url,
      description,
      default_branch,
      language,
      topics,
      archived,
      private: repository.private,
    }
    entity(graph, "repository", repositoryOf(payload), [`repository_name ${name}`], fields)
  }
  if (document && !graph.aliases.has(document.alias)) alias(graph, document.alias, null)
  const said = {
    graph,
    by: document?.id ?? `${event} ${payload.after}`,
    since: document?.occurred_at ?? new Date(0).toISOString(),
  }
  if (document && repository && !ofGroups.has(document.kind))
    edge(said, "PART_OF", document.alias, repositoryOf(payload))
  read(payload, said, document?.alias ?? "")
}

/** The edges that a document's texts state: `#12`, `owner/repository#12`. */
export function readReferences(document: FloorDocument, graph: FloorGraph): void {
  const said = { graph, by: document.id, since: document.occurred_at }
  for (const { markdown } of document.sections.values()) {
    for (const [, slug, number] of markdown.matchAll(/(?<![\w/#])([\w-]+\/[\w.-]+)?#([1-9]\d*)\b/g)) {
      const to = slug ? `ref ${slug}#${number}` : document.place && nameOf(document.place, "thing", number!)
      if (to && to !== document.alias) edge(said, "REFERENCES", document.alias, to)
    }
  }
}

const repositoryOf = ({ repository }: Payload): string => `repository ${repository.id}`

const relations: { readonly [event: string]: (payload: Payload, said: Said, self: string) => void } = {
  issues: (payload, said, self) => ticket(payload, payload.issue, said, self),
  issue_comment: (payload, said, self) => ticket(payload, payload.issue, said, self),
  pull_request: (payload, said, self) => {
    ticket(payload, payload.pull_request, said, self)
    const { merged_at, merge_commit_sha: sha } = payload.pull_request
    if (payload.action === "closed" && merged_at && sha) edge(said, "PART_OF", commit(payload, said, { id: sha }), self)
  },
  pull_request_review: (payload, said, self) => {
    const { review, pull_request } = payload
    ticket(payload, pull_request, said, self)
    if (review.user && review.user.id !== pull_request.user?.id)
      edge(said, "REVIEWED_BY", self, account(said.graph, review.user))
  },
  pull_request_review_comment: (payload, said, self) => ticket(payload, payload.pull_request, said, self),
  pull_request_review_thread: (payload, said, self) => ticket(payload, payload.pull_request, said, self),
  discussion: (payload, said, self) => ticket(payload, payload.discussion, said, self),
  discussion_comment: (payload, said, self) => ticket(payload, payload.discussion, said, self),
  release: ({ release }, said, self) => authored(release.author, said, self),
  milestone: (payload, said, self) => {
    milestone(payload, said, payload.milestone)
    authored(payload.milestone.creator, said, self)
  },
  label: ({ label }, { graph }) => void entity(graph, "label", `label ${label.id}`, [], label),
  dependabot_alert: ({ alert }, said, self) => advised(alert.security_advisory?.ghsa_id, said, self),
  repository_vulnerability_alert: ({ alert }, said, self) => advised(alert.ghsa_id, said, self),
  code_scanning_alert: () => {},
  security_advisory: () => {},
  gollum: () => {},
  repository: () => {},
  member: ({ member }, { graph }) => void (member && account(graph, member)),
  commit_comment: (payload, said) => void commit(payload, said, { id: payload.comment.commit_id }),
  push: (payload, said) => {
    if (payload.ref !== `refs/heads/${payload.repository.default_branch}`) return
    for (const each of payload.commits) {
      const self = commit(payload, said, each)
      edge(said, "PART_OF", self, repositoryOf(payload))
      if (each.author?.username) edge(said, "AUTHORED_BY", self, `login ${each.author.username}`)
    }
  },
  team: (payload, said, self) => team(payload, said, self),
  team_add: (payload, said, self) => team(payload, said, self),
  membership: (payload, said, self) => {
    team(payload, said, self)
    if (payload.member) edge(said, "MEMBER_OF", account(said.graph, payload.member), self)
  },
  organization: (payload, said, self) => {
    organization(payload, said)
    if (payload.membership?.user) edge(said, "MEMBER_OF", account(said.graph, payload.membership.user), self)
  },
}

function ticket(payload: Payload, of: Payload, said: Said, self: string): void {
  const { graph } = said
  entity(graph, "thing", self, [`ref ${payload.repository.full_name}#${of.number}`], {
    title: of.title,
    number: of.number,
  })
  authored(of.user, said, self)
  for (const user of of.assignees ?? []) if (user) edge(said, "ASSIGNED_TO", self, account(graph, user))
  if (of.milestone) edge(said, "PART_OF", self, milestone(payload, said, of.milestone))
  for (const one of of.requested_reviewers ?? []) if (one?.login) edge(said, "REVIEWED_BY", self, account(graph, one))
  if (payload.comment?.user) account(graph, payload.comment.user)
}

function authored(user: Payload, said: Said, self: string): void {
  if (user) edge(said, "AUTHORED_BY", self, account(said.graph, user))
}

function advised(ghsaId: string | undefined, said: Said, self: string): void {
  if (ghsaId) edge(said, "REFERENCES", self, `advisory ${ghsaId}`)
}

function team(payload: Payload, said: Said, self: string): void {
  const { name, description, html_url, slug } = payload.team
  const of = organization(payload, said)
  entity(said.graph, "team", self, [`team_name ${payload.organization.login}/${slug}`], { name, description, html_url })
  edge(said, "PART_OF", self, of)
  if (payload.repository) edge(said, "RELATES_TO", self, repositoryOf(payload))
}

function account(graph: FloorGraph, { id, login, type, name, html_url }: Payload): string {
  return entity(graph, "account", `user ${id}`, [`login ${login}`], { login, type, name, html_url })
}

function organization({ organization: { id, login, description } }: Payload, { graph }: Said): string {
  return entity(graph, "organization", nameOf("", "organization", id), [`organization_login ${login}`], {
    login,
    description,
  })
}

function milestone(payload: Payload, { graph }: Said, { id, title, html_url, state, due_on }: Payload): string {
  return entity(graph, "milestone", nameOf(payload.repository.id, "milestone", id), [], {
    title,
    html_url,
    state,
    due_on,
  })
}

function commit({ repository }: Payload, { graph }: Said, { id, message, timestamp, url }: Payload): string {
  const short = `commit_short ${repository.id} ${id.slice(0, 7)}`
  return entity(graph, "commit", nameOf(repository.id, "commit", id), [short], { id, message, timestamp, url })
}

function entity(graph: FloorGraph, kind: string, id: string, names: readonly string[], fields: object): string {
  graph.entities.set(id, { id, kind, fields })
  for (const name of [id, ...names]) alias(graph, name, id)
  return id
}

const alias = (graph: FloorGraph, name: string, entityId: string | null): void =>
  void graph.aliases.set(name, { alias: name, entity_id: entityId })

function edge({ graph, by, since }: Said, type: string, from: string, to: string): void {
  const id = `${type} ${from} ${to}`
  for (const end of [from, to]) if (!graph.aliases.has(end)) alias(graph, end, null)
  graph.relationships.set(id, { id, type, from_alias: from, to_alias: to, since })
  graph.evidence.set(`${id} ${by}`, { relationship_id: id, evidence_id: by })
}
