import {
  emptyRepository,
  type GithubActor,
  type GithubDiscussion,
  type GithubObject,
  type GithubRepository,
} from "@engram/testkit/github-data"
import { examplePayloads } from "./examples.ts"
import type { Payload } from "./workbench.ts"

const example = (key: string): GithubObject => examplePayloads.find((each) => each.key === key)!.payload as GithubObject

const base = {
  repository: example("issues-15").repository as GithubObject,
  issue: example("issues-15").issue as GithubObject,
  comment: example("issue_comment-0").comment as GithubObject,
  pull: example("pull_request-0").pull_request as GithubObject,
  review: example("pull_request_review-0").review as GithubObject,
  reviewComment: example("pull_request_review_comment-0").comment as GithubObject,
  release: example("release-0").release as GithubObject,
  discussion: example("discussion-1").discussion as GithubObject,
  answer: example("discussion-1").answer as GithubObject,
}
/** Whoever acts; each is also the author of something, since the API does not say who else took part. */
const sender = base.issue.user as GithubObject

const at = (minute: number): string =>
  new Date(Date.UTC(2024, 2, 1) + minute * 60_000).toISOString().replace(".000", "")

/** One past of a repository, told twice: by the webhooks of its time, and by the API afterwards. */
export interface GithubPast {
  readonly webhooks: readonly Payload[]
  readonly api: GithubRepository
}

/**
 * Issues that were completed and given up, a pull request that was reviewed and merged and one that was not, a release, an
 * answered discussion; all `times` over. What the webhooks say and the API still says is the same, value for value, but of
 * the `edited` issues and releases: those were opened and published in other words.
 */
export function githubPast({ times = 1, edited = 0, fullName = "Codertocat/Hello-World" } = {}): GithubPast {
  const repository = {
    ...base.repository,
    full_name: fullName,
    has_issues: true,
    has_discussions: true,
    temp_clone_token: "hush",
  }
  const api = emptyRepository(repository)
  const webhooks: Payload[] = []
  const { temp_clone_token: _, ...sent } = repository
  const say = (event: string, minute: number, payload: object): void => {
    const key = `${event}-${webhooks.length}`
    webhooks.push({ key, event, payload: { ...payload, repository: sent, sender }, receivedAt: Date.parse(at(minute)) })
  }
  for (let i = 0; i < times; i++) {
    const from = i * 100
    completedIssue(api, say, from, 1 + i * 10)
    givenUpIssue(api, say, from, 2 + i * 10)
    mergedPull(api, say, from, 3 + i * 10)
    closedPull(api, say, from, 4 + i * 10)
    reopenedIssue(api, say, from, 7 + i * 10)
    release(api, say, from, 5 + i)
    answeredDiscussion(api, say, from, 6 + i * 10)
  }
  for (let i = 0; i < edited; i++) {
    editedIssue(api, say, 60 + i, 100_000 + i)
    editedRelease(api, say, 60 + i, 100_000 + i)
  }
  return { webhooks, api }
}

type Say = (event: string, minute: number, payload: object) => void

function issueAt(number: number, from: number, updated: number, said: GithubObject): GithubObject {
  const html_url = `https://github.com/Codertocat/Hello-World/issues/${number}`
  const own = { id: 900_000 + number, number, html_url, created_at: at(from), updated_at: at(updated), comments: 1 }
  return { ...base.issue, ...own, state: "open", closed_at: null, ...said }
}

function completedIssue(api: GithubRepository, say: Say, from: number, number: number): void {
  const said = {
    title: `Uploads time out (${number})`,
    body: "## Summary\n\nUploads of more than 1 GB time out after a minute.",
  }
  const done = issueAt(number, from, from + 9, {
    ...said,
    state: "closed",
    state_reason: "completed",
    closed_at: at(from + 9),
  })
  const comment = {
    ...base.comment,
    id: 700_000 + number,
    body: "Decision: we raise the limit to ten minutes.",
    html_url: `${done.html_url}#issuecomment-${700_000 + number}`,
    issue_url: `https://api.github.com/repos/Codertocat/Hello-World/issues/${number}`,
    created_at: at(from + 5),
    updated_at: at(from + 5),
  }
  say("issues", from, { action: "opened", issue: issueAt(number, from, from, said) })
  say("issue_comment", from + 5, { action: "created", issue: issueAt(number, from, from + 5, said), comment })
  say("issues", from + 9, { action: "closed", issue: done })
  api.issues.push(done)
  api.issueComments.push(comment)
}

