import { createHmac } from "node:crypto"
import type { LoadDelivery } from "./load.ts"
import type { MixedSource } from "./mixed-load.ts"
import { secret } from "./site.ts"

/** The headers of a delivery as GitHub sends it. */
const signedHeaders = (delivery: { key: string; event: string; body: Buffer }): Record<string, string> => ({
  "content-type": "application/json",
  "user-agent": "GitHub-Hookshot/bench",
  "x-github-event": delivery.event,
  "x-github-delivery": delivery.key,
  "x-hub-signature-256": `sha256=${hmac(delivery.body)}`,
})

interface Signed {
  readonly body: Buffer
  readonly headers: Record<string, string>
}

/** A delivery as its source sends it now: Linear's and Slack's signatures hold for a time. */
export const signedBy: { readonly [source in MixedSource]: (delivery: LoadDelivery) => Signed } = {
  github: (delivery) => ({ body: delivery.body, headers: signedHeaders(delivery) }),
  linear: ({ key, event, body }) => {
    const sent = Buffer.from(JSON.stringify({ ...JSON.parse(body.toString()), webhookTimestamp: Date.now() }))
    return {
      body: sent,
      headers: { ...json, "linear-event": event, "linear-delivery": key, "linear-signature": hmac(sent) },
    }
  },
  slack: ({ body }) => {
    const at = String(Math.floor(Date.now() / 1_000))
    const signature = `v0=${hmac(Buffer.concat([Buffer.from(`v0:${at}:`), body]))}`
    return { body, headers: { ...json, "x-slack-request-timestamp": at, "x-slack-signature": signature } }
  },
  notion: ({ body }) => ({ body, headers: { ...json, "x-notion-signature": `sha256=${hmac(body)}` } }),
}

const json = { "content-type": "application/json" }
const hmac = (body: Buffer): string => createHmac("sha256", secret).update(body).digest("hex")

/** Posts one delivery; anything but 202 is an error. */
export async function post(url: string, delivery: { key: string; event: string; body: Buffer }): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: signedHeaders(delivery),
    body: new Uint8Array(delivery.body),
  })
  await answer.text()
  if (answer.status !== 202) throw new Error(`${url} answered ${answer.status}`)
}
