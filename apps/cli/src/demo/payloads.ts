import { hash } from "node:crypto"
import { createRequire } from "node:module"
import type { Webhook } from "./webhook.ts"

const require = createRequire(import.meta.url)

interface Example {
  readonly name: string
  readonly examples: readonly object[]
}

/** Real GitHub payloads, as octokit recorded them: 329 of 58 event types. */
export function readPayloads(): Webhook[] {
  const events: readonly Example[] = require("@octokit/webhooks-examples")
  return events.flatMap(({ name, examples }) =>
    examples.map((payload, index) => ({
      source: "github",
      key: guid(`${name} ${index} ${JSON.stringify(payload)}`),
      event: name,
      payload,
    })),
  )
}

/** GitHub's ids of deliveries are GUIDs. */
const guid = (text: string): string =>
  hash("sha256", text, "hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5")
