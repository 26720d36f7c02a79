import { createHmac } from "node:crypto"
import type { DemoSource, Webhook } from "./webhook.ts"

export interface Signed {
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

type Signer = (webhook: Webhook, secret: string, nowMs: number) => Signed

const hmac = (secret: string, text: string): string => createHmac("sha256", secret).update(text).digest("hex")

/** What each source signs, and how it says so. Linear and Slack sign the time of sending too, each in its own place. */
const signers: { readonly [source in DemoSource]: Signer } = {
  github: ({ key, event, payload }, secret) => {
    const body = JSON.stringify(payload)
    const signature = `sha256=${hmac(secret, body)}`
    return { body, headers: { "x-github-event": event, "x-github-delivery": key, "x-hub-signature-256": signature } }
  },
  linear: ({ key, event, payload }, secret, nowMs) => {
    const body = JSON.stringify({ ...payload, webhookTimestamp: nowMs })
    return { body, headers: { "linear-event": event, "linear-delivery": key, "linear-signature": hmac(secret, body) } }
  },
  slack: ({ payload }, secret, nowMs) => {
    const body = JSON.stringify(payload)
    const timestamp = String(Math.floor(nowMs / 1_000))
    const signature = `v0=${hmac(secret, `v0:${timestamp}:${body}`)}`
    return { body, headers: { "x-slack-request-timestamp": timestamp, "x-slack-signature": signature } }
  },
  notion: ({ payload }, secret) => {
    const body = JSON.stringify(payload)
    return { body, headers: { "x-notion-signature": `sha256=${hmac(secret, body)}` } }
  },
}

/** The request as its source would send it now. */
export const sign: Signer = (webhook, secret, nowMs) => signers[webhook.source](webhook, secret, nowMs)