function editedIssue(api: GithubRepository, say: Say, from: number, number: number): void {
  const said = { body: "It was called otherwise.", comments: 0 }
  const done = issueAt(number, from, from + 9, { ...said, title: `A title on second thoughts (${number})` })
  say("issues", from, {
    action: "opened",
    issue: issueAt(number, from, from, { ...said, title: `First thoughts (${number})` }),
  })
  say("issues", from + 9, { action: "edited", issue: done })
  api.issues.push(done)
}

function givenUpIssue(api: GithubRepository, say: Say, from: number, number: number): void {
  const said = { title: `Support gopher (${number})`, body: "Somebody asked for it.", comments: 0 }
  const closed = { ...said, state: "closed", state_reason: "not_planned", closed_at: at(from + 20) }
  const done = issueAt(number, from + 1, from + 20, closed)
  say("issues", from + 1, { action: "opened", issue: issueAt(number, from + 1, from + 1, said) })
  say("issues", from + 20, { action: "closed", issue: done })
  api.issues.push(done)
}

function pullAt(number: number, from: number, updated: number, said: GithubObject): GithubObject {
  const html_url = `https://github.com/Codertocat/Hello-World/pull/${number}`
  const own = { id: 800_000 + number, number, html_url, created_at: at(from), updated_at: at(updated) }
  return {
    ...base.pull,
    ...own,
    state: "open",
    merged_at: null,
    merged_by: null,
    closed_at: null,
    merge_commit_sha: null,
    ...said,
  }
}

/** Closed, reopened, and closed for another reason: of the first two only the list of events tells. */
function reopenedIssue(api: GithubRepository, say: Say, from: number, number: number): void {
  const said = { title: `It crashes again (${number})`, body: "On every second Monday.", comments: 0 }
  const closed = (minute: number, state_reason: string): GithubObject =>
    issueAt(number, from, from + minute, { ...said, state: "closed", state_reason, closed_at: at(from + minute) })
  const done = closed(14, "not_planned")
  say("issues", from, { action: "opened", issue: issueAt(number, from, from, said) })
  say("issues", from + 10, { action: "closed", issue: closed(10, "completed") })
  say("issues", from + 12, {
    action: "reopened",
    issue: issueAt(number, from, from + 12, { ...said, state_reason: "reopened" }),
  })
  say("issues", from + 14, { action: "closed", issue: done })
  api.issues.push(done)
  const event = (minute: number, kind: string, state_reason: string | null): void => {
    const id = 1_000_000 + api.issueEvents.length
    api.issueEvents.push({ id, event: kind, created_at: at(from + minute), state_reason, actor: sender, issue: done })
  }
  event(10, "closed", "completed")
  event(11, "labeled", null)
  event(12, "reopened", null)
  event(14, "closed", "not_planned")
}

function mergedPull(api: GithubRepository, say: Say, from: number, number: number): void {
  const said = {
    title: `Raise the upload limit (${number})`,
    body: `Uploads may take ten minutes.\n\nCloses #${number - 2}`,
  }
  const merged = { state: "closed", merged_at: at(from + 8), closed_at: at(from + 8), merged_by: sender }
  const done = pullAt(number, from + 2, from + 8, { ...said, ...merged, merge_commit_sha: "ab".repeat(20) })
  const review = {
    ...base.review,
    id: 600_000 + number,
    state: "changes_requested",
    body: "The limit belongs into the settings, because every installation has another network.",
    submitted_at: at(from + 4),
    user: base.answer.user,
  }
  const remark = {
    ...base.reviewComment,
    id: 500_000 + number,
    body: "Why not read it from the environment?",
    pull_request_url: `https://api.github.com/repos/Codertocat/Hello-World/pulls/${number}`,
    created_at: at(from + 4),
    updated_at: at(from + 4),
  }
  const open = (minute: number) => pullAt(number, from + 2, minute, said)
  say("pull_request", from + 2, { action: "opened", pull_request: open(from + 2) })
  say("pull_request_review", from + 4, { action: "submitted", review, pull_request: open(from + 4) })
  say("pull_request_review_comment", from + 4, { action: "created", comment: remark, pull_request: open(from + 4) })
  say("pull_request", from + 8, { action: "closed", pull_request: done })
  api.pulls.push(done)
  api.reviews.set(number, [{ ...review, state: "CHANGES_REQUESTED" }])
  api.reviewComments.push(remark)
}

