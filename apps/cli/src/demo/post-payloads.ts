import { sign } from "./sign.ts"
import type { DemoSource, Webhook } from "./webhook.ts"

export interface Answers {
  /** 202: stored, will be processed. */
  accepted: number
  /** 200: stored before. */
  duplicate: number
}

export interface Door {
  readonly url: string
  readonly secret: string
}

/**
 * Posts each payload as its source would, signed with the secret of that source's connection. One after the other: some payloads
 * carry no time of their own, and what happened last is then what came last. Throws on any other answer than 202 or 200.
 */
export async function postPayloads(
  webhooks: readonly Webhook[],
  doors: { readonly [source in DemoSource]: Door },
  onAnswer: (answers: Answers) => void,
): Promise<Answers> {
  const answers: Answers = { accepted: 0, duplicate: 0 }
  for (const webhook of webhooks) {
    answers[await post(webhook, doors[webhook.source])] += 1
    onAnswer(answers)
  }
  return answers
}

async function post(webhook: Webhook, { url, secret }: Door): Promise<keyof Answers> {
  const { headers, body } = sign(webhook, secret, Date.now())
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": "engram-demo", ...headers },
    body,
    signal: AbortSignal.timeout(30_000),
  })
  const text = await response.text()
  if (response.status === 202) return "accepted"
  if (response.status === 200) return "duplicate"
  const { source, event } = webhook
  throw new Error(`the ingest door answered ${response.status} to a ${event} of ${source}: ${text.slice(0, 200)}`)
}
