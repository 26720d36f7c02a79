import type { Source } from "@engram/contracts/source"
import { idempotencyKeyOf, normalize } from "./normalize.ts"
import { render } from "./render.ts"

/** Custom systems and history, by `POST /v1/events`: one `SourceEventEnvelope` a delivery. */
export const events: Source = {
  name: "events",
  contentTypes: ["application/json", "application/x-ndjson"],
  keptHeaders: ["content-type"],
  deliveryKey: idempotencyKeyOf,
  // Envelopes come by API key; as a webhook nobody vouches for them.
  isAuthentic: () => false,
  secretFrom: "here",
  setup: "Send envelopes to POST /v1/events with an API key: `engram keys create … --action write`.",
  eventName: () => "envelope",
  normalize,
  render,
}
