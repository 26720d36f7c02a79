import type { GithubClient } from "./github-client.ts"
import { inOurWords } from "./github-words.ts"

const perPage = 20
const commentsPerPage = 50

const account =
  "__typename login url ... on User { databaseId } ... on Bot { databaseId } ... on Organization { databaseId } ... on Mannequin { databaseId }"
const said = `id databaseId body url createdAt updatedAt author { ${account} }`
const replies = `replies(first: ${commentsPerPage}) { pageInfo { hasNextPage endCursor } nodes { ${said} } }`
const comments = (after = "") =>
  `comments(first: ${commentsPerPage}${after}) { pageInfo { hasNextPage endCursor } nodes { ${said} ${replies} } }`

const listQuery = `query ($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    discussions(first: ${perPage}, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id databaseId number title body url createdAt updatedAt closed closedAt locked answerChosenAt
        author { ${account} }
        category { name }
        labels(first: 50) { nodes { name description color } }
        answer { databaseId url }
        ${comments()}
      }
    }
  }
}`
const commentsQuery = `query ($id: ID!, $after: String!) { node(id: $id) { ... on Discussion { ${comments(", after: $after")} } } }`
const repliesQuery = `query ($id: ID!, $after: String!) {
  node(id: $id) { ... on DiscussionComment {
    replies(first: ${commentsPerPage}, after: $after) { pageInfo { hasNextPage endCursor } nodes { ${said} } }
  } }
}`

interface List<Node> {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  readonly nodes: readonly Node[]
}
interface Reply {
  readonly id: string
}
interface Comment extends Reply {
  readonly replies: List<Reply>
}
export interface Discussion {
  readonly id: string
  readonly databaseId: number
  readonly number: number
  readonly updatedAt: string
  readonly comments: List<Comment>
}

export interface DiscussionsPage {
  readonly discussions: readonly Discussion[]
  /** The cursor of the next page, if there is one. */
  readonly next: string | undefined
}

/** The discussions changed last come first, each whole: with every comment and reply. */
export async function listDiscussions(
  client: GithubClient,
  repository: { readonly owner: string; readonly name: string },
  after: string | undefined,
  since: Date | undefined,
): Promise<DiscussionsPage> {
  const asked = `discussions of ${repository.owner}/${repository.name}`
  const answer = await inOurWords(asked, () =>
    client.graphql<{ repository: { discussions: List<Discussion> } }>(listQuery, {
      ...repository,
      after: after ?? null,
    }),
  )
  const { pageInfo, nodes } = answer.repository.discussions
  const changed = nodes.filter(({ updatedAt }) => since === undefined || Date.parse(updatedAt) >= since.getTime())
  const discussions: Discussion[] = []
  for (const each of changed) discussions.push(await inOurWords(asked, () => whole(client, each)))
  const isLast = !pageInfo.hasNextPage || changed.length < nodes.length
  return { discussions, next: isLast ? undefined : (pageInfo.endCursor ?? undefined) }
}

async function whole(client: GithubClient, discussion: Discussion): Promise<Discussion> {
  const nodes: Comment[] = []
  let page = discussion.comments
  for (;;) {
    for (const comment of page.nodes) nodes.push(await withReplies(client, comment))
    if (!page.pageInfo.hasNextPage) break
    const variables = { id: discussion.id, after: page.pageInfo.endCursor }
    page = (await client.graphql<{ node: { comments: List<Comment> } }>(commentsQuery, variables)).node.comments
  }
  return { ...discussion, comments: { pageInfo: page.pageInfo, nodes } }
}

async function withReplies(client: GithubClient, comment: Comment): Promise<Comment> {
  const nodes: Reply[] = [...comment.replies.nodes]
  let { pageInfo } = comment.replies
  while (pageInfo.hasNextPage) {
    const variables = { id: comment.id, after: pageInfo.endCursor }
    const { node } = await client.graphql<{ node: { replies: List<Reply> } }>(repliesQuery, variables)
    nodes.push(...node.replies.nodes)
    pageInfo = node.replies.pageInfo
  }
  return { ...comment, replies: { pageInfo, nodes } }
}
