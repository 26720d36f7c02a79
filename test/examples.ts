import { createRequire } from "node:module"
import type { Payload } from "./workbench.ts"

interface Example {
  readonly name: string
  readonly examples: readonly object[]
}

/** Real GitHub payloads, as recorded by octokit: 329 of 58 event types. */
const examples: readonly Example[] = createRequire(import.meta.url)("@octokit/webhooks-examples")

export const examplePayloads: readonly Payload[] = examples.flatMap(({ name, examples }) =>
  examples.map((payload, index) => ({ key: `${name}-${index}`, event: name, payload })),
)
