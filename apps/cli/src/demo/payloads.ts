import { hash } from "node:crypto"
import { createRequire } from "node:module"

export interface Payload {
  /** GitHub's id of the delivery, a GUID. Derived from the payload: sent again, it is a redelivery. */
  readonly deliveryKey: string
  readonly event: string
  readonly body: string
}

const require = createRequire(import.meta.url)

interface Example {
  readonly name: string
  readonly examples: readonly object[]
}

/** Real GitHub payloads, as octokit recorded them: 329 of 58 event types. */
export function readPayloads(): Payload[] {
  const events: readonly Example[] = require("@octokit/webhooks-examples")
  return events.flatMap(({ name, examples }) =>
    examples.map((payload, index) => {
      const body = JSON.stringify(payload)
      return { deliveryKey: guid(`${name} ${index} ${body}`), event: name, body }
    }),
  )
}

const guid = (text: string): string =>
  hash("sha256", text, "hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5")
