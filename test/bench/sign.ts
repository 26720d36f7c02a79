import { createHmac } from "node:crypto"
import { secret } from "./site.ts"

/** The headers of a delivery as GitHub sends it. */
export const signedHeaders = (delivery: { key: string; event: string; body: Buffer }): Record<string, string> => ({
  "content-type": "application/json",
  "user-agent": "GitHub-Hookshot/bench",
  "x-github-event": delivery.event,
  "x-github-delivery": delivery.key,
  "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(delivery.body).digest("hex")}`,
})

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
