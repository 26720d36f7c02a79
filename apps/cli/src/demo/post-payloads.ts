import { createHmac } from "node:crypto"
import type { Payload } from "./payloads.ts"

export interface Answers {
  /** 202: stored, will be processed. */
  accepted: number
  /** 200: stored before. */
  duplicate: number
}

/**
 * Posts each payload as GitHub would, signed with the connection's secret. One after the other: some payloads carry no time
 * of their own, and what happened last is then what came last. Throws on any other answer than 202 or 200.
 */
export async function postPayloads(
  payloads: readonly Payload[],
  door: { readonly url: string; readonly secret: string },
  onAnswer: (answers: Answers) => void,
): Promise<Answers> {
  const answers: Answers = { accepted: 0, duplicate: 0 }
  for (const payload of payloads) {
    answers[await post(payload, door)] += 1
    onAnswer(answers)
  }
  return answers
}

async function post(
  { deliveryKey, event, body }: Payload,
  door: { readonly url: string; readonly secret: string },
): Promise<keyof Answers> {
  const response = await fetch(door.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/engram-demo",
      "x-github-event": event,
      "x-github-delivery": deliveryKey,
      "x-hub-signature-256": `sha256=${createHmac("sha256", door.secret).update(body).digest("hex")}`,
    },
    body,
    signal: AbortSignal.timeout(30_000),
  })
  const text = await response.text()
  if (response.status === 202) return "accepted"
  if (response.status === 200) return "duplicate"
  throw new Error(`the ingest door answered ${response.status} to a ${event} delivery: ${text.slice(0, 200)}`)
}
