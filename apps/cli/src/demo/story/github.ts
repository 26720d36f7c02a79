import type { Webhook } from "../webhook.ts"
import { at, issue, jonas, mira, type Person, pull } from "./cast.ts"

/** GitHub's webhooks: https://docs.github.com/webhooks/webhook-events-and-payloads, without the fields that nobody reads. */

/** `email` is the public address of the profile; GitHub offers only verified ones there. */
const user = ({ github, handle, name, email }: Person) => ({
  login: `${handle}-acme`,
  id: github,
  type: "User",
  name,
  email,
  html_url: `https://github.com/${handle}-acme`,
})

const repository = {
  id: 990_000_001,
  full_name: "acme/checkout",
  html_url: "https://github.com/acme/checkout",
  description: "Takes orders",
  private: false,
  default_branch: "main",
  owner: { login: "acme", id: 990_000_002, type: "Organization", html_url: "https://github.com/acme" },
}

const opened = {
  number: pull.number,
  title: "Open ten connections a process, by a setting",
  body: `Fixes ${issue.key}.\n\nTwelve processes with 40 connections each are more than Postgres allows. \`POOL_MAX\` is 10 now; the alert fires at 80 % of the limit.\n\nDecision: one pool a process, no proxy in between, because the number of processes is known.`,
  html_url: pull.url,
  state: "open",
  draft: false,
  user: user(jonas),
  labels: [],
  assignees: [],
  requested_reviewers: [user(mira)],
  created_at: at("09:45"),
  updated_at: at("09:45"),
  base: { ref: "main" },
  head: { ref: pull.branch },
  commits: 2,
  additions: 31,
  deletions: 9,
  changed_files: 4,
}

const merged = {
  ...opened,
  state: "closed",
  requested_reviewers: [],
  updated_at: at("10:07"),
  closed_at: at("10:07"),
  merged_at: at("10:07"),
  merged: true,
  merged_by: user(mira),
  merge_commit_sha: "8d1f0c37b5a94e26f7130d2c9be4a86157c3e0f2",
}

const review = {
  id: 990_000_101,
  state: "approved",
  body: "The alert is what was missing. Ship it.",
  html_url: `${pull.url}#pullrequestreview-990000101`,
  user: user(mira),
  submitted_at: at("10:02"),
}

const deliveries = [
  { event: "pull_request", payload: { action: "opened", pull_request: opened, repository, sender: user(jonas) } },
  {
    event: "pull_request_review",
    payload: {
      action: "submitted",
      review,
      pull_request: { ...opened, updated_at: at("10:02") },
      repository,
      sender: user(mira),
    },
  },
  { event: "pull_request", payload: { action: "closed", pull_request: merged, repository, sender: user(mira) } },
]

export const githubStory: readonly Webhook[] = deliveries.map((delivery, n) => ({
  ...delivery,
  source: "github",
  key: `5c0a1f6e-0142-4a11-9d02-0000000001${String(n).padStart(2, "0")}`,
}))
