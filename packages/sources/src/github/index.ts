import type { Source } from "@engram/contracts/source"
import { normalize } from "./normalize.ts"
import { contentTypes, deliveryKey, eventName, isAuthentic, keptHeaders } from "./receive.ts"
import { render } from "./render.ts"

/** GitHub, by repository, organization or app webhooks. */
export const github: Source = {
  name: "github",
  contentTypes,
  keptHeaders,
  deliveryKey,
  isAuthentic,
  secretFrom: "here",
  setup:
    "On GitHub: Settings → Webhooks → Add webhook, content type application/json, and choose “Send me everything”.",
  eventName,
  normalize,
  render,
}
