import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { incident } from "@engram/cli/demo/story/incident"
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

const linearFolder = new URL("../packages/sources/test/fixtures/linear/", import.meta.url)

/** What Linear posts, by the shapes it publishes and what was recorded: one file a type and action. */
export const linearPayloads: readonly Payload[] = readdirSync(linearFolder)
  .filter((file) => file.endsWith(".json"))
  .sort()
  .map((file) => {
    const payload = JSON.parse(readFileSync(new URL(file, linearFolder), "utf8"))
    return { key: `linear-${file}`, source: "linear", event: payload.type, payload }
  })

/** The demo's incident: GitHub, Linear, Slack and Notion speak of the same people and things. */
export const incidentPayloads: readonly Payload[] = incident
