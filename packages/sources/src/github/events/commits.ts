import type { AliasRef, Link } from "@engram/contracts/graph"
import { z } from "zod"
import { carried, link } from "../../claims.ts"
import { importance, isRoutineTitle, severityOf } from "../../observe/importance.ts"
import { moment } from "../../observe/moment.ts"
import { read } from "../../text/read.ts"
import { shorten } from "../../text/shorten.ts"
import { componentsOf } from "../components.ts"
import { type GithubEvent, skipped } from "../event.ts"
import { Gathering, isBot, repositoryTime, type Signature } from "../gather.ts"
import { accountAlias, commitAlias, loginAlias, repositoryAlias, withinRepository } from "../names.ts"
import { commentPart, inRepository, isRemoval, rankOf } from "../parts.ts"
import { originOf, references } from "../references.ts"
import { Comment, CommitAuthor, InRepository, PushCommit, type Repository, type User } from "../schemas.ts"
import { tagsOf } from "../tags.ts"

const Push = InRepository.extend({
  ref: z.string(),
  deleted: z.boolean().nullish(),
  compare: z.string().nullish(),
  commits: z.array(PushCommit),
  head_commit: PushCommit.nullish(),
  pusher: CommitAuthor.nullish(),
})

type Pusher = z.infer<typeof Push>["pusher"]

/** The newest commits of one push become part of the graph; the others are counted. */
const commitsMax = 200
const commitsListed = 20

/** One moment a push to the default branch, with its commits as evidence. Other branches speak through pull requests. */
export function readPush({ payload, receivedAt }: GithubEvent) {
  const { ref, deleted, commits, head_commit: head, compare, repository, sender, pusher } = read(Push, payload)
  if (ref !== `refs/heads/${repository.default_branch}`)
    return skipped(`A push to ${shorten(ref, 200)} is not one to the default branch.`)
  if (deleted || !head || commits.length === 0) return skipped("The push brings no commits.")
  // Whoever commits chooses the commit's time: it tells when something happened, and never which claim is newer.
  const claimedAt = repositoryTime(repository) ?? receivedAt
  const gathering = new Gathering(claimedAt)
  const title = firstLine(head.message)
  const every = commits.slice(-commitsMax)
  if (sender) gathering.account(sender, signatureOf(sender, every, pusher))
  const scope = gathering.repository(withPlainOwner(repository))
  const count = commits.length === 1 ? "1 commit" : `${commits.length} commits`
  gathering.moment(
    moment({
      thing: commitAlias(head.id),
      kind: "pushed",
      at: head.timestamp ?? claimedAt,
      scope,
      headline: `${count} pushed to ${repository.full_name} ${repository.default_branch}: ${title}`,
      description: descriptionOf(head.message),
      evidence: commits.length > 1 ? commits.slice(-commitsListed).map(({ message }) => `- ${firstLine(message)}`) : [],
      importance: importance({
        base: 0.2,
        severity: severityOf(every.map(({ message }) => firstLine(message))),
        participants: Math.min(1, (new Set(every.map(({ author }) => author?.username)).size - 1) / 5),
        reach: Math.min(1, commits.length / 50),
        trivial: isBot(sender) || every.every(({ message }) => isRoutineTitle(message)),
      }),
      tags: tagsOf("push", title, []),
      subjects: [repositoryAlias(repository.id), sender ? gathering.account(sender) : undefined],
      url: compare ?? head.url,
      links: every.flatMap((commit) => commitLinks(commit, repository, gathering)),
    }),
  )
  return gathering.drafts()
}

function commitLinks(commit: PushCommit, repository: Repository, gathering: Gathering): Link[] {
  const from = gathering.commit(commit.id, repository.id, {
    title: firstLine(commit.message),
    url: commit.url ?? undefined,
    createdAt: commit.timestamp ?? undefined,
  })
  const place = {
    repositoryId: String(repository.id),
    fullName: repository.full_name,
    origin: originOf(repository.html_url),
    closes: true,
    self: from,
  }
  const paths = [...(commit.added ?? []), ...(commit.modified ?? []), ...(commit.removed ?? [])]
  return [
    link("PART_OF", repositoryAlias(repository.id), from),
    ...authorOf(commit).map((author) => link("AUTHORED_BY", author, from)),
    ...componentsOf(paths).flatMap((path) => {
      const component = gathering.component(path, repository)
      return [link("TOUCHES_COMPONENT", component, from), link("PART_OF", repositoryAlias(repository.id), component)]
    }),
    ...references(commit.message, place).map((reference) => ({ ...reference, from })),
  ]
}

/**
 * GitHub finds a commit's author by the address in it. A private address names the account by its number, which outlives the login.
 */
function authorOf({ author }: PushCommit): AliasRef[] {
  const id = /^([1-9]\d{0,15})\+[^@\s]+@users\.noreply\.github\.com$/i.exec(author?.email ?? "")?.[1]
  if (id !== undefined) return [accountAlias(Number(id))]
  return author?.username ? [loginAlias(author.username)] : []
}

/** Pushes describe the owner in an older form: the login in place of the name, and an address of unknown standing. */
const withPlainOwner = (repository: Repository): Repository =>
  repository.owner ? { ...repository, owner: { ...repository.owner, name: null, email: null } } : repository

/**
 * The name and address in the newest commit that GitHub attributes to this account, or else what it says of the pusher. It attributes
 * by addresses that the account merely lists, verified or not, and anybody may commit with any name: a hint, never evidence.
 */
function signatureOf({ login }: User, commits: readonly PushCommit[], pusher: Pusher): Signature {
  const is = (name: string | null | undefined): boolean => name?.toLowerCase() === login.toLowerCase()
  const signatures = commits.flatMap(({ author, committer }) => [author, committer])
  const signed = signatures.findLast((each) => is(each?.username))
  return signed ?? (is(pusher?.name) ? { email: pusher?.email } : {})
}

const CommitComment = InRepository.extend({ comment: Comment.extend({ commit_id: z.string() }) })

/** A commit that people talk about is a document; its own author and time are not in the payload. */
export function readCommitComment({ payload, action }: GithubEvent) {
  const { comment, repository, sender } = read(CommitComment, payload)
  const at = comment.updated_at ?? comment.created_at
  const gathering = new Gathering(at)
  gathering.repository(repository)
  if (sender) gathering.account(sender)
  const sha = comment.commit_id
  const place = inRepository(repository)
  gathering.document({
    sourceId: withinRepository(repository.id, "commit", sha),
    alias: gathering.commit(sha, repository.id),
    parts: [
      {
        partId: "body",
        kind: "body",
        at,
        rank: 0,
        alive: true,
        fields: carried({
          ...place.fields,
          title: `Commit ${sha.slice(0, 7)} of ${repository.full_name}`,
          sha,
          url: repository.html_url ? `${repository.html_url}/commit/${sha}` : undefined,
        }),
        links: place.links,
      },
      commentPart(comment, "comment", gathering, { rank: rankOf(action), alive: !isRemoval(action) }),
    ],
  })
  return gathering.drafts()
}

const titleCharsMax = 200

const firstLine = (message: string) => shorten(message.split("\n", 1)[0] ?? "", titleCharsMax)

/** What a message says below its first line; all of it, where that line is too long to be a title. */
function descriptionOf(message: string): string {
  const end = message.indexOf("\n")
  if ((end < 0 ? message.length : end) > titleCharsMax) return message
  return end < 0 ? "" : message.slice(end)
}