function closedPull(api: GithubRepository, say: Say, from: number, number: number): void {
  const said = { title: `Try gopher (${number})`, body: "An attempt." }
  const done = pullAt(number, from + 3, from + 30, { ...said, state: "closed", closed_at: at(from + 30) })
  say("pull_request", from + 3, { action: "opened", pull_request: pullAt(number, from + 3, from + 3, said) })
  say("pull_request", from + 30, { action: "closed", pull_request: done })
  api.pulls.push(done)
}

function release(api: GithubRepository, say: Say, from: number, id: number): void {
  const own = { id: 400_000 + id, tag_name: `v1.${id}.0`, name: `Uploads ${id}`, body: "Uploads may take ten minutes." }
  const times = { created_at: at(from + 40), published_at: at(from + 40), updated_at: at(from + 40) }
  const released = { ...base.release, ...own, ...times, draft: false, prerelease: false }
  say("release", from + 40, { action: "published", release: released })
  api.releases.push(released)
}

/** Of the time of its edit only the API knows. */
function editedRelease(api: GithubRepository, say: Say, from: number, id: number): void {
  const own = { id: 400_000 + id, tag_name: `v2.${id}.0`, name: `Downloads ${id}`, draft: false, prerelease: false }
  const published = {
    ...base.release,
    ...own,
    created_at: at(from),
    published_at: at(from),
    body: `Downlaods resume (${id}).`,
  }
  const edited = { ...published, body: `Downloads resume (${id}).` }
  say("release", from, { action: "published", release: published })
  say("release", from + 5, { action: "edited", release: edited })
  api.releases.push({ ...edited, updated_at: at(from + 5) })
}

function answeredDiscussion(api: GithubRepository, say: Say, from: number, number: number): void {
  const html_url = `https://github.com/Codertocat/Hello-World/discussions/${number}`
  const commentId = 300_000 + number
  const answerUrl = `${html_url}#discussioncomment-${commentId}`
  const answer = {
    ...base.answer,
    id: commentId,
    html_url: answerUrl,
    body: "Set UPLOAD_MINUTES; ten is the default.",
    created_at: at(from + 50),
    updated_at: at(from + 50),
  }
  const own = {
    id: 200_000 + number,
    number,
    html_url,
    title: `How long may uploads take? (${number})`,
    body: "I cannot find it.",
  }
  const said = { ...base.discussion, ...own, labels: [], created_at: at(from + 45), state: "open" }
  const open = { ...said, answer_html_url: null, answer_chosen_at: null, updated_at: at(from + 45) }
  const answered = { ...said, answer_html_url: answerUrl, answer_chosen_at: at(from + 52), updated_at: at(from + 52) }
  say("discussion", from + 45, { action: "created", discussion: open })
  say("discussion_comment", from + 50, {
    action: "created",
    discussion: { ...open, updated_at: at(from + 50) },
    comment: answer,
  })
  say("discussion", from + 52, { action: "answered", discussion: answered, answer })
  api.discussions.push(asNode(answered, answer))
}

/** The same in the words of the GraphQL API. */
function asNode(said: GithubObject, answer: GithubObject): GithubDiscussion {
  const node = ({ id, body, html_url, created_at, updated_at, user }: GithubObject) => ({
    ...{ id: `D_${id}`, databaseId: id, body, url: html_url, createdAt: created_at, updatedAt: updated_at },
    author: actor(user),
  })
  return {
    ...node(said),
    ...{ number: said.number, title: said.title, closed: false, closedAt: null, locked: false, labels: [] },
    category: { name: said.category.name },
    answer: { databaseId: answer.id, url: answer.html_url },
    answerChosenAt: said.answer_chosen_at,
    comments: [{ ...node(answer), replies: [] }],
  }
}

const actor = ({ login, id, type, html_url }: GithubObject): GithubActor => ({
  __typename: type,
  login,
  url: html_url,
  databaseId: id,
})
