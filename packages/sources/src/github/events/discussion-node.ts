import { z } from "zod"
import { type Comment, type Discussion, InRepository, Time, text, time } from "../schemas.ts"

/**
 * Discussions are in GitHub's GraphQL API alone, which spells them in its own way. They are kept as they were fetched and
 * told here in the words of the webhooks, so that both are read by the same code.
 */

const Actor = z
  .object({ __typename: z.string(), login: z.string(), url: text, databaseId: z.int().nullish() })
  .nullish()

const reply = {
  databaseId: z.int(),
  body: text,
  url: text,
  author: Actor,
  createdAt: Time,
  updatedAt: time,
}
const Reply = z.object(reply)
const CommentNode = z.object({ ...reply, replies: z.object({ nodes: z.array(Reply) }).nullish() })

export const ImportedDiscussion = InRepository.extend({
  discussion: z.object({
    number: z.int(),
    title: z.string(),
    body: text,
    url: text,
    author: Actor,
    category: z.object({ name: z.string() }).nullish(),
    labels: z.object({ nodes: z.array(z.object({ name: z.string(), description: text, color: text })) }).nullish(),
    locked: z.boolean().nullish(),
    closed: z.boolean().nullish(),
    closedAt: time,
    answer: z.object({ databaseId: z.int(), url: text }).nullish(),
    answerChosenAt: time,
    createdAt: Time,
    updatedAt: time,
    comments: z.object({ nodes: z.array(CommentNode) }),
  }),
})
type Node = z.infer<typeof ImportedDiscussion>["discussion"]

export function fromNode(node: Node): {
  readonly discussion: Discussion
  /** Replies come after the comment they answer. */
  readonly comments: readonly Comment[]
  readonly answer: Comment | undefined
} {
  const comments = node.comments.nodes.flatMap((top) => [
    commentOf(top),
    ...(top.replies?.nodes ?? []).map((one) => commentOf(one, top.databaseId)),
  ])
  return {
    discussion: {
      number: node.number,
      title: node.title,
      body: node.body,
      html_url: node.url,
      state: stateOf(node),
      user: userOf(node.author),
      labels: node.labels?.nodes,
      category: node.category,
      comments: comments.length,
      answer_html_url: node.answer?.url ?? null,
      answer_chosen_at: node.answerChosenAt,
      closed_at: node.closedAt,
      created_at: node.createdAt,
      updated_at: node.updatedAt,
    },
    comments,
    answer: comments.find(({ id }) => id === node.answer?.databaseId),
  }
}

function commentOf(node: z.infer<typeof Reply>, parentId?: number): Comment {
  return {
    id: node.databaseId,
    body: node.body,
    html_url: node.url,
    user: userOf(node.author),
    created_at: node.createdAt,
    updated_at: node.updatedAt,
    parent_id: parentId,
    path: undefined,
    in_reply_to_id: undefined,
    commit_id: undefined,
  }
}

/** GraphQL leaves out what marks the login of an app, and gives no number to accounts that are gone. */
function userOf(actor: z.infer<typeof Actor>): Comment["user"] {
  if (!actor || typeof actor.databaseId !== "number") return null
  const { databaseId: id, __typename: type, url } = actor
  const login = type === "Bot" && !actor.login.endsWith("[bot]") ? `${actor.login}[bot]` : actor.login
  return { id, login, type, name: undefined, html_url: url }
}

function stateOf({ closed, locked }: Node): string {
  if (closed) return "closed"
  return locked ? "locked" : "open"
}
