import { createHmac, randomUUID } from "node:crypto"
import { waitUntil } from "@engram/testkit/wait-until"
import type { Child } from "./cli-fixture.ts"

/** Where a source sends, as `connect` says it. */
export interface Door {
  readonly connectionId: string
  readonly secret: string
}

/** A signed webhook of GitHub's, with an id of its own; the status it is answered with. */
export async function post(ingest: string, door: Door, event: string, payload: object): Promise<number> {
  const body = JSON.stringify(payload)
  const response = await fetch(`${ingest}/v1/webhooks/github/${door.connectionId}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": event,
      "x-github-delivery": randomUUID(),
      "x-hub-signature-256": `sha256=${createHmac("sha256", door.secret).update(body).digest("hex")}`,
    },
    body,
  })
  await response.text()
  return response.status
}

export const issue = {
  action: "opened",
  issue: {
    id: 7,
    number: 7,
    title: "The lighthouse parser loses its last token",
    body: "It stops **before** the end of the file.",
    state: "open",
    html_url: "https://github.com/acme/beacon/issues/7",
    created_at: "2026-03-01T10:00:00Z",
    updated_at: "2026-03-01T10:00:00Z",
    user: { login: "ada", id: 1, type: "User" },
    labels: [],
    assignees: [],
  },
  repository: {
    id: 9,
    name: "beacon",
    full_name: "acme/beacon",
    private: false,
    html_url: "https://github.com/acme/beacon",
    owner: { login: "acme", id: 2, type: "Organization" },
    default_branch: "main",
  },
  sender: { login: "ada", id: 1, type: "User" },
}

/** Where `up --json` listens, once it is up. */
export async function started(
  child: Child,
): Promise<{ ingest: string; search: string; memory: string; status: string }> {
  await waitUntil("engram is up", () => child.said().includes("\n"), 60_000)
  return JSON.parse(child.said()).urls
}
