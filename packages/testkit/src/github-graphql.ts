import { buildSchema, GraphQLError, graphql } from "graphql"
import type { GithubActor, GithubDiscussion, GithubDiscussionComment, GithubRepository } from "./github-data.ts"

/** The part of GitHub's public schema that is about discussions (docs.github.com/graphql/reference), names and nullability as there. */
const schema = buildSchema(`
  scalar DateTime
  scalar URI
  interface Node { id: ID! }
  interface Actor { login: String! url: URI! }
  type User implements Actor { login: String! url: URI! databaseId: Int }
  type Bot implements Actor { login: String! url: URI! databaseId: Int }
  type Organization implements Actor { login: String! url: URI! databaseId: Int }
  type Mannequin implements Actor { login: String! url: URI! databaseId: Int }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Label { name: String! description: String color: String! }
  type LabelConnection { nodes: [Label] totalCount: Int! }
  type DiscussionCategory { name: String! }
  enum DiscussionOrderField { CREATED_AT UPDATED_AT }
  enum OrderDirection { ASC DESC }
  input DiscussionOrder { field: DiscussionOrderField! direction: OrderDirection! }
  type DiscussionCommentConnection { nodes: [DiscussionComment] pageInfo: PageInfo! totalCount: Int! }
  type DiscussionComment implements Node {
    id: ID! databaseId: Int body: String! url: URI! createdAt: DateTime! updatedAt: DateTime! author: Actor
    replies(first: Int, after: String): DiscussionCommentConnection!
  }
  type Discussion implements Node {
    id: ID! databaseId: Int number: Int! title: String! body: String! url: URI! createdAt: DateTime! updatedAt: DateTime!
    closed: Boolean! closedAt: DateTime locked: Boolean! answerChosenAt: DateTime answer: DiscussionComment author: Actor
    category: DiscussionCategory! labels(first: Int): LabelConnection
    comments(first: Int, after: String): DiscussionCommentConnection!
  }
  type DiscussionConnection { nodes: [Discussion] pageInfo: PageInfo! totalCount: Int! }
  type Repository {
    discussions(first: Int, after: String, orderBy: DiscussionOrder): DiscussionConnection!
  }
  type Query {
    repository(owner: String!, name: String!): Repository
    node(id: ID!): Node
  }
`)

interface Page {
  readonly first?: number
  readonly after?: string | null
}

/** Answers as GitHub does: always 200, with what is wrong in `errors`. */
export async function answerGraphql(
  repositoryOf: (fullName: string) => GithubRepository | undefined,
  repositories: () => readonly GithubRepository[],
  { query, variables }: { readonly query: string; readonly variables?: { readonly [name: string]: unknown } },
): Promise<unknown> {
  const rootValue = {
    repository: ({ owner, name }: { owner: string; name: string }) => {
      const found = repositoryOf(`${owner}/${name}`)
      if (found)
        return { discussions: (args: Page & Order) => connection(ordered(found.discussions, args), args, discussion) }
      const message = `Could not resolve to a Repository with the name '${owner}/${name}'.`
      throw Object.assign(new GraphQLError(message), { type: "NOT_FOUND" })
    },
    node: ({ id }: { id: string }) => {
      for (const { discussions } of repositories()) {
        for (const each of discussions) {
          if (each.id === id) return discussion(each)
          const found = each.comments.find((one) => one.id === id)
          if (found) return comment(found)
        }
      }
      throw Object.assign(new GraphQLError(`Could not resolve to a node with the global id of '${id}'.`), {
        type: "NOT_FOUND",
      })
    },
  }
  const result = await graphql({ schema, source: query, rootValue, ...(variables && { variableValues: variables }) })
  const errors = result.errors?.map((error) => ({
    type: (error.originalError as { type?: string } | undefined)?.type ?? (error as { type?: string }).type,
    message: error.message,
  }))
  return errors ? { ...result, errors } : result
}

interface Order {
  readonly orderBy?: { readonly field: "CREATED_AT" | "UPDATED_AT"; readonly direction: "ASC" | "DESC" }
}

function ordered(discussions: readonly GithubDiscussion[], { orderBy }: Order): GithubDiscussion[] {
  const field = orderBy?.field === "UPDATED_AT" ? "updatedAt" : "createdAt"
  const sorted = discussions.toSorted((a, b) => Date.parse(a[field]) - Date.parse(b[field]) || a.number - b.number)
  return orderBy?.direction === "DESC" ? sorted.reverse() : sorted
}

const discussion = (each: GithubDiscussion): object => ({
  ...each,
  __typename: "Discussion",
  author: actor(each.author),
  labels: ({ first = 0 }: Page) => ({ nodes: each.labels.slice(0, first), totalCount: each.labels.length }),
  comments: (args: Page) => connection(each.comments, args, comment),
})

const comment = (each: GithubDiscussionComment): object => ({
  ...each,
  __typename: "DiscussionComment",
  author: actor(each.author),
  replies: (args: Page) => connection(each.replies, args, comment),
})

const actor = (who: GithubActor | null): GithubActor | null => who && { ...who }

/** Cursors say after which item to go on, so that what comes or goes before it moves nothing. */
function connection<Item extends { readonly id: string }>(
  items: readonly Item[],
  { first, after }: Page,
  show: (item: Item) => object,
): object {
  if (first === undefined) throw new GraphQLError("You must provide a `first` or `last` value to properly paginate.")
  if (first < 1 || first > 100) throw new GraphQLError(`Requesting ${first} records exceeds the limit of 100 records.`)
  const start = after ? items.findIndex(({ id }) => cursorOf(id) === after) + 1 : 0
  const nodes = items.slice(start, start + first)
  const last = nodes.at(-1)
  return {
    nodes: nodes.map(show),
    totalCount: items.length,
    pageInfo: { hasNextPage: start + nodes.length < items.length, endCursor: last ? cursorOf(last.id) : null },
  }
}

const cursorOf = (id: string): string => Buffer.from(`cursor:${id}`).toString("base64")
