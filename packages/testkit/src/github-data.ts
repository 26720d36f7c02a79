// biome-ignore lint/suspicious/noExplicitAny: whatever GitHub sends; tests take it from recorded payloads
export type GithubObject = { [name: string]: any }

/** One repository as the stand-in for GitHub holds it, in the shapes of GitHub's REST and GraphQL APIs. Tests change it at will. */
export interface GithubRepository {
  readonly repository: GithubObject
  issues: GithubObject[]
  pulls: GithubObject[]
  /** By pull request number. */
  readonly reviews: Map<number, GithubObject[]>
  issueComments: GithubObject[]
  reviewComments: GithubObject[]
  /** What happened to issues and pull requests. */
  issueEvents: GithubObject[]
  releases: GithubObject[]
  discussions: GithubDiscussion[]
  /** By path, on the default branch. */
  readonly files: Map<string, { content: string; sha: string; at: string }>
}

export interface GithubActor {
  readonly __typename: "User" | "Bot" | "Organization" | "Mannequin"
  readonly login: string
  readonly url: string
  readonly databaseId: number
}

export interface GithubDiscussionComment {
  readonly id: string
  readonly databaseId: number
  readonly body: string
  readonly url: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly author: GithubActor | null
  readonly replies: GithubDiscussionComment[]
}

export interface GithubDiscussion extends Omit<GithubDiscussionComment, "replies"> {
  readonly number: number
  readonly title: string
  readonly closed: boolean
  readonly closedAt: string | null
  readonly locked: boolean
  readonly category: { readonly name: string }
  readonly labels: readonly { readonly name: string; readonly description: string | null; readonly color: string }[]
  readonly answer: { readonly databaseId: number; readonly url: string } | null
  readonly answerChosenAt: string | null
  readonly comments: GithubDiscussionComment[]
}

export const emptyRepository = (repository: GithubObject): GithubRepository => ({
  repository,
  issues: [],
  pulls: [],
  reviews: new Map(),
  issueComments: [],
  reviewComments: [],
  issueEvents: [],
  releases: [],
  discussions: [],
  files: new Map(),
})

/** One attempt of GitHub to deliver something to a webhook. */
export interface GithubHookDelivery {
  readonly id: number
  readonly guid: string
  readonly delivered_at: string
  readonly redelivery: boolean
  readonly duration: number
  readonly status: string
  readonly status_code: number
  readonly event: string
  readonly action: string | null
  readonly installation_id: number | null
  readonly repository_id: number | null
  readonly throttled_at: string | null
}

/** One webhook's record of what was delivered, newest first, and how it delivers once more. */
export interface GithubHook {
  /** `repos/octo-org/hello/hooks/7`, `orgs/octo-org/hooks/8` or `app/hook`. */
  readonly path: string
  deliveries: GithubHookDelivery[]
  /** Sends the delivery of that guid again and says what it was answered. */
  deliver(guid: string): Promise<number>
}
