import type { Source } from "@engram/contracts/source"
import { normalize } from "./normalize.ts"
import { contentTypes, deliveryKey, eventName, handshake, isAuthentic, keptHeaders } from "./receive.ts"
import { render } from "./render.ts"

/** Notion, by the webhooks of an integration. Its events carry ids; the things themselves are asked for by its API. */
export const notion: Source = {
  name: "notion",
  contentTypes,
  keptHeaders,
  deliveryKey,
  isAuthentic,
  handshake,
  secretFrom: "handshake",
  setup:
    "In Notion's integration settings: Webhooks → Create a subscription with this URL. Notion then sends a verification token here: run this command again to read it, and paste it under Verify. Share pages with the integration (••• → Connections), and give its API token with --token, or nothing can be read.",
  eventName,
  normalize,
  render,
}
