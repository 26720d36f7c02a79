import { isTime } from "@engram/contracts/time"
import { z } from "zod"

/**
 * What Engram reads of GitHub's payloads. Fields that are not named here pass unread, text is never refused for its
 * length, and only what a draft cannot do without is required.
 */

/** ISO text (any offset) or, in push payloads, seconds; read as ms. */
const Time = z.union([z.string(), z.number()]).transform((value, context) => {
  const ms = typeof value === "number" ? value * 1000 : Date.parse(value)
  if (Number.isFinite(ms)) return ms
  context.addIssue({ code: "custom", message: `${JSON.stringify(value)} is not a time` })
  return z.NEVER
})
const time = Time.nullish()
/** A time that people choose, as whoever commits does: one that cannot be read, or is not of the years 1 to 9999, is none. */
const chosenTime = Time.refine(isTime).nullish().catch(null)
const text = z.string().nullish()
const count = z.number().nullish()

export const User = z.object({ id: z.int(), login: z.string(), type: text, name: text, email: text, html_url: text })
export type User = z.infer<typeof User>
/** Deleted accounts come as null. */
const user = User.nullish()
/** In lists, too: those are left out. */
const present = <Item extends z.ZodType>(item: Item) =>
  z.array(item.nullable()).transform((items) => items.filter((each) => each !== null))

export const Repository = z.object({
  id: z.int(),
  full_name: z.string(),
  html_url: text,
  description: text,
  default_branch: text,
  language: text,
  topics: z.array(z.string()).nullish(),
  archived: z.boolean().nullish(),
  private: z.boolean().nullish(),
  owner: user.catch(null),
  updated_at: time,
  pushed_at: time,
})
export type Repository = z.infer<typeof Repository>

export const Organization = z.object({ id: z.int(), login: z.string(), description: text })
export type Organization = z.infer<typeof Organization>

export const Common = z.object({
  action: text,
  sender: user,
  organization: Organization.nullish(),
  repository: Repository.nullish(),
})
export const InRepository = Common.extend({ repository: Repository })

export const Label = z.object({ id: z.int().nullish(), name: z.string(), description: text, color: text })
export type Label = z.infer<typeof Label>

export const Milestone = z.object({
  id: z.int(),
  number: z.int(),
  title: z.string(),
  description: text,
  state: text,
  html_url: text,
  creator: user,
  due_on: chosenTime,
  created_at: time,
  updated_at: time,
  closed_at: time,
})
export type Milestone = z.infer<typeof Milestone>

export const Team = z.object({ id: z.int(), name: z.string(), slug: text, description: text, html_url: text })
export type Team = z.infer<typeof Team>

/** An issue or a pull request, whole or as another event carries it. */
export const Thing = z.object({
  number: z.int(),
  title: z.string(),
  body: text,
  html_url: text,
  state: text,
  state_reason: text,
  draft: z.boolean().nullish(),
  user,
  labels: z.array(Label).nullish(),
  assignees: present(User).nullish(),
  milestone: Milestone.nullish(),
  comments: count,
  created_at: Time,
  updated_at: time,
  closed_at: time,
  pull_request: z.object({ merged_at: time }).nullish(),
})
export type Thing = z.infer<typeof Thing>

const Branch = z.object({ ref: z.string() })
export const PullRequest = Thing.omit({ pull_request: true }).extend({
  merged_at: time,
  merge_commit_sha: text,
  merged_by: user,
  requested_reviewers: present(z.union([User, Team])).nullish(),
  requested_teams: z.array(Team).nullish(),
  review_comments: count,
  commits: count,
  additions: count,
  deletions: count,
  changed_files: count,
  base: Branch.nullish(),
  head: Branch.nullish(),
})
export type PullRequest = z.infer<typeof PullRequest>

export const Comment = z.object({
  id: z.int(),
  body: text,
  html_url: text,
  user,
  created_at: Time,
  updated_at: time,
  path: text,
  parent_id: count,
  in_reply_to_id: count,
  commit_id: text,
})
export type Comment = z.infer<typeof Comment>

export const Review = z.object({
  id: z.int(),
  body: text,
  state: z.string(),
  html_url: text,
  user,
  submitted_at: time,
  updated_at: time,
})

export const Discussion = z.object({
  number: z.int(),
  title: z.string(),
  body: text,
  html_url: text,
  state: text,
  user,
  labels: z.array(Label).nullish(),
  category: z.object({ name: z.string() }).nullish(),
  comments: count,
  answer_html_url: text,
  answer_chosen_at: time,
  closed_at: time,
  created_at: Time,
  updated_at: time,
})

export type Discussion = z.infer<typeof Discussion>

export const Release = z.object({
  id: z.int(),
  tag_name: z.string(),
  name: text,
  body: text,
  html_url: text,
  draft: z.boolean().nullish(),
  prerelease: z.boolean().nullish(),
  author: user,
  /** That of the commit. */
  created_at: chosenTime,
  updated_at: time,
  published_at: time,
})
export type Release = z.infer<typeof Release>

export const CommitAuthor = z.object({ name: text, email: text, username: text })
export const PushCommit = z.object({
  id: z.string(),
  message: z.string(),
  timestamp: chosenTime,
  url: text,
  author: CommitAuthor.nullish(),
  committer: CommitAuthor.nullish(),
  added: z.array(z.string()).nullish(),
  modified: z.array(z.string()).nullish(),
  removed: z.array(z.string()).nullish(),
})
export type PushCommit = z.infer<typeof PushCommit>

export const Advisory = z.object({
  ghsa_id: z.string(),
  cve_id: text,
  summary: text,
  description: text,
  severity: text,
  html_url: text,
  published_at: time,
  updated_at: time,
  withdrawn_at: time,
  vulnerabilities: z
    .array(
      z.object({
        package: z.object({ ecosystem: text, name: text }).nullish(),
        vulnerable_version_range: text,
        first_patched_version: z.union([z.string(), z.object({ identifier: text })]).nullish(),
      }),
    )
    .nullish(),
})
export type Advisory = z.infer<typeof Advisory>

export const AlertTimes = z.object({
  html_url: text,
  state: text,
  created_at: time,
  updated_at: time,
  fixed_at: time,
  resolved_at: time,
  dismissed_at: time,
  auto_dismissed_at: time,
})
export { count, Time, text, time, user }
